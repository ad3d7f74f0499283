"""Dataset over a prepared folder, read through a memory map."""

import os.path as osp
from typing import Callable, Dict, List, Optional, Tuple, Union

import numpy as np
import torch
from mmaction.datasets.base import BaseActionDataset
from mmaction.registry import DATASETS
from mmengine.logging import print_log

from .class_names import known_classes
from .frames import frame_counts
from .prepared import read_annotations
from .prepared_checks import ANNOTATION_FILE, UNLABELLED, check_clip


class _MemoryMap:
    """An ``.npy`` file mapped on first use.

    Pickled and copied by its path, so that neither spawned workers nor
    ``get_subset`` read the whole array into memory.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._array = None

    def __getitem__(self, index: int) -> np.ndarray:
        if self._array is None:
            self._array = np.load(self.path, mmap_mode='r')
        return self._array[index]

    def __reduce__(self) -> Tuple:
        return type(self), (self.path,)


class _SharedEpoch:
    """(seed, epoch) in shared memory, where persistent workers see it."""

    def __init__(self, state: Tuple[int, int] = (-1, -1)) -> None:
        self.state = torch.tensor(state, dtype=torch.int64).share_memory_()

    def __deepcopy__(self, memo: Dict) -> '_SharedEpoch':
        return type(self)(self.state.tolist())  # a plain copy is not shared


@DATASETS.register_module()
class SkeletonDataset(BaseActionDataset):
    """Skeleton clips of a prepared folder (see ``tools/data``).

    Each sample has the keys

    - keypoint (np.ndarray): Joints of shape (M, T, V, C), float32.
    - raw_frames (int): Frames of the recording.
    - num_frames (int): T; total_frames, the toolbox's name for it, as well.
    - time_scale (float): gamma, raw frames per frame of ``keypoint``.
    - label (int): Class index.
    - frame_dir (str): Name of the clip.
    - layout (str | dict): Skeleton layout of the joints.
    - persons (np.ndarray): Who is there, whose joints are not all zero,
      booleans of shape (M, ).
    - rng_key (tuple[int]): (seed, epoch, sample), what the random transforms
      draw from; absent until :meth:`set_epoch` is called, which
      :class:`DatasetEpochHook` does.

    Args:
        data_root (str): The prepared folder.
        split (str, optional): Name of a split, such as ``'xsub_train'``. By
            default all clips.
        pipeline (list[dict | callable]): The transforms.
        unlabelled (bool): Whether clips without a label, of label -1, are
            among the samples, to pre-train on. Defaults to False.
        ann_file (str): ``'annotations.json'``, for configs that inherit
            another one of the toolbox. Defaults to that.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If a field of it is wrong or it has no such split.
    """

    def __init__(
        self,
        data_root: str,
        pipeline: List[Union[Dict, Callable]] = [],
        split: Optional[str] = None,
        unlabelled: bool = False,
        ann_file: str = ANNOTATION_FILE,
        **kwargs,
    ) -> None:
        self.split = split
        self.unlabelled = unlabelled
        self.keypoint = _MemoryMap(osp.join(data_root, 'keypoint.npy'))
        self.epoch_state = _SharedEpoch()
        if ann_file != ANNOTATION_FILE:
            raise ValueError(
                f'SkeletonDataset reads {ANNOTATION_FILE} of {data_root}, not '
                f'{ann_file}: prepare that, or set ann_file={ANNOTATION_FILE}'
            )
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            pipeline=pipeline,
            modality='Pose',
            **kwargs,
        )

    def load_data_list(self) -> List[Dict]:
        """Load the clips of the split, each with its row of the array."""
        prepared = read_annotations(self.data_root)
        _, num_persons, num_frames, *_ = prepared['keypoint']['shape']
        # checkpoints carry it, so that a model takes raw clips as well
        metainfo = dict(
            dataset=prepared['dataset'],
            layout=prepared['layout'],
            num_classes=prepared['num_classes'],
            num_persons=num_persons,
            num_frames=num_frames,
            preprocessing=prepared['preprocessing'],
            source=prepared.get('source', {}),
        )
        classes = prepared.get('classes') or known_classes(
            prepared['dataset'], prepared['num_classes']
        )
        if classes is not None:
            metainfo['classes'] = classes
        self._metainfo = {**metainfo, **self._metainfo}
        clips = [
            dict(clip, row=row)
            for row, clip in enumerate(prepared['annotations'])
        ]
        if self.split is None:
            return clips
        if self.split not in prepared['split']:
            raise ValueError(
                f'{self.data_root} has no split {self.split!r}: choose one of '
                f'{sorted(prepared["split"])}'
            )
        names = set(prepared['split'][self.split])
        clips = [clip for clip in clips if clip['frame_dir'] in names]
        if not clips:
            raise ValueError(
                f'split {self.split!r} of {self.data_root} has no clips'
            )
        return clips

    def filter_data(self) -> List[Dict]:
        """Leave out the clips without a label, unless they are wanted."""
        clips = super().filter_data()
        if self.unlabelled:
            return clips
        labelled = [clip for clip in clips if clip['label'] != UNLABELLED]
        if len(labelled) < len(clips):
            print_log(
                f'{len(clips) - len(labelled)} of {len(clips)} clips of split '
                f'{self.split!r} have no label and are left out',
                'current',
            )
        if not labelled:
            raise ValueError(
                f'no clip of split {self.split!r} of {self.data_root} has a '
                'label: to pre-train without an evaluation, give train.py '
                '--no-validate'
            )
        return labelled

    def get_data_info(self, idx: int) -> Dict:
        """Get a clip by its index in the split.

        Raises:
            ValueError: If it is not finite or all zeros, as in a folder that
                was damaged, or written by other means.
        """
        info = super().get_data_info(idx)
        # a copy, since some of the toolbox's transforms work in place
        row = info.pop('row')
        keypoint = np.array(self.keypoint[row])
        check_clip(
            keypoint,
            f'clip {info["frame_dir"]!r} (row {row} of {self.keypoint.path}, '
            f'split {self.split!r})',
        )
        # the folder counts the raw frames as total_frames
        counts = frame_counts(info['total_frames'], keypoint.shape[1])
        layout = self.metainfo['layout']
        info.update(
            counts,
            keypoint=keypoint,
            layout=layout,
            persons=keypoint.any((1, 2, 3)),
        )
        seed, epoch = self.epoch_state.state.tolist()
        if seed >= 0:
            info['rng_key'] = (seed, epoch, info['sample_idx'])
        return info

    def prepare_data(self, idx: int) -> Dict:
        """Get a clip processed by the pipeline.

        Raises:
            RuntimeError: If the pipeline returns None. Replacing the clip by
                another one, as mmengine does, would hide it.
        """
        data = super().prepare_data(idx)
        if data is None:
            raise RuntimeError(
                f'the pipeline returned None for sample {idx} of '
                f'{self.data_root}, split {self.split}'
            )
        return data

    def set_epoch(self, seed: int, epoch: int) -> None:
        """Set what the randomness of the samples derives from.

        Args:
            seed (int): Seed of the run, not negative.
            epoch (int): Number of the epoch, not negative.
        """
        self.epoch_state.state.copy_(torch.tensor([seed, epoch]))
