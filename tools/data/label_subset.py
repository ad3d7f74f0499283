"""Add a fraction of the labels of a split to a prepared folder.

python tools/data/label_subset.py data/ntu60 --split xsub_train --fraction 0.2
"""

import argparse
from collections import Counter

from ikem_cli.errors import one_line_errors


def add_subset(args: argparse.Namespace) -> str:
    """Choose and store the clips; returns what was chosen."""
    from projects.ikem.datasets.prepared import add_split, read_annotations
    from projects.ikem.datasets.splits import stratified_subset

    meta = read_annotations(args.prepared)
    if args.split not in meta['split']:
        raise ValueError(
            f'{args.prepared} has no split {args.split!r}: choose one of '
            f'{sorted(meta["split"])}'
        )
    row = {clip['frame_dir']: i for i, clip in enumerate(meta['annotations'])}
    labels = [clip['label'] for clip in meta['annotations']]
    names = meta['split'][args.split]
    chosen = stratified_subset(
        names, [labels[row[name]] for name in names], args.fraction, args.seed
    )
    split = f'{args.split}_{100 * args.fraction:g}pct'
    split += f'_seed{args.seed}' if args.seed else ''
    add_split(args.prepared, split, chosen)
    counts = Counter(labels[row[name]] for name in chosen)
    return '\n'.join(
        [
            *(f'{row[name]} {name}' for name in chosen),
            f'{split}: {len(chosen)} of {len(names)} clips, listed above with '
            'their rows',
            'clips of each class: '
            + ', '.join(
                f'{label}: {n}' for label, n in sorted(counts.items())
            ),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Add a class-stratified fraction of the labels of a split '
        'to a prepared folder, named such as xsub_train_20pct'
    )
    parser.add_argument('prepared', help='the prepared folder')
    parser.add_argument('--split', required=True, help='such as xsub_train')
    parser.add_argument(
        '--fraction', type=float, required=True, help='0.01 for 1 %%'
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='another one chooses other clips, and is part of the name',
    )
    args = parser.parse_args()
    with one_line_errors():
        print(add_subset(args))


if __name__ == '__main__':
    main()
