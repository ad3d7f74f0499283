"""Draw clips of a prepared folder, still or moving.

python tools/visualizations/browse_dataset.py DATA_ROOT --clip NAME --out x.gif
"""

import argparse
from typing import Dict, List

import numpy as np
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.engine.cli import one_line_errors, positive_int, read_config
from projects.ikem.models.modalities import MODALITIES
from projects.ikem.visualization.clips import (
    augmented_views,
    load_clips,
    position,
)
from projects.ikem.visualization.modalities import (
    liveliest_frame,
    modality_panels,
)
from projects.ikem.visualization.panels import (
    MOVIES,
    RAW_FRAME_RATE,
    Panel,
    joint_panel,
    movie,
    require_writer,
    still,
    write,
)
from projects.ikem.visualization.skeletons import Clip, limits, place, strips


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


def train_pipeline(config: str) -> List[Dict]:
    """The transforms of a config's training."""
    try:
        return read_config(config).train_dataloader.dataset.pipeline
    except AttributeError:
        raise ValueError(
            f'{config} has no train_dataloader.dataset.pipeline'
        ) from None


def panel_rows(clip: Clip, args: argparse.Namespace) -> List[List[Panel]]:
    """Modalities side by side; views below each other, or side by side where
    there is one modality."""
    versions = [clip]
    if args.views:
        pipeline = train_pipeline(args.views)
        versions += augmented_views(clip, pipeline, args.seed)
    # one scale for all, so that the shear can be seen
    box = limits(np.concatenate([place(c.keypoint) for c in versions], axis=1))
    if args.modalities is None:
        return [[joint_panel(c)._replace(box=box) for c in versions]]
    names = args.modalities or list(MODALITIES)
    rows = [modality_panels(c, names, box) for c in versions]
    if args.views:
        titles = ['clip', *(view.title for view in versions[1:])]
        rows = [
            [p._replace(title=f'{title}: {p.title}') for p in row]
            for title, row in zip(titles, rows)
        ]
    return rows if len(names) > 1 else [[panel for (panel,) in rows]]


def draw(args: argparse.Namespace):
    """The picture or movie that is asked for."""
    dataset = SkeletonDataset(
        args.data_root, split=args.split, unlabelled=True
    )
    indices = [args.index]
    if args.clip:
        indices = [position(dataset, args.clip)]
    elif args.sheet:
        rng = np.random.default_rng(args.seed)
        order = rng.permutation(len(dataset))
        indices = sorted(map(int, order[: args.sheet]))
    clips = load_clips(dataset, indices)
    clip = clips[0]
    is_movie = args.out.endswith(MOVIES)
    if args.sheet:
        panels = [joint_panel(c) for c in clips]
        rows = [panels[i : i + 4] for i in range(0, len(panels), 4)]
    else:
        rows = panel_rows(clip, args)
    if is_movie:
        rate = RAW_FRAME_RATE / clip.time_scale
        return movie(rows, rate, args.three_d)
    plain = not (args.views or args.modalities is not None or args.three_d)
    if plain and args.frame is None:
        return strips(clips)
    frame = liveliest_frame(clip) if args.frame is None else args.frame
    if not 0 <= frame < clip.keypoint.shape[1]:
        raise ValueError(
            f'--frame {frame}: the clip has frames 0 to '
            f'{clip.keypoint.shape[1] - 1}'
        )
    title = '' if args.sheet else f'{clip.title}, frame {frame}'
    return still(rows, frame, args.three_d, title)


def main() -> None:
    args = parse_args()
    with one_line_errors('browse_dataset.py'):
        init_default_scope('mmaction')
        import_modules_from_strings(args.imports)
        require_writer(args.out)
        write(draw(args), args.out, args.dpi)


if __name__ == '__main__':
    main()
