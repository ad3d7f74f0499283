"""What is deployed of a run costs."""

import functools
from typing import NamedTuple, Optional

from mmengine.config import Config

from projects.ikem.deployment import (
    count_complexity,
    counted_streams,
    prepared_shape,
)
from projects.ikem.loading import load_model

from .work import Training, Work


class Cost(NamedTuple):
    """Of all encoders with their heads.

    Attributes:
        parameters (int): Their parameters.
        flops (int): FLOPs of a clip of the run's data; a multiply-add is two.
    """

    parameters: int
    flops: int


def cost_of(work: Work) -> Optional[Cost]:
    """The cost of a classifier; None of what is none, such as a neighbour."""
    if not isinstance(work, Training):
        return None
    cfg = work.config()
    if cfg.model.type != 'SkeletonClassifier':
        return None
    model = {k: v for k, v in cfg.model.items() if k != 'pretrained'}
    text = Config(dict(model=model)).pretty_text
    return _cost(text, tuple(prepared_shape(cfg)))


@functools.cache
def _cost(model: str, shape: tuple) -> Cost:
    model = load_model(Config.fromstring(model, '.py'))
    _, streams = counted_streams(model)
    num_joints = model.data_preprocessor.layout.num_joints
    rows = count_complexity(streams, (*shape, num_joints, 3))
    return Cost(*(sum(column) for column in zip(*rows.values())))
