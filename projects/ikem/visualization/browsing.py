"""What ``tools/visualizations/browse_dataset.py`` draws."""

import argparse
from typing import Dict, List

import numpy as np

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.engine.cli import read_config
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
    still,
)
from projects.ikem.visualization.skeletons import Clip, limits, place, strips


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
