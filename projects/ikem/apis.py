"""Use of trained models from Python."""

import os
import warnings
from pathlib import Path
from typing import (
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from torch import Tensor, nn

from ikem_cli.places import BOXED_CONFIG, BOXED_WEIGHTS, find_config

from .datasets.formats import FormatError, single
from .datasets.formats.bodies import (
    pack_persons,
    present_frames_first,
    select_persons,
    zero_where_absent,
)
from .datasets.formats.ntu import read_joints
from .datasets.frames import frame_counts
from .datasets.prepare import preprocess
from .loading import load_model
from .models import SkeletonClassifier

RawClip = Union[str, os.PathLike, np.ndarray]


class Prediction(NamedTuple):
    """What a classifier says of one clip.

    Args:
        feature (dict[str, Tensor]): Feature by modality, of shape (D, ).
        scores (Tensor): Probability of each class, of shape (classes, ).
        label (int): The class of the highest score, from 0.
        name (str, optional): Name of the class, if ``dataset_meta`` has
            ``classes``.
    """

    feature: Dict[str, Tensor]
    scores: Tensor
    label: int
    name: Optional[str]


def init_model(
    config: Union[str, os.PathLike, Config, None] = None,
    checkpoint: Union[str, os.PathLike, None] = None,
    device: Union[str, torch.device] = 'cpu',
    preprocessing: Optional[Sequence[Dict]] = None,
) -> nn.Module:
    """Build a classifier for :func:`inference`, or any model, such as a
    pre-training, for :func:`encode`.

    Args:
        config (str | PathLike | Config, optional): Its config, or the path of
            that. Without it and a checkpoint, the classifier of synthetic
            actions that comes with the package.
        checkpoint (str | PathLike, optional): Its checkpoint, every parameter
            of which has to fit, or its work dir, of which the last checkpoint
            counts, or ``ikem::NAME.pth`` that is shipped. Defaults to None,
            weights as they are drawn.
        device (str | torch.device): Where it runs. Defaults to ``'cpu'``.
        preprocessing (sequence[dict], optional): Configs of the transforms
            that prepared the clips it was trained on. By default those that
            the checkpoint names.

    Returns:
        nn.Module: The model in eval mode, with its ``cfg`` and the
        checkpoint's ``dataset_meta``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the checkpoint is refused, or has no config.
        RuntimeError: If the checkpoint does not fit; names the parameters.
    """
    if config is None and checkpoint is not None:
        raise ValueError(
            f'{checkpoint} needs its config: give both, or none for '
            f'{BOXED_WEIGHTS}'
        )
    if config is None:
        config, checkpoint = BOXED_CONFIG, BOXED_WEIGHTS
    cfg = config
    if not isinstance(cfg, Config):
        cfg = Config.fromfile(find_config(config))
    model = load_model(cfg, checkpoint, device)
    if checkpoint is None:
        warnings.warn('no checkpoint: an untrained model', stacklevel=2)
    if preprocessing is not None:
        model.dataset_meta['preprocessing'] = list(preprocessing)
    return model


def require_classifier(model: nn.Module) -> SkeletonClassifier:
    """The model, if it predicts classes.

    Raises:
        ValueError: If it does not.
    """
    if not isinstance(model, SkeletonClassifier):
        raise ValueError(
            f'the config builds a {type(model).__name__}: give one of a '
            'SkeletonClassifier, such as those of configs/linear'
        )
    return model


def inference(
    model: SkeletonClassifier,
    clip: Union[RawClip, List[RawClip]],
    batch_size: int = 64,
) -> Union[Prediction, List[Prediction]]:
    """Classify raw clips, prepared as those that the model was trained on.

    Args:
        model (SkeletonClassifier): The model of :func:`init_model`.
        clip (str | PathLike | np.ndarray | list): Path of a ``.skeleton``
            file, or of an npy, pickle or json file with joints; or raw joints
            in metres, of shape (M, T_raw, V, 3), zero where a person is
            absent; or a list of these. Frames that show nobody are taken out;
            of more persons than the model takes, those that move most stay.
        batch_size (int): How many clips go through the model at once.
            Defaults to 64.

    Returns:
        Prediction | list[Prediction]: The prediction, on the CPU; a list for
        a list.

    Raises:
        FormatError: If a file or an array is no clip, or shows nobody; a
            ValueError that names it.
        OSError: If a file cannot be read.
        ValueError: If the model is no classifier, or the checkpoint does not
            say how clips were prepared.
    """
    require_classifier(model)
    clips = clip if isinstance(clip, list) else [clip]
    predictions = []
    for samples in _batches(model, clips, batch_size):
        predictions += _predict(model, samples)
    return predictions if isinstance(clip, list) else predictions[0]


@torch.no_grad()
def encode(
    model: nn.Module, clips: List[RawClip], batch_size: int = 64
) -> Dict[str, Tensor]:
    """Features of raw clips, prepared as those that the model was trained on.

    Args:
        model (nn.Module): The model of :func:`init_model`, a pre-training or
            a classifier.
        clips (list[str | PathLike | np.ndarray]): Clips as of
            :func:`inference`.
        batch_size (int): How many clips go through the model at once.
            Defaults to 64.

    Returns:
        dict[str, Tensor]: Features by modality, of shape (N, D), on the CPU.

    Raises:
        FormatError: If a file or an array is no clip, or shows nobody; a
            ValueError that names it.
        OSError: If a file cannot be read.
        ValueError: If there is no clip, or the checkpoint does not say how
            clips were prepared.
    """
    if not clips:
        raise ValueError('no clip to encode: give a list of one or more')
    batches = [
        model(**_collate(model, samples), mode='tensor')
        for samples in _batches(model, clips, batch_size)
    ]
    return {u: torch.cat([f[u].cpu() for f in batches]) for u in batches[0]}


def clip_shape(model: nn.Module) -> Tuple[int, int, int, int]:
    """The shape (M, T, V, 3) of the clips that a model takes.

    Args:
        model (nn.Module): The model of :func:`init_model`.

    Raises:
        ValueError: If the checkpoint does not say it, or the config's
            pipeline changes the number of frames.
    """
    meta = model.dataset_meta
    if not {'num_persons', 'num_frames'} <= set(meta):
        raise ValueError(
            'the checkpoint does not say how many persons and frames its '
            'clips have, it was made by an older version or by none of ours: '
            'give them (--shape PERSONS FRAMES)'
        )
    frames = meta['num_frames']
    joints = model.data_preprocessor.layout.num_joints
    keypoint = np.zeros((meta['num_persons'], frames, joints, 3), np.float32)
    data = Compose(_pipeline(model.cfg))(
        dict(frame_counts(frames, frames), keypoint=keypoint)
    )
    shape = tuple(data['inputs'].shape[1:])
    if shape[1] != frames:
        raise ValueError(
            f'the test pipeline makes {shape[1]} of {frames} frames, and '
            'counts of raw frames do not say what becomes of the time scale'
        )
    return shape


def _batches(
    model: nn.Module, clips: List[RawClip], batch_size: int
) -> Iterator[List[Dict]]:
    """Clips as they come out of the test pipeline."""
    transforms = _transforms(model)
    pipeline = Compose(_pipeline(model.cfg))
    for start in range(0, len(clips), batch_size):
        yield [
            pipeline(_prepare(model, clips[i], i, transforms))
            for i in range(start, min(start + batch_size, len(clips)))
        ]


def _collate(model: nn.Module, samples: List[Dict]) -> Dict:
    return model.data_preprocessor(pseudo_collate(samples))


@torch.no_grad()
def _predict(
    model: SkeletonClassifier, samples: List[Dict]
) -> List[Prediction]:
    data = _collate(model, samples)
    f = model(**data, mode='tensor')
    data_samples = model(f, data['data_samples'], mode='predict')
    names = model.dataset_meta.get('classes')
    predictions = []
    for i, sample in enumerate(data_samples):
        scores = sample.pred_score
        scores = scores['fused'] if isinstance(scores, dict) else scores
        label = int(sample.pred_label)
        predictions.append(
            Prediction(
                {u: x[i].cpu() for u, x in f.items()},
                scores.cpu(),
                label,
                names[label] if names else None,
            )
        )
    return predictions


def _transforms(model: nn.Module) -> List:
    """The transforms of the preprocessing."""
    preprocessing = model.dataset_meta.get('preprocessing')
    if not preprocessing:
        raise ValueError(
            'the checkpoint does not say how its clips were prepared: it was '
            'made by an older version, or the clips came prepared (those of '
            'CrosSCLR do). Give init_model(preprocessing=...), for the usual '
            'chain projects.ikem.datasets.sources.preprocessing_chain(layout,'
            ' num_frames)'
        )
    return [TRANSFORMS.build(cfg) for cfg in preprocessing]


def _pipeline(cfg: Config) -> List[Dict]:
    try:
        return cfg.test_dataloader.dataset.pipeline
    except AttributeError:
        raise ValueError(
            'the config has no test_dataloader.dataset.pipeline, by which '
            'clips come to the model'
        ) from None


def _prepare(
    model: nn.Module, clip: RawClip, index: int, transforms: List
) -> Dict:
    """A clip as :class:`SkeletonDataset` hands it out."""
    select = _selection(model.dataset_meta)
    num_persons = model.dataset_meta.get('num_persons')
    if not isinstance(clip, (str, os.PathLike)):
        clip = _from_array(np.asarray(clip), f'clip {index}', num_persons)
    elif Path(clip).suffix in single.SUFFIXES:
        clip = _from_array(single.read_array(clip), str(clip), num_persons)
    else:
        clip = read_joints(clip, select)
        # the end of a clip is not lost where persons appear late, whatever
        # the chain of the training does
        x, length = present_frames_first(clip['keypoint'])
        x = select_persons(x, num_persons or len(x))
        clip.update(keypoint=x, length=length)
    num_joints = model.data_preprocessor.layout.num_joints
    if clip['keypoint'].shape[2] != num_joints:
        raise FormatError(
            clip['frame_dir'],
            f'{clip["keypoint"].shape[2]} joints, the model takes '
            f'{num_joints}',
        )
    prepared = preprocess(dict(clip), transforms)
    keypoint = prepared['keypoint']
    return dict(
        frame_counts(clip['raw_frames'], keypoint.shape[1]),
        frame_dir=clip['frame_dir'],
        keypoint=keypoint,
        persons=keypoint.any((1, 2, 3)),
    )


def _selection(meta: Dict) -> str:
    """Which bodies of a file count, as in the training data."""
    source = meta.get('source', {})
    if source.get('format') == 'pose_pickle':
        return 'energy'  # as the toolbox ranked them
    return source.get('select_bodies', 'order')


def _from_array(x: np.ndarray, name: str, num_persons: Optional[int]) -> Dict:
    """Raw joints as the readers of files hand them out."""
    if x.dtype.kind not in 'fiu' or x.shape[3:] != (3,) or not len(x):
        raise FormatError(
            name,
            'raw joints are numbers of shape (persons, frames, joints, 3), '
            f'got {x.dtype} of shape {x.shape}',
        )
    with np.errstate(over='ignore'):  # reported as infinite below
        x = x.astype(np.float32)
    x = zero_where_absent(x)
    if not np.isfinite(x).all():
        raise FormatError(name, 'a joint is not finite')
    # absent ones count, as in the training
    x, length = pack_persons(x, num_persons or len(x))
    if not length:
        raise FormatError(
            name,
            f'nobody to see, all joints are zero in all {x.shape[1]} frames',
        )
    return dict(
        frame_dir=name, keypoint=x, raw_frames=x.shape[1], length=length
    )
