"""Fuse the predictions of separately trained streams, with given weights.

python tools/analysis_tools/fuse_scores.py joint.npz motion.npz bone.npz

The files are those of ``tools/test.py CONFIG CHECKPOINT --dump FILE.npz``.
Samples are matched by name. There is no search for weights: chosen on the test
set they would be tuned on its labels.
"""

import argparse
from typing import TYPE_CHECKING, List

from ikem_cli.errors import one_line_errors

if TYPE_CHECKING:
    from projects.ikem.evaluation.fusion import Predictions


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Fuse the predictions of separately trained streams'
    )
    parser.add_argument(
        'predictions', nargs='+', help='files of tools/test.py --dump'
    )
    parser.add_argument(
        '--weights',
        nargs='+',
        type=float,
        help='one a file; by default all the same',
    )
    parser.add_argument(
        '--stream',
        nargs='+',
        default=[None],
        help='for files with several streams, such as fused: one, or one a '
        'file, - for a file that holds a single one',
    )
    parser.add_argument('--out', help='write the fused predictions here')
    args = parser.parse_args()
    args.stream = [None if s == '-' else s for s in args.stream]
    if len(args.stream) == 1:
        args.stream *= len(args.predictions)
    if len(args.stream) != len(args.predictions):
        parser.error('--stream takes one, or one for each file')
    if args.out and not args.out.endswith('.npz'):
        parser.error('--out writes arrays: end its name with .npz')
    args.weights = args.weights or [1.0] * len(args.predictions)
    return args


def run(args: argparse.Namespace) -> List['Predictions']:
    """The predictions of each stream, and last the fused ones."""
    from projects.ikem.evaluation.fusion import fuse, load_predictions

    streams = [
        load_predictions(path, stream)
        for path, stream in zip(args.predictions, args.stream)
    ]
    fused = fuse(streams, args.weights)
    if args.out:
        fused.save(args.out)
    return [*streams, fused]


def main() -> None:
    args = parse_args()
    with one_line_errors():
        results = run(args)
    print(f'{len(results[-1].names)} samples, accuracy in percent')
    print(f'{"weight":>8}{"top-1":>8}{"top-5":>8}{"mean class":>12}')
    weights = [f'{weight:g}' for weight in args.weights]
    for weight, result in zip([*weights, ''], results):
        accuracy = result.accuracy()
        print(
            f'{weight:>8}{accuracy["top1"]:8.2f}{accuracy["top5"]:8.2f}'
            f'{accuracy["mean_class"]:12.2f}  {result.title}'
        )


if __name__ == '__main__':
    main()
