"""Features of named clips, in memory and as a file."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from projects.ikem.datasets.formats import FormatError
from projects.ikem.datasets.formats.labels import plain
from projects.ikem.files import written_aside

_STREAM, _FIELD = 'features_', 'field_'


class Features(NamedTuple):
    """Features of named clips.

    Args:
        names (list[str]): Name of each of N clips.
        labels (np.ndarray): Class of each, -1 of those without one, (N, ).
        streams (dict[str, np.ndarray]): Features by modality, of shape
            (N, D), float32.
        fields (dict[str, np.ndarray]): What else is known of the clips, such
            as the subject: numbers or texts of shape (N, ), an empty text
            where it is not known.
        classes (list[str], optional): Names of the classes.
    """

    names: List[str]
    labels: np.ndarray
    streams: Dict[str, np.ndarray]
    fields: Dict[str, np.ndarray] = {}
    classes: Optional[List[str]] = None

    def save(self, path) -> None:
        """Write them in the form that they are read in, an ``.npz`` of
        ``names``, ``labels``, ``features_joint`` for each modality,
        ``field_subject`` for each field, and ``classes``.

        Args:
            path (str | PathLike): The file.

        Raises:
            OSError: If it cannot be written.
            ValueError: If its name does not end with ``.npz``.
        """
        if not str(path).endswith('.npz'):
            raise ValueError(f'features are written as .npz, not as {path}')
        arrays = dict(names=np.array(self.names, str), labels=self.labels)
        arrays.update({_STREAM + u: f for u, f in self.streams.items()})
        arrays.update({_FIELD + k: v for k, v in self.fields.items()})
        if self.classes is not None:
            arrays['classes'] = np.array(self.classes, str)
        with written_aside(path) as aside:
            np.savez(aside, **arrays)

    def take(self, rows: Sequence[int]) -> 'Features':
        """Those of some clips."""
        return self._replace(
            names=[self.names[i] for i in rows],
            labels=self.labels[rows],
            streams={u: f[rows] for u, f in self.streams.items()},
            fields={k: v[rows] for k, v in self.fields.items()},
        )


def load_features(path) -> Features:
    """Read features that :meth:`Features.save` wrote; executes nothing.

    Args:
        path (str | PathLike): The file.

    Raises:
        FormatError: If it holds anything else; names the array.
        OSError: If it cannot be read.
    """
    with open(path, 'rb') as file:
        # any bytes may come: numpy and zipfile raise almost all there is
        try:
            arrays = dict(np.load(file, allow_pickle=False))
        except Exception as error:
            raise FormatError(
                path, f'is no .npz of features: {error}; tools/features.py'
            ) from error
    streams = _with_prefix(arrays, _STREAM)
    fields = _with_prefix(arrays, _FIELD)
    names, labels = arrays.get('names'), arrays.get('labels')
    if names is None or labels is None or not streams:
        raise FormatError(
            path,
            'has no names, labels and features_MODALITY: write it with '
            'tools/features.py',
        )
    if names.dtype.kind != 'U' or labels.dtype.kind not in 'iu':
        raise FormatError(path, 'names are no texts or labels no integers')
    for key, x in arrays.items():
        ndim = 2 if key.startswith(_STREAM) else 1
        if key != 'classes' and (x.ndim != ndim or len(x) != len(names)):
            raise FormatError(
                path, f'{key} of shape {x.shape} for {len(names)} names'
            )
    for key, x in streams.items():
        if x.dtype.kind != 'f' or not np.isfinite(x).all():
            raise FormatError(path, f'features_{key} are not finite')
    for key, x in fields.items():
        numbers = x.dtype.kind in 'biuf' and np.isfinite(x).all()
        if not numbers and x.dtype.kind != 'U':
            raise FormatError(
                path, f'field_{key} is no array of texts or finite numbers'
            )
    classes = arrays.get('classes')
    if classes is not None:
        classes = [str(name) for name in classes.tolist()]
    most = len(classes) if classes else np.inf
    if len(labels) and not (labels.min() >= -1 and labels.max() < most):
        raise FormatError(path, 'a label is no class')
    return Features(names.tolist(), labels, streams, fields, classes)


def _with_prefix(
    arrays: Dict[str, np.ndarray], prefix: str
) -> Dict[str, np.ndarray]:
    return {
        key[len(prefix) :]: x
        for key, x in arrays.items()
        if key.startswith(prefix)
    }


def field_arrays(fields: Sequence[Dict[str, Any]]) -> Dict[str, np.ndarray]:
    """Fields of clips as arrays, without objects.

    Args:
        fields (sequence[dict]): Fields of each clip by name: numbers, texts
            or lists of them.

    Returns:
        dict[str, np.ndarray]: Of shape (N, ): numbers where all clips have
        one, else texts, empty for clips without the field.
    """
    names = {name for clip in fields for name in clip}
    return {
        name: _as_array([plain(clip.get(name)) for clip in fields])
        for name in sorted(names)
    }


def _as_array(values: List[Any]) -> np.ndarray:
    if all(type(value) in (int, float) for value in values):
        array = np.array(values)
        if array.dtype.kind in 'if':  # an int may be too large
            return array
    return np.array(['' if v is None else str(v) for v in values], str)
