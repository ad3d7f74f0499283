"""Convert arrays of ST-GCN's form, of CrosSCLR, AGCN or CTR-GCN.

python tools/data/prepare_crossclr.py SRC_DIR OUT_DIR --split xsub
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ikem_cli.prepare import (
    add_frame_arguments,
    add_layout_argument,
    run,
)

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def positive_float(text: str) -> float:
    """Type of the time scale."""
    number = float(text)
    if not 0 < number < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no positive number')
    return number


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.formats import FormatError
    from projects.ikem.datasets.sources import crossclr_source, npz_source

    path = Path(args.src_dir)
    files = [path] if path.suffix == '.npz' else sorted(path.glob('*.npz'))
    if files and not list(path.glob('train_*.npy')):
        if len(files) > 1:
            raise FormatError(path, f'holds {len(files)} npz files: give one')
        return npz_source(
            files[0],
            args.split,
            args.dataset,
            args.layout,
            args.num_frames,
            args.up,
            args.scale,
        )
    return crossclr_source(
        path,
        args.split,
        args.dataset,
        args.time_scale,
        args.num_frames,
        args.up,
        args.scale,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Convert {train,val}_position.npy and _label.pkl, '
        '_data_joint.npy, or an npz file of CTR-GCN'
    )
    parser.add_argument(
        'src_dir', help='folder with the four files, or the npz file'
    )
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
    add_layout_argument(parser)  # of an npz file
    add_frame_arguments(parser)  # of clips that are not prepared
    run(parser, make_source)


if __name__ == '__main__':
    main()
