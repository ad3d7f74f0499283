"""Arguments that several command lines have.

Flags of ``tools/train.py`` and ``tools/test.py`` and their meaning are
mmaction2's.
"""

import argparse
from typing import List


def base_parser(description: str) -> argparse.ArgumentParser:
    """Parser of the arguments that training and testing have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; by default work_dir of the '
        'config, else ./work_dirs/CONFIG_NAME',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what starts the processes',
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help=argparse.SUPPRESS,
    )
    return parser


def positive_int(text: str) -> int:
    """Type of an argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not at least 1')
    return number


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, a list of texts for
    :func:`projects.ikem.engine.config_check.apply_options`."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=_KeyValue,
        help='fields of the config to override, as key=value; nested as '
        'a.b=value, lists as key="[a,b]" or key=a,b without white space',
    )


class _KeyValue(argparse.Action):
    """Collects the texts of all uses, none of which lacks a ``=``."""

    def __call__(
        self, parser, namespace, values: List[str], option_string=None
    ) -> None:
        for value in values:
            if '=' not in value:
                raise ValueError(f'--cfg-options: {value!r} is no key=value')
        before = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, before + values)
