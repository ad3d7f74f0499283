"""Time and memory of a training step, beside its plain form.

python tools/benchmark/step_time.py configs/ikem/CONFIG.py --batch 32

The plain form is the method as it is usually written (plain.py), with the
same weights, in float32; with --amp also in bfloat16. Their steps alternate.
Without the config's data random joints are taken.
"""

import argparse
from functools import partial

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='of a pre-training or a distillation')
    number = partial(parser.add_argument, type=positive_int)
    flag = partial(parser.add_argument, action='store_true')
    switch = partial(
        parser.add_argument,
        action=argparse.BooleanOptionalAction,
        default=True,
    )
    number('--batch', default=32)
    number('--frames', default=50, help='of random joints')
    number('--persons', default=2, help='of random joints')
    number('--steps', default=10)
    number('--warmup', default=2)
    parser.add_argument(
        '--stage', type=int, choices=(1, 2), help='by default the last one'
    )
    flag('--amp', help='bfloat16')
    flag('--compile')
    flag('--channels-last')
    parser.add_argument(
        '--dropout', type=float, help="in place of the config's"
    )
    number('--threads', default=2)
    parser.add_argument('--device', help='by default a GPU if there is one')
    switch('--plain')
    switch('--memory')
    flag('--profile', help='print the operations of ours')
    flag(
        '--count',
        help='print the number of operations of a step that are no views, '
        'and nothing else; of the form that --cfg-options '
        'optim_wrapper.optimizer.foreach=True gives the optimiser',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from training_steps import run

        run(args)


if __name__ == '__main__':
    main()
