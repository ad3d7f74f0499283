"""Write a classifier's weights in half precision, with a model card.

python tools/model_converters/publish.py WORK_DIR --out weights.pth

The card is weights.md. Both are small enough to be part of a package.
"""

import argparse

from ikem_cli.errors import one_line_errors


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Write a classifier's weights in half precision, with a "
        'model card'
    )
    parser.add_argument(
        'checkpoint', help='work dir of its training, or a checkpoint in it'
    )
    parser.add_argument(
        '--out',
        required=True,
        help='the .pth to write, of at most 1 MB; the card ends with .md',
    )
    parser.add_argument(
        '--data',
        help='what the data are, and the commands that make them (default: '
        'known of the synthetic set)',
    )
    parser.add_argument(
        '--limits',
        help='what the weights are not good for (default: known of the '
        'synthetic set)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace both'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with one_line_errors():
        if not args.out.endswith('.pth'):
            raise ValueError(f'--out {args.out}: weights are a .pth')
        from projects.ikem.publishing import publish

        result = publish(**vars(args))
    print(
        f'\n{result.path}: {result.size:,} bytes, '
        f'{result.final.accuracy()["top1"]:.1f} % by '
        f'{result.meta["config_name"]}, {result.changed} predictions changed '
        'by half precision'
    )


if __name__ == '__main__':
    main()
