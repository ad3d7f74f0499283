"""Train a model: pre-training, linear evaluation, or any toolbox config."""

import argparse

from ikem_cli.arguments import base_parser
from ikem_cli.errors import leave, one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = base_parser('Train a model')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from this checkpoint, or the last one of this work dir; '
        'without a value from the latest one in the work_dir',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: bfloat16, or float16 with loss scaling on a '
        'GPU without it',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='do not evaluate during training',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the actual total batch size over '
        'auto_scale_lr.base_batch_size',
    )
    parser.add_argument(
        '--seed', type=int, help="random seed, in place of the config's"
    )
    parser.add_argument(
        '--diff-rank-seed',
        action='store_true',
        help='give each rank a seed of its own',
    )
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='let CUDNN use deterministic algorithms only',
    )
    return parser.parse_args()


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from projects.ikem.engine.training import train

        train(args)
        leave()


if __name__ == '__main__':
    main()
