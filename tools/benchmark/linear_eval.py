"""Ordinary against cached linear evaluation: time and equality, in one run.

python tools/benchmark/linear_eval.py configs/linear/CONFIG.py \\
    --ordinary-epochs 2 --cfg-options model.pretrained=CHECKPOINT

Both loops train on the same clips in the same order from the same weights,
with validation as in the config and without checkpoints; the times are those
of the loops, from the first clip on. Fewer ordinary epochs than --epochs are
extrapolated; logits and accuracies are compared after as many epochs of each.
"""

import argparse

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='path of a config of configs/linear')
    parser.add_argument('--epochs', type=positive_int, default=100)
    parser.add_argument(
        '--ordinary-epochs',
        type=positive_int,
        help='epochs of the ordinary loop; by default all',
    )
    add_cfg_options(parser)
    with one_line_errors():
        args = parser.parse_args()
        if (args.ordinary_epochs or args.epochs) > args.epochs:
            parser.error('--ordinary-epochs is at most --epochs')
        require_config(args.config)
        from linear_loops import run

        run(args)


if __name__ == '__main__':
    main()
