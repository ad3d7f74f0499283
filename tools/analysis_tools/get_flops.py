"""Parameters and FLOPs of the model of a config.

python tools/analysis_tools/get_flops.py CONFIG
"""

import argparse
import sys
from typing import Mapping, Tuple

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from projects.ikem.datasets.prepare import positive_int
from projects.ikem.deployment import DeployedClassifier, count_complexity
from projects.ikem.models import SkeletonClassifier


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Parameters and FLOPs of the model of a config'
    )
    parser.add_argument(
        'config', help='config of a classifier or pre-training'
    )
    parser.add_argument(
        '--shape',
        nargs=2,
        type=positive_int,
        default=(2, 50),
        metavar=('PERSONS', 'FRAMES'),
        help='of a clip (default: %(default)s)',
    )
    return parser.parse_args()


def get_streams(model: nn.Module) -> Tuple[str, Mapping[str, nn.Module]]:
    """What to count, in words and by modality."""
    if isinstance(model, SkeletonClassifier):
        return (
            'encoders and the heads of the final prediction',
            DeployedClassifier(model).streams,
        )
    if hasattr(model, 'query'):
        return 'query encoders and their projectors', model.query
    raise ValueError(
        f'{type(model).__name__} is neither a classifier nor a pre-training'
    )


def main() -> None:
    args = parse_args()
    try:
        cfg = Config.fromfile(args.config)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        model = MODELS.build(cfg.model)
        counted, streams = get_streams(model)
        num_joints = model.data_preprocessor.layout.num_joints
        shape = (*args.shape, num_joints, 3)
        rows = count_complexity(streams, shape)
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f'error: {" ".join(str(error).split())}')
    rows['total'] = [sum(column) for column in zip(*rows.values())]
    print(f'{counted}, one clip (M, T, V, C) = {shape}')
    print(f'{"modality":18}{"parameters":>12}{"GFLOP":>9}')
    for name, (parameters, flops) in rows.items():
        print(f'{name:18}{parameters:12,}{flops / 1e9:9.3f}')
    print(
        'A multiply-add is two FLOPs; norms, activations and the derivation '
        'of the modalities are not counted.'
    )


if __name__ == '__main__':
    main()
