"""Draw clips of a prepared folder, still or moving.

python tools/visualizations/browse_dataset.py DATA_ROOT --clip NAME --out x.gif
"""

import argparse

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Draw clips of a prepared folder, still or moving'
    )
    parser.add_argument('data_root', help='the prepared folder')
    parser.add_argument('--split', help='such as xsub_val; by default all')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--clip', help='the clip of this name')
    which.add_argument(
        '--index', type=int, default=0, help='the clip of this number, from 0'
    )
    which.add_argument(
        '--sheet',
        type=positive_int,
        metavar='N',
        help='N clips, drawn at random',
    )
    parser.add_argument(
        '--modalities',
        nargs='*',
        metavar='MODALITY',
        help='side by side; without names all',
    )
    parser.add_argument(
        '--imports',
        nargs='+',
        default=[],
        metavar='MODULE',
        help='modules with own modalities and skeletons',
    )
    parser.add_argument(
        '--views',
        metavar='CONFIG',
        help="beside the clip its views in the config's training",
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='of views and sheet'
    )
    parser.add_argument(
        '--frame', type=int, help='of a picture; by default a lively one'
    )
    parser.add_argument('--three-d', action='store_true', help='draw in 3D')
    parser.add_argument('--dpi', type=positive_int, default=100)
    parser.add_argument(
        '--out', required=True, help='picture (.png) or movie (.gif, .mp4)'
    )
    args = parser.parse_args()
    if args.sheet and (args.views or args.modalities is not None):
        parser.error('--sheet shows joints: leave out --views, --modalities')
    return args


def main() -> None:
    args = parse_args()
    with one_line_errors():
        from mmengine.registry import init_default_scope
        from mmengine.utils import import_modules_from_strings

        from projects.ikem.visualization.browsing import draw
        from projects.ikem.visualization.panels import require_writer, write

        init_default_scope('mmaction')
        import_modules_from_strings(args.imports)
        require_writer(args.out)
        write(draw(args), args.out, args.dpi)


if __name__ == '__main__':
    main()
