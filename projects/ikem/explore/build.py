"""From features and a prepared folder to one page."""

import csv
import importlib.util
import json
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import jinja2
import numpy as np
from markupsafe import Markup

from projects.ikem.datasets.class_names import known_classes
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.evaluation.features import Features
from projects.ikem.files import written_aside
from projects.ikem.skeletons import get_layout
from projects.ikem.version import __version__

from .analysis import analyse, find, stream_names, vectors_of
from .joints import drawn_layout, quantise

_STATIC = Path(__file__).parent / 'static'
# in the order in which they need each other
_SCRIPTS = (
    *('data.js', 'skeleton.js', 'cards.js', 'colours.js', 'map.js'),
    *('confusion.js', 'panels.js', 'labels.js', 'app.js'),
)
_FPS = 30  # of the Kinect, raw frames per second


def explore(
    features: Features,
    folder,
    streams: Optional[Sequence[str]] = None,
    method: Optional[str] = None,
    max_clips: int = 1000,
    num_clusters: Optional[int] = None,
    seed: int = 0,
) -> Dict[str, Any]:
    """What the page shows, as json takes it.

    Args:
        features (Features): Features of clips.
        folder (str | PathLike): The prepared folder that has their joints.
        streams (sequence[str], optional): Modalities, ``'fused'`` and
            ``'raw joints'``. Defaults to all.
        method (str, optional): ``'tsne'`` or ``'umap'``. Defaults to UMAP
            where it is installed.
        max_clips (int): Of more, so many are drawn at random. Defaults to
            1000.
        num_clusters (int, optional): Clusters of each stream. Defaults to the
            number of classes, at least 8.
        seed (int): Seed. Defaults to 0.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If a clip is not in it, or there are too few, or no such
            stream.
    """
    known = stream_names(features)
    wrong = [s for s in streams or () if s not in known]
    if wrong:
        raise ValueError(f'no stream {wrong[0]!r}: choose of {known}')
    method = method or default_method()
    total = len(features.names)
    if total > max_clips:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(total, max_clips, replace=False))
        features = features.take(rows)
    keypoint, annotations, meta = read_clips(features.names, folder)
    labels = features.labels
    return dict(
        title=str(meta['dataset']),
        total=total,
        method=dict(tsne='t-SNE', umap='UMAP')[method],
        classes=class_texts(features, meta),
        names=list(features.names),
        labels=labels.tolist(),
        seconds=[round(a['total_frames'] / _FPS, 2) for a in annotations],
        fields={k: v.tolist() for k, v in features.fields.items()},
        layout=drawn_layout(get_layout(meta['layout']), keypoint),
        joints=quantise(keypoint).as_json(),
        streams={
            stream: analyse(
                vectors_of(features, stream, keypoint),
                labels,
                method,
                num_clusters,
                seed,
            )
            for stream in streams or known
        },
    )


def default_method() -> str:
    """UMAP where umap-learn is installed, else t-SNE."""
    return 'umap' if importlib.util.find_spec('umap') else 'tsne'


def read_clips(
    names: Sequence[str], folder
) -> Tuple[np.ndarray, List[Dict], Dict]:
    """Joints and annotations of clips.

    Args:
        names (sequence[str]): Their names.
        folder (str | PathLike): The prepared folder.

    Returns:
        tuple[np.ndarray, list[dict], dict]: Joints of shape (N, M, T, V, C),
        annotations, and those of the folder.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If it has no clip of a name.
    """
    meta = read_annotations(folder)
    clips = meta['annotations']
    row = {clip['frame_dir']: i for i, clip in enumerate(clips)}
    absent = [name for name in names if name not in row]
    if absent:
        raise ValueError(
            f'{folder} has no clip {absent[0]!r}, and {len(absent)} of '
            f'{len(names)} in all: give the folder that the features are of'
        )
    rows = [row[name] for name in names]
    keypoint = np.load(Path(folder, 'keypoint.npy'), mmap_mode='r')
    return keypoint[rows], [clips[i] for i in rows], meta


def class_texts(features: Features, meta: Dict) -> List[str]:
    """Names of the classes; numbers where they have none."""
    num = max(int(features.labels.max()) + 1, meta['num_classes'])
    classes = (
        features.classes
        or meta.get('classes')
        or known_classes(meta['dataset'], meta['num_classes'])
    )
    return list(classes or map(str, range(num)))


def write_page(content: Dict[str, Any], out) -> None:
    """Write a page that needs no other file and no network.

    Args:
        content (dict): As :func:`explore` returns it.
        out (str | PathLike): The file.

    Raises:
        OSError: If it cannot be written.
    """
    with written_aside(out) as path:
        path.write_text(render(content), encoding='utf-8')


def render(content: Dict[str, Any]) -> str:
    """HTML of the page; what it says is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_STATIC),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template('page.html.j2').render(
        title=content['title'],
        style=_static('style.css'),
        script=Markup('\n').join(map(_static, _SCRIPTS)),
        content=as_script(content),
        note=_note(content),
        version=__version__,
        date=time.strftime('%Y-%m-%d %H:%M'),
    )


def _note(content: Dict[str, Any]) -> Dict[str, Any]:
    shown, total = len(content['names']), content['total']
    millimetres = 500 * max(content['joints']['step'])  # half a step
    return dict(
        method=content['method'],
        shown=shown,
        total=total,
        drawn=shown < total,
        millimetres=f'{millimetres:.0f}' if millimetres >= 1 else '1',
    )


def as_script(content: Dict[str, Any]) -> Markup:
    """Json that can end no script element, whatever names it holds."""
    text = json.dumps(content, separators=(',', ':'), allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return Markup(text)


def _static(name: str) -> Markup:
    return Markup((_STATIC / name).read_text('utf-8'))


def write_findings(features: Features, folder, stream: str, out) -> None:
    """Write a csv with a row for each clip, however many there are: what its
    neighbours say of it, by features and by raw joints.

    Args:
        features (Features): Features of clips.
        folder (str | PathLike): The prepared folder.
        stream (str): The stream beside raw joints.
        out (str | PathLike): The file.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        OSError: If it cannot be written.
        ValueError: If a clip is not in it.
    """
    keypoint, _, meta = read_clips(features.names, folder)
    classes = [*class_texts(features, meta), '']
    assert classes[UNLABELLED] == ''
    columns = dict(
        name=features.names, label=[classes[y] for y in features.labels]
    )
    for title, kind in ((stream, stream), ('joints', 'raw joints')):
        found = find(vectors_of(features, kind, keypoint), features.labels)
        near = found.neighbours
        columns[f'predicted_{title}'] = [classes[y] for y in found.predicted]
        columns[f'doubt_{title}'] = found.doubt.round(4).tolist()
        columns[f'outlier_{title}'] = found.outlier.round(5).tolist()
        columns[f'nearest_{title}'] = [
            features.names[i] for i in near.index[:, 0]
        ]
        columns[f'distance_{title}'] = near.distance[:, 0].round(5).tolist()
    with written_aside(out) as path:
        with open(path, 'w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values()))
