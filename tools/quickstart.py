"""All of the method on synthetic skeletons in minutes.

Makes skeletons and prepares them; then runs the suite ``quickstart``:
SkeletonCLR, fine-tuned and the same from scratch; IKEM on six modalities,
distillation into three students, linear evaluation; and writes the report.
"""

import argparse
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import List

from ikem_cli.command import as_typed
from ikem_cli.places import TOOLS

RAW = 'work_dirs/quickstart_data/raw'  # kept for the next run
PREPARED = 'work_dirs/quickstart_data/prepared'
SUITE = 'work_dirs/suites/quickstart'
JOBS = 2  # runs at a time, which share the cores
STOPPED = 130  # by Ctrl-C


def run(tool: str, *args: str) -> None:
    """Run a tool of the project; progress bars are not shown."""
    command = shlex.join(['python', f'tools/{tool}', *args])
    print(f'\n$ {as_typed(command)}', flush=True)
    result = subprocess.run(
        [sys.executable, str(TOOLS / tool), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = result.stdout.splitlines()
    print('\n'.join(x for x in lines if not re.match(r'\[', x)), flush=True)
    if result.returncode != 0:
        sys.exit(result.returncode)


def main(argv: List[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--started',
        type=float,
        default=time.time(),
        help='when the clock started, seconds since the epoch',
    )
    args = parser.parse_args(argv)
    if not Path(RAW).exists():
        run('data/make_synthetic.py', RAW)
    if not Path(PREPARED).exists():
        run(
            'data/prepare_ntu.py',
            RAW,
            PREPARED,
            '--dataset',
            'synthetic',
            '--num-frames',
            '25',
        )
    from projects.ikem.reproduce import reproduce

    command = f'python tools/reproduce.py quickstart --seeds 0 --jobs {JOBS}'
    print(f'\n$ {as_typed(command)}', flush=True)
    code = reproduce('quickstart', [0], Path.cwd(), jobs=JOBS)
    if code != STOPPED:
        run('report.py', SUITE, '--max-clips', '200')
    print(f'{time.time() - args.started:.0f} s in all')
    sys.exit(code)


if __name__ == '__main__':
    main(sys.argv[1:])
