"""Convert data prepared as for CrosSCLR to a prepared folder.

python tools/data/prepare_crossclr.py SRC_DIR OUT_DIR --split xsub
"""

import argparse

from projects.ikem.datasets.prepare import run
from projects.ikem.datasets.sources import Source, crossclr_source


def positive_float(text: str) -> float:
    """Type of the time scale."""
    number = float(text)
    if not 0 < number < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no positive number')
    return number


def make_source(args: argparse.Namespace) -> Source:
    return crossclr_source(
        args.src_dir, args.split, args.dataset, args.time_scale
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Convert {train,val}_position.npy and _label.pkl'
    )
    parser.add_argument('src_dir', help='folder with the four files')
    parser.add_argument(
        '--split',
        choices=('xsub', 'xview', 'xset'),
        required=True,
        help='the split that train and val are',
    )
    parser.add_argument(
        '--dataset', choices=('ntu60', 'ntu120'), default='ntu60'
    )
    parser.add_argument(
        '--time-scale',
        type=positive_float,
        help='raw frames per frame of the clips, where the labels come '
        'without frame counts; 1 is what the released three-modality models '
        'were trained with',
    )
    run(parser, make_source)


if __name__ == '__main__':
    main()
