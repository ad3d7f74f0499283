"""Ridge and nearest neighbour on the joints of a prepared folder.

python tools/analysis_tools/baselines.py data/ntu60 \\
    --train xsub_train --val xsub_val

What a data set gives away without a learned feature. Several --train and
--val go together in pairs; without them, all splits X_train and X_val, or
X_test. Of 50,000 clips it takes minutes, and a few GB of memory.
"""

import argparse

from ikem_cli.errors import one_line_errors


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('folder', help='a prepared folder')
    for part, what in (('train', 'to fit'), ('val', 'to classify')):
        parser.add_argument(
            f'--{part}',
            nargs='+',
            default=[],
            metavar='SPLIT',
            help=f'splits {what}, such as xsub_{part}',
        )
    parser.add_argument(
        '--keep',
        action='store_true',
        help='keep them in baselines.json of the folder, where evaluations '
        'find them',
    )
    args = parser.parse_args()
    if len(args.train) != len(args.val):
        parser.error(
            f'{len(args.train)} splits for --train, {len(args.val)} for '
            '--val: give them in pairs'
        )
    return args


def main() -> None:
    args = parse_args()
    with one_line_errors():
        from projects.ikem.evaluation.baselines import prepared_baselines

        pairs = list(zip(args.train, args.val)) or None
        results = prepared_baselines(args.folder, pairs, args.keep)
    width = max(map(len, [*results, 'splits'])) + 2
    print(f'{"splits":{width}}{"ridge":>7}{"1-NN":>7}   top-1 in percent')
    for name, accuracy in results.items():
        print(f'{name:{width}}{accuracy["ridge"]:7.1f}{accuracy["nn1"]:7.1f}')


if __name__ == '__main__':
    main()
