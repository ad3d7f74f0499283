"""Clips of a prepared folder, and what is known of them by their names."""

from typing import Any, Dict, List, Mapping, Sequence

from mmengine.dataset import Compose

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.formats import FormatError, ntu, nwucla
from projects.ikem.datasets.frames import frame_counts
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.skeletons import get_layout

from .skeletons import Clip


def class_names(metainfo: Mapping) -> List[str]:
    """Names of the classes.

    Args:
        metainfo (mapping): ``metainfo`` of a :class:`SkeletonDataset`.

    Returns:
        list[str]: ``classes`` of the metainfo; else numbers from 0.
    """
    numbers = map(str, range(metainfo['num_classes']))
    return list(metainfo.get('classes') or numbers)


def recorded(frame_dir: str, field: str) -> int:
    """What the name of a clip of NTU RGB+D or NW-UCLA says.

    Args:
        frame_dir (str): The name.
        field (str): ``'subject'`` or ``'camera'``.

    Returns:
        int: Its number.

    Raises:
        ValueError: If it is no such name.
    """
    for parse_name in (ntu.parse_name, nwucla.parse_name):
        try:
            return parse_name(frame_dir)[field]
        except FormatError:
            pass
    raise ValueError(
        f'the name of clip {frame_dir!r} says no {field}, as those of NTU '
        'RGB+D (SsssCcccPpppRrrrAaaa) and NW-UCLA (aAA_sSS_eEE_vVV) do: '
        'colour by class'
    )


def position(dataset: SkeletonDataset, frame_dir: str) -> int:
    """Index of a clip in a data set.

    Raises:
        ValueError: If it has no clip of that name.
    """
    names = frame_dirs(dataset)
    if frame_dir not in names:
        where = f'split {dataset.split!r} of ' if dataset.split else ''
        raise ValueError(
            f'{where}{dataset.data_root} has no clip {frame_dir!r}: its '
            f'{len(names)} clips have names such as {names[0]!r}'
        )
    return names.index(frame_dir)


def frame_dirs(dataset: SkeletonDataset) -> List[str]:
    """Names of all clips of a data set, without reading their joints."""
    return [
        clip['frame_dir']
        for clip in dataset.load_data_list()
        if dataset.unlabelled or clip['label'] != UNLABELLED
    ]


def fields_of(
    dataset: SkeletonDataset, names: Sequence[str]
) -> List[Dict[str, Any]]:
    """What is known of clips: fields of their annotations, else subject and
    camera by their names.

    Args:
        dataset (SkeletonDataset): The data set.
        names (sequence[str]): Names of the clips.
    """
    annotations = {a['frame_dir']: a for a in dataset.load_data_list()}
    return [
        annotations[name].get('fields') or _said_by_name(name)
        for name in names
    ]


def _said_by_name(frame_dir: str) -> Dict[str, int]:
    try:
        return {k: recorded(frame_dir, k) for k in ('subject', 'camera')}
    except ValueError:
        return {}


def load_clips(dataset: SkeletonDataset, indices: Sequence[int]) -> List[Clip]:
    """Clips of a data set, their titles name and class.

    Args:
        dataset (SkeletonDataset): The data set.
        indices (sequence[int]): Indices of the clips.

    Raises:
        IndexError: If there is no such clip.
        ValueError: If a clip is damaged.
    """
    wrong = [i for i in indices if not 0 <= i < len(dataset)]
    if wrong:
        raise IndexError(
            f'no clip {wrong[0]}: {dataset.data_root} has {len(dataset)} '
            'clips there, counted from 0'
        )
    layout = get_layout(dataset.metainfo['layout'])
    classes = class_names(dataset.metainfo)
    infos = [dataset.get_data_info(i) for i in indices]
    return [
        Clip(
            f'{info["frame_dir"]}: {(*classes, "unlabelled")[info["label"]]}',
            info['keypoint'],
            layout,
            info['time_scale'],
        )
        for info in infos
    ]


def augmented_views(
    clip: Clip, pipeline: Sequence[Dict], seed: int = 0
) -> List[Clip]:
    """Views of a clip as a training sees them.

    Args:
        clip (Clip): The clip.
        pipeline (sequence[dict]): Configs of the transforms that the training
            draws its views with.
        seed (int): Another seed draws others. Defaults to 0.
    """
    num_frames = clip.keypoint.shape[1]
    results = dict(
        frame_counts(clip.time_scale * num_frames, num_frames),
        keypoint=clip.keypoint.copy(),  # some transforms work in place
        frame_dir=clip.title,
        layout=clip.layout,
        rng_key=(seed, 0, 0),  # of the first clip in the first epoch
    )
    views = Compose(pipeline)(results)['inputs']
    return [
        clip._replace(title=f'view {i + 1}', keypoint=x)
        for i, x in enumerate(views.numpy())
    ]
