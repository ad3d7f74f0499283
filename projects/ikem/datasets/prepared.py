"""The prepared folder: what the tools write and ``SkeletonDataset`` reads.

``keypoint.npy`` holds all clips, float32 of shape (num, M, T, V, C), to be
mapped into memory; ``annotations.json`` says what its rows are.
"""

import io
import json
import os
import shutil
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np

from projects.ikem.files import naming, replace_folder, written_aside

from .prepared_checks import (
    ANNOTATION_FILE,
    KEYPOINT_FILE,
    VERSION,
    check_annotation,
    check_meta,
    check_split,
)


class PreparedWriter:
    """Write a prepared folder clip by clip; it is complete or absent.

    Clips go to a folder aside, ``OUT.partial``, which :meth:`commit` renames.
    Leaving the context without a commit removes it, and what a killed run
    left behind is removed by the next one. One clip is held in memory.

    Args:
        out_dir (str | PathLike): The folder to write.
        dataset (str): Name of the data set.
        layout (str | dict): Skeleton layout of the clips.
        num_classes (int): Number of classes.
        max_clips (int): Number of clips that will not be exceeded.
        preprocessing (Sequence[dict]): Configs of the transforms that were
            applied to the clips. Defaults to none.
        source (dict, optional): What else made the clips, such as which
            persons were selected.
        classes (sequence[str], optional): Names of the classes.
        overwrite (bool): Whether to replace a prepared folder of that name.
            Defaults to False.

    Raises:
        FileExistsError: If the folder exists and is neither empty nor, with
            ``overwrite``, a prepared folder.
    """

    def __init__(
        self,
        out_dir,
        dataset: str,
        layout,
        num_classes: int,
        max_clips: int,
        preprocessing: Sequence[Dict] = (),
        source: Optional[Dict] = None,
        overwrite: bool = False,
        classes: Optional[Sequence[str]] = None,
    ) -> None:
        self.out_dir = Path(out_dir).absolute()
        self.partial_dir = self.out_dir.with_name(
            self.out_dir.name + '.partial'
        )
        self.meta = dict(
            version=VERSION,
            dataset=dataset,
            layout=layout,
            num_classes=num_classes,
            preprocessing=list(preprocessing),
            source=source or {},
        )
        if classes is not None:
            self.meta['classes'] = list(classes)
        self.max_clips = max_clips
        self.annotations: List[Dict] = []
        self._names = set()
        self._clip_shape = None
        self._file = None
        self._check_out_dir(overwrite)

    def _check_out_dir(self, overwrite: bool) -> None:
        if not self.out_dir.exists() or _is_empty_dir(self.out_dir):
            return
        if not (self.out_dir / ANNOTATION_FILE).is_file():
            raise FileExistsError(
                f'{self.out_dir} exists and is no prepared folder: choose '
                'another one'
            )
        if not overwrite:
            raise FileExistsError(
                f'{self.out_dir} exists: choose another folder, or replace it '
                'with --overwrite'
            )

    def __enter__(self) -> 'PreparedWriter':
        shutil.rmtree(self.partial_dir, ignore_errors=True)
        with naming(self.out_dir):
            self.partial_dir.mkdir(parents=True)
            self._file = open(self.partial_dir / KEYPOINT_FILE, 'w+b')
        return self

    def __exit__(self, *exc_info) -> None:
        try:
            with naming(self.out_dir):
                self._file.close()  # writes what a full disk did not take
        finally:
            # renamed, hence absent, after a commit
            shutil.rmtree(self.partial_dir, ignore_errors=True)

    def append(
        self,
        keypoint: np.ndarray,
        frame_dir: str,
        label: int,
        raw_frames: int,
        fields: Optional[Dict] = None,
    ) -> None:
        """Append a clip.

        Args:
            keypoint (np.ndarray): Joints of shape (M, T, V, C), the same for
                all clips.
            frame_dir (str): Name of the clip.
            label (int): Class of the clip, from 0; -1 if it has none.
            raw_frames (int): T_raw, its number of raw frames.
            fields (dict, optional): What else is known of the clip, such as
                its subject: numbers, texts, or lists of them.

        Raises:
            OSError: If it cannot be written.
            ValueError: If the clip does not fit to those before it.
        """
        if keypoint.shape != (self._clip_shape or keypoint.shape):
            raise ValueError(
                f'clip {frame_dir!r} has the shape {keypoint.shape}, those '
                f'before it have {self._clip_shape}'
            )
        if len(self.annotations) >= self.max_clips:
            raise ValueError(f'more than max_clips={self.max_clips} clips')
        annotation = dict(
            frame_dir=frame_dir, label=int(label), total_frames=int(raw_frames)
        )
        if fields:
            annotation['fields'] = fields
        check_annotation(annotation, self._names, self.meta['num_classes'])
        with naming(self.out_dir):
            if self._clip_shape is None:
                self._clip_shape = keypoint.shape
                self._file.write(self._header(self.max_clips))
            self._file.write(np.ascontiguousarray(keypoint, np.float32).data)
        self.annotations.append(annotation)

    def commit(
        self,
        split: Dict[str, List[str]],
        dropped: Optional[Dict[str, int]] = None,
    ) -> None:
        """Complete the folder and give it its name.

        Args:
            split (dict[str, list[str]]): Names of the clips of each split.
            dropped (dict[str, int], optional): How many clips of the source
                are not in the folder, by reason.

        Raises:
            OSError: If it cannot be written; a folder of that name stays.
            ValueError: If there are no clips, or a split names unknown ones.
        """
        if not self.annotations:
            raise ValueError('no clips to write')
        check_split(split, self._names)
        header = self._header(len(self.annotations))
        if len(header) != len(self._header(self.max_clips)):
            raise RuntimeError(
                'the header of the array would overlap its first clip; '
                'upgrade numpy, which since 1.23 leaves room in it'
            )
        meta = dict(
            self.meta,
            keypoint=dict(
                shape=[len(self.annotations), *self._clip_shape],
                dtype='float32',
            ),
            annotations=self.annotations,
            split=split,
            dropped=dropped or {},
        )
        with naming(self.out_dir):
            self._file.seek(0)
            self._file.write(header)
            self._file.flush()
            os.fsync(self._file.fileno())
            _write_annotations(self.partial_dir, meta)
            replace_folder(self.partial_dir, self.out_dir)

    def _header(self, num_clips: int) -> bytes:
        """Header of an npy file of so many clips."""
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            buffer,
            dict(
                descr=np.lib.format.dtype_to_descr(np.dtype(np.float32)),
                fortran_order=False,
                shape=(num_clips, *self._clip_shape),
            ),
        )
        return buffer.getvalue()


