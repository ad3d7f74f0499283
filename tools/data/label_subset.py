"""Add a part of the labels of a split to a prepared folder.

python tools/data/label_subset.py data/ntu60 --split xsub_train --per-class 3
python tools/data/label_subset.py data/ntu60 --split xsub_train --fraction 0.2
"""

import argparse
from collections import Counter

from ikem_cli.errors import one_line_errors


def add_subsets(args: argparse.Namespace) -> str:
    """Choose and store the clips; returns what was chosen."""
    from projects.ikem.datasets.label_subsets import (
        LabelAmount,
        add_label_subsets,
    )
    from projects.ikem.datasets.prepared import read_annotations

    amounts = [LabelAmount(per_class=n) for n in args.per_class or ()]
    amounts += [LabelAmount(fraction=part) for part in args.fraction or ()]
    chosen = add_label_subsets(args.prepared, args.split, amounts, [args.seed])
    meta = read_annotations(args.prepared)
    clips = meta['annotations']
    row = {clip['frame_dir']: i for i, clip in enumerate(clips)}
    lines = []
    for split, names in chosen.items():
        rows = [row[name] for name in names]
        counts = Counter(clips[i]['label'] for i in rows)
        of_each = [f'{label}: {n}' for label, n in sorted(counts.items())]
        lines += [
            *(f'{i} {clips[i]["frame_dir"]}' for i in rows),
            f'{split}: {len(rows)} of {len(meta["split"][args.split])} clips, '
            'listed above with their rows',
            f'clips of each class: {", ".join(of_each)}',
        ]
    return '\n'.join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Add a part of the labels of a split to a prepared '
        'folder, the same of each class, as a split named such as '
        'xsub_train_3perclass or xsub_train_20pct'
    )
    parser.add_argument('prepared', help='the prepared folder')
    parser.add_argument('--split', required=True, help='such as xsub_train')
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument(
        '--per-class', type=int, nargs='+', help='clips of each class'
    )
    amount.add_argument(
        '--fraction', type=float, nargs='+', help='0.01 for 1 %%'
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='another one chooses other clips, and is part of the name',
    )
    args = parser.parse_args()
    with one_line_errors():
        print(add_subsets(args))


if __name__ == '__main__':
    main()
