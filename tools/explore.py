"""Write one HTML page to explore clips in: points, and skeletons that move.

python tools/explore.py features.npz DATA_ROOT --out explore.html
python tools/explore.py CONFIG CHECKPOINT --out explore.html
"""

import argparse

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.choices import EMBEDDINGS
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write one HTML page to explore clips in'
    )
    parser.add_argument(
        'source', help='an .npz of tools/features.py, or a config'
    )
    parser.add_argument(
        'second',
        metavar='DATA_ROOT|CHECKPOINT',
        help='the prepared folder, or the checkpoint or work dir',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--split',
        help='with a config: a split of its data, or all (default: that of '
        'test_dataloader)',
    )
    parser.add_argument(
        '--streams',
        nargs='+',
        help="modalities, fused, 'raw joints' (default: all)",
    )
    parser.add_argument(
        '--method',
        choices=EMBEDDINGS,
        help='default: umap where umap-learn is installed, else tsne',
    )
    parser.add_argument(
        '--clusters', type=positive_int, help='default: as many as classes'
    )
    parser.add_argument(
        '--max-clips',
        type=positive_int,
        default=1000,
        help='of more, so many are drawn at random (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', required=True, help='the page to write')
    parser.add_argument(
        '--csv',
        help='a table to write as well: what neighbours say of each clip, '
        'of all of them',
    )
    return parser.parse_args()


def read(args: argparse.Namespace):
    """The features, and the prepared folder of their clips."""
    from projects.ikem.evaluation.features import load_features

    if args.source.endswith('.npz'):
        if args.split or args.cfg_options:
            raise ValueError(
                f'{args.source} has its clips: leave out --split and '
                '--cfg-options'
            )
        return load_features(args.source), args.second
    require_config(args.source)
    from mmengine.device import get_device

    from projects.ikem.engine.cli import read_config
    from projects.ikem.engine.config_check import apply_options
    from projects.ikem.loading import load_model
    from projects.ikem.visualization.encoded import (
        clip_loader,
        encode,
        to_features,
    )

    cfg = read_config(args.source)
    apply_options(cfg, args.cfg_options)
    model = load_model(cfg, args.second, get_device())
    clips = encode(model, clip_loader(cfg, args.split, unlabelled=True))
    return to_features(clips), clips.dataset.data_root


def main() -> None:
    args = parse_args()
    with one_line_errors():
        try:
            from projects.ikem.explore import explore, write_page
            from projects.ikem.explore.build import write_findings
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{error}: pip install -e '.[plots]'"
            ) from error
        features, folder = read(args)
        content = explore(
            features,
            folder,
            args.streams,
            args.method,
            args.max_clips,
            args.clusters,
            args.seed,
        )
        write_page(content, args.out)
        if args.csv:
            stream = next(iter(content['streams']))
            write_findings(features, folder, stream, args.csv)
    shown, total = len(content['names']), content['total']
    drawn = f' of {total}, drawn at random' if shown < total else ''
    print(f'{args.out}: {shown} clips{drawn}, {content["method"]}')


if __name__ == '__main__':
    main()
