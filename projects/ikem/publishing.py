"""Weights small enough to ship."""

import io
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from .apis import require_classifier
from .checkpoint import find_checkpoint, read_checkpoint
from .evaluation.fusion import Predictions
from .files import written_aside
from .loading import load_model
from .model_card import card_text, known_about
from .provenance import commits_of, config_to_use, model_of
from .version import __version__
from .visualization.encoded import classify, clip_loader, encode
from .work_dir import WorkDir

MAX_BYTES = 1_000_000
# How far the probability of a class may be from that of the checkpoint.
TOLERANCE = 0.02
# What a checkpoint says of its data that a user of the weights needs.
_DATA_FIELDS = (
    *('dataset', 'layout', 'num_classes', 'classes'),
    *('num_persons', 'num_frames', 'preprocessing', 'source'),
)


def compact(model: nn.Module) -> Dict[str, Tensor]:
    """The state dict with parameters in half precision, equal buffers once.

    Buffers keep their precision: rounding them as well moves probabilities
    nearly twice as far, and most of their bytes are the graph, which all
    blocks share.

    Args:
        model (nn.Module): The model.
    """
    parameters = {name for name, _ in model.named_parameters()}
    seen: Dict[Any, Tensor] = {}
    state = {}
    for name, value in model.state_dict().items():
        value = value.detach().cpu()
        if name in parameters:
            state[name] = value.half() if value.is_floating_point() else value
        else:
            key = (value.dtype, value.shape, value.numpy().tobytes())
            state[name] = seen.setdefault(key, value.clone())
    return state


class Published(NamedTuple):
    """Weights and their run.

    Args:
        run (WorkDir): The training.
        path (Path): The file.
        size (int): Bytes of it.
        meta (dict): What the file says of itself.
        predictions (dict[str, Predictions]): Of the file, by stream, the
            final one last.
        changed (int): Clips of which another class is predicted than by the
            checkpoint.
        difference (float): Largest difference of a probability.
    """

    run: WorkDir
    path: Path
    size: int
    meta: Dict
    predictions: Dict[str, Predictions]
    changed: int
    difference: float

    @property
    def final(self) -> Predictions:
        """Of all modalities."""
        return list(self.predictions.values())[-1]


def publish(
    checkpoint: Union[str, Path],
    out: Union[str, Path],
    data: Optional[str] = None,
    limits: Optional[str] = None,
    overwrite: bool = False,
) -> Published:
    """Write a classifier's weights, and their card beside them.

    The file is read again, and classifies the test clips of the training's
    config.

    Args:
        checkpoint (str | Path): Work dir of the classifier's training, or a
            checkpoint in it.
        out (str | Path): The ``.pth`` to write; the card has its name and
            ends with ``.md``.
        data (str, optional): What the data are, and the commands that make
            them. By default known of the synthetic set alone.
        limits (str, optional): What the weights are not good for, the same.
        overwrite (bool): Replace files that are there. Defaults to False.

    Raises:
        FileExistsError: If there is such a file.
        FileNotFoundError: If the checkpoint or its work dir is missing.
        ValueError: If it is no classifier, too large, or predicts otherwise
            once it is written; then nothing is.
    """
    out = Path(out)
    card = out.with_suffix('.md')
    for file in (out, card):
        if file.exists() and not overwrite:
            raise FileExistsError(
                f'{file} exists already: --overwrite replaces it'
            )
    path = find_checkpoint(str(checkpoint))
    run = WorkDir(Path(path).parent)
    _, meta = read_checkpoint(path)
    texts = known_about(meta.get('dataset_meta') or {}, data, limits)
    model = require_classifier(load_model(run.config, path))
    meta = _described(run, meta)
    content = _content(model, meta)
    before = _predict(model, run.config)
    with written_aside(out) as aside:
        aside.write_bytes(content)
        after = _predict(load_model(run.config, aside), run.config)
        change = _change(before, after)
        result = Published(run, out, len(content), meta, after, *change)
        with written_aside(card) as aside_card:
            aside_card.write_text(card_text(result, texts))
    return result


def _content(model: nn.Module, meta: Dict) -> bytes:
    """The file; in memory, as torch would not say that the disk is full."""
    buffer = io.BytesIO()
    torch.save(dict(meta=meta, state_dict=compact(model)), buffer)
    if buffer.tell() >= MAX_BYTES:
        raise ValueError(
            f'the weights take {buffer.tell():,} bytes, at most '
            f'{MAX_BYTES:,} are published: use slimmer encoders'
        )
    return buffer.getvalue()


def _change(
    before: Dict[str, Predictions], after: Dict[str, Predictions]
) -> Tuple[int, float]:
    """How many final predictions changed, and the largest difference of a
    probability of any stream."""
    pairs = [(before[u].scores, after[u].scores) for u in before]
    # of numpy, whose maximum is nan if one is
    difference = float(np.max([np.abs(a - b) for a, b in pairs]))
    if not difference <= TOLERANCE:
        raise ValueError(
            'the weights predict otherwise in half precision: a probability '
            f'differs by {difference:.3f}, {TOLERANCE} are allowed'
        )
    labels = [scores.argmax(1) for scores in pairs[-1]]
    return int(np.not_equal(*labels).sum()), difference


def _described(run: WorkDir, meta: Mapping[str, Any]) -> Dict:
    """What the file says of itself; nothing of the machine."""
    dataset_meta = meta.get('dataset_meta') or {}
    return dict(
        dataset_meta={
            key: dataset_meta[key]
            for key in _DATA_FIELDS
            if key in dataset_meta
        },
        # as text, which is compared and never executed
        cfg=Config(dict(model=model_of(run.config))).pretty_text,
        config_name=config_to_use(run),
        epoch=meta.get('epoch'),
        seed=meta.get('seed'),
        commit=commits_of(run),
        ikem_version=__version__,
    )


def _predict(model: nn.Module, cfg: Config) -> Dict[str, Predictions]:
    """What a model says of the test clips, by stream, the final one last."""
    clips = encode(model, clip_loader(cfg))
    streams = dict.fromkeys([*clips.features, clips.stream])
    return {u: classify(model, clips, u) for u in streams}
