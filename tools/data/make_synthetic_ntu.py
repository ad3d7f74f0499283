"""Make a synthetic data set in the files of NTU RGB+D.

python tools/data/make_synthetic_ntu.py OUT
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import numpy as np

from projects.ikem.datasets.prepare import positive_int, prepare
from projects.ikem.datasets.sources import ntu_source
from projects.ikem.datasets.synthetic_ntu import ClipSummary, generate
from projects.ikem.engine.cli import one_line_errors
from projects.ikem.evaluation.baselines import prepared_baselines


def summarize(clips: List[ClipSummary]) -> str:
    """What was made, to print."""
    frames = [clip.num_frames for clip in clips]
    classes = {clip.name.action for clip in clips}
    return '\n'.join(
        [
            f'clips    {len(clips)}, '
            f'{sum(clip.num_persons == 2 for clip in clips)} of two persons',
            f'classes  {len(classes)}',
            f'frames   min {min(frames)}, median {np.median(frames):g}, '
            f'max {max(frames)}',
            'ghosts   a third body in '
            f'{sum(clip.has_ghost for clip in clips)} clips',
            f'dropped  {sum(clip.num_dropped for clip in clips)} frames of '
            f'{sum(frames)} show nobody',
        ]
    )


def measure_baselines(
    folder: str, workers: int
) -> Dict[str, Dict[str, float]]:
    """Trivial baselines after the preprocessing of the method family."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / 'prepared'
        prepare(ntu_source(folder, 'ntu60'), prepared, workers)
        return prepared_baselines(prepared)


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Make a synthetic data set in the files of NTU RGB+D'
    )
    parser.add_argument('out_dir', metavar='OUT', help='folder to make')
    parser.add_argument('--subjects', type=positive_int, default=10)
    parser.add_argument('--repetitions', type=positive_int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--workers',
        type=positive_int,
        default=os.cpu_count(),
        help='processes that write; the files do not depend on it',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace the .skeleton files of the folder',
    )
    args = parser.parse_args()
    with one_line_errors('make_synthetic_ntu.py'):
        clips = generate(
            args.out_dir,
            num_subjects=args.subjects,
            num_repetitions=args.repetitions,
            seed=args.seed,
            workers=args.workers,
            overwrite=args.overwrite,
        )
    print(f'\n{os.path.abspath(args.out_dir)}\n{summarize(clips)}')
    # The data are there by now, whatever becomes of the baselines.
    try:
        baselines = measure_baselines(args.out_dir, args.workers)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'{parser.prog}: no baselines: {error}')
    for split, accuracy in baselines.items():
        print(
            f'{split:8} ridge {accuracy["ridge"]:.1f} %, 1-NN '
            f'{accuracy["nn1"]:.1f} % (trivial baselines)'
        )


if __name__ == '__main__':
    main()
