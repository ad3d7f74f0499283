"""Parameters and FLOPs of the model of a config.

python tools/analysis_tools/get_flops.py CONFIG
"""

import argparse
from pathlib import Path
from typing import Mapping, Tuple

from mmengine.config import Config
from torch import nn

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.deployment import DeployedClassifier, count_complexity
from projects.ikem.engine.cli import one_line_errors, positive_int, read_config
from projects.ikem.loading import load_model
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
        metavar=('PERSONS', 'FRAMES'),
        help="of a clip; by default as in the config's prepared folder, "
        'without one 2 and 50',
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


def prepared_shape(cfg: Config) -> Tuple[int, int]:
    """Persons and frames of the clips that the config trains on."""
    folder = Path(cfg.train_dataloader.dataset.data_root)
    if not folder.exists():
        return 2, 50
    return tuple(read_annotations(folder)['keypoint']['shape'][1:3])


def main() -> None:
    args = parse_args()
    with one_line_errors('get_flops.py'):
        cfg = read_config(args.config)
        model = load_model(cfg)
        counted, streams = get_streams(model)
        num_joints = model.data_preprocessor.layout.num_joints
        shape = (*(args.shape or prepared_shape(cfg)), num_joints, 3)
        rows = count_complexity(streams, shape)
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