def read_annotations(folder) -> Dict:
    """Read and check the annotations of a prepared folder.

    Args:
        folder (str | PathLike): The prepared folder.

    Returns:
        dict: version, dataset, layout, num_classes, preprocessing, source,
        keypoint (its shape and dtype), annotations (a list of dicts with
        frame_dir, label, -1 without one, total_frames, the raw frames, and
        perhaps fields, one per row of the array), split (names of the clips
        of each), dropped and perhaps classes (their names).

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If a field does not fit, or the array does not.
    """
    folder = Path(folder)
    for path in (folder, folder / ANNOTATION_FILE, folder / KEYPOINT_FILE):
        if not path.exists():
            raise FileNotFoundError(
                f'{path} is missing: make the prepared folder with one of '
                'tools/data/prepare_*.py'
            )
    try:
        meta = json.loads((folder / ANNOTATION_FILE).read_bytes())
        check_meta(meta, folder / KEYPOINT_FILE)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{folder} is no sound prepared folder, make it again with one of '
            f'tools/data/prepare_*.py: {error}'
        ) from error
    return meta


def add_splits(folder, splits: Dict[str, List[str]]) -> None:
    """Add splits to a prepared folder: all of them or none.

    Args:
        folder (str | PathLike): The prepared folder.
        splits (dict[str, list[str]]): Names of the clips of each.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        OSError: If it cannot be written.
        ValueError: If the folder has a split of such a name with other clips,
            or not these clips.
    """
    meta = read_annotations(folder)
    check_split(splits, {a['frame_dir'] for a in meta['annotations']})
    present = meta['split']
    for split, names in splits.items():
        if split in present and set(present[split]) != set(names):
            raise ValueError(
                f'{folder} has a split {split!r} of {len(present[split])} '
                'other clips: choose another name'
            )
    new = {split: splits[split] for split in splits if split not in present}
    if new:  # or what depends on the file's time would be out of date
        present.update(new)
        _write_annotations(Path(folder), meta)


def _is_empty_dir(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _write_annotations(folder: Path, meta: Dict) -> None:
    with written_aside(folder / ANNOTATION_FILE) as path:
        path.write_text(json.dumps(meta))
