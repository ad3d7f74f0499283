"""Parameters and FLOPs of the model of a config.

python tools/analysis_tools/get_flops.py CONFIG
"""

import argparse

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


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


def main() -> None:
    args = parse_args()
    with one_line_errors():
        require_config(args.config)
        from projects.ikem.deployment import (
            count_complexity,
            counted_streams,
            prepared_shape,
        )
        from projects.ikem.engine.cli import read_config
        from projects.ikem.loading import load_model

        cfg = read_config(args.config)
        model = load_model(cfg)
        counted, streams = counted_streams(model)
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
