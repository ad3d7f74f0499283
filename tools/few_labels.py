"""What a pre-training is worth with few labels, over seeds, in one table.

python tools/few_labels.py DATA CONFIG CHECKPOINT --per-class 1 3 10
python tools/few_labels.py DATA WORK_DIR --fractions 0.01 0.1 --seeds 0 1 2

Rows: fine-tuned and from scratch; a linear classifier, the nearest neighbour
and label propagation on frozen features; ridge and the nearest neighbour on
the joints. The same labels for all of them, others for each seed. What is
finished is not run again.
"""

import argparse
import sys
from pathlib import Path

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.choices import FEW_LABEL_ROWS
from ikem_cli.errors import one_line_errors
from ikem_cli.places import find_config, require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('data', help='the prepared folder')
    parser.add_argument(
        'config', help='config of the pre-training, or its work dir'
    )
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='its checkpoint, or its work dir; by default the last one of a '
        'work dir that is given as the config',
    )
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument(
        '--per-class',
        type=positive_int,
        nargs='+',
        metavar='N',
        help='labels of each class',
    )
    amount.add_argument(
        '--fractions',
        type=float,
        nargs='+',
        metavar='F',
        help='share of the labels of each class, 0.01 for 1 %%',
    )
    parser.add_argument(
        '--seeds', nargs='+', type=int, default=[0, 1, 2], metavar='S'
    )
    parser.add_argument(
        '--rows',
        nargs='+',
        choices=FEW_LABEL_ROWS,
        default=FEW_LABEL_ROWS,
        help='by default all; all but finetuned and scratch take seconds',
    )
    parser.add_argument(
        '--train',
        metavar='SPLIT',
        help='labels are drawn from this split (default: that of '
        "train_dataloader); the frozen rows may use all of its clips' joints",
    )
    parser.add_argument(
        '--val',
        metavar='SPLIT',
        help='the split to classify (default: that of test_dataloader)',
    )
    parser.add_argument(
        '--epochs',
        type=positive_int,
        default=100,
        help='of fine-tuning and from scratch (default: %(default)s)',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train in mixed precision'
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--jobs', type=positive_int, default=1, help='runs at a time'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='by default work_dirs/few_labels/NAME_OF_CONFIG',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with one_line_errors():
        config, checkpoint = Path(args.config), args.checkpoint
        if config.is_dir():
            checkpoint = checkpoint or args.config
        else:
            require_config(args.config)
            config = Path(find_config(args.config))
            if checkpoint is None:
                raise ValueError(
                    f'{args.config} is a config: give a checkpoint as well, '
                    'or a work dir in place of both'
                )
        from projects.ikem.datasets.label_subsets import LabelAmount
        from projects.ikem.reproduce.few_labels import (
            FewLabels,
            measure_few_labels,
        )
        from projects.ikem.work_dir import WorkDir

        if config.is_dir():
            config = Path(WorkDir(config).config.filename)
        amounts = [LabelAmount(per_class=n) for n in args.per_class or ()]
        amounts += [LabelAmount(fraction=f) for f in args.fractions or ()]
        given = Path(args.config).resolve()
        name = given.name if given.is_dir() else given.stem
        folder = args.work_dir or Path('work_dirs/few_labels', name)
        code = measure_few_labels(
            FewLabels(
                args.data,
                str(config),
                checkpoint,
                amounts,
                args.seeds,
                args.rows,
                args.train,
                args.val,
                args.epochs,
                args.amp,
                args.cfg_options or [],
            ),
            folder.resolve(),
            Path.cwd(),
            ['python', 'tools/few_labels.py', *sys.argv[1:]],
            args.jobs,
        )
    sys.exit(code)


if __name__ == '__main__':
    main()
