"""Convert checkpoints of released implementations to ours.

python tools/model_converters/convert_released.py SRC DST
python tools/model_converters/convert_released.py SRC DST --modality joint

Released are IKEM, CrosSCLR, AimCLR and SkeletonCLR, and those that the code of
PSTL and HYSP writes. Reading a file does not execute anything that it holds.
"""

import argparse
import io
import os
from typing import TYPE_CHECKING

from ikem_cli.errors import one_line_errors

if TYPE_CHECKING:
    from projects.ikem.models.released import Conversion


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Convert a released checkpoint to ours'
    )
    parser.add_argument('src', help='checkpoint, or work dir, to read')
    parser.add_argument('dst', help='checkpoint to write, a new file')
    parser.add_argument(
        '--modality',
        help='what a released checkpoint with one encoder was trained on',
    )
    return parser.parse_args()


def convert(args: argparse.Namespace) -> 'Conversion':
    """Read, convert and write."""
    import torch

    from projects.ikem.checkpoint import read_checkpoint
    from projects.ikem.files import written_aside
    from projects.ikem.models.released import to_ours

    if os.path.exists(args.dst):
        raise FileExistsError(f'{args.dst} exists already')
    state, _ = read_checkpoint(args.src)
    conversion = to_ours(state, args.modality)
    meta = dict(
        converted_from=conversion.kind,
        data_preprocessor=conversion.data_preprocessor,
    )
    output = dict(meta=meta, state_dict=conversion.state_dict)
    buffer = io.BytesIO()  # torch would not say that the disk is full
    torch.save(output, buffer)
    with written_aside(args.dst) as aside:
        aside.write_bytes(buffer.getbuffer())
    return conversion


def report(conversion: 'Conversion') -> None:
    """Print what was converted."""
    print(f'{conversion.kind} of {", ".join(conversion.modalities)}')
    print(
        f'{len(conversion.state_dict)} keys written, '
        f'{len(conversion.dropped)} dropped'
    )
    if conversion.note:
        print(f'note: {conversion.note}')
    for name in conversion.dropped:
        print(f'dropped: {name}')
    settings = ', '.join(
        f'{key}={value!r}'
        for key, value in conversion.data_preprocessor.items()
    )
    print(f'released encoders take data_preprocessor=dict({settings})')


def main() -> None:
    args = parse_args()
    with one_line_errors():
        conversion = convert(args)
    report(conversion)


if __name__ == '__main__':
    main()
