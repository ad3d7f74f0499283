"""Test a checkpoint with the test set and metrics of its config."""

import argparse

from ikem_cli.arguments import base_parser
from ikem_cli.errors import leave, one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = base_parser('Test a checkpoint')
    parser.add_argument('checkpoint', help='its path, or that of its work dir')
    parser.add_argument('--dump', help='write the predictions to this .npz')
    parser.add_argument(
        '--show-dir', help='folder for drawings of the predictions'
    )
    parser.add_argument(
        '--show', action='store_true', help='draw predictions in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='draw each n-th sample'
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=2,
        help='seconds that a window stays',
    )
    args = parser.parse_args()
    if args.dump and not args.dump.endswith('.npz'):
        parser.error('--dump writes arrays: end its name with .npz')
    return args


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from projects.ikem.engine.testing import test

        test(args)
        leave()


if __name__ == '__main__':
    main()
