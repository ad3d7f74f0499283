"""Write the features of clips by any checkpoint, pre-trainings too.

python tools/features.py CONFIG CHECKPOINT --split all --out features.npz
"""

import argparse

from ikem_cli.arguments import add_cfg_options
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write the features of clips as an .npz'
    )
    parser.add_argument('config', help='of a pre-training or a classifier')
    parser.add_argument('checkpoint', help='its checkpoint or work dir')
    add_cfg_options(parser)
    parser.add_argument(
        '--split',
        help='a split of the data, or all for all clips of the folder '
        '(default: that of test_dataloader in the config)',
    )
    parser.add_argument('--out', required=True, help='the .npz to write')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with one_line_errors():
        require_config(args.config)
        if not args.out.endswith('.npz'):
            raise ValueError(f'--out {args.out}: features are an .npz')
        from mmengine.device import get_device

        from projects.ikem.engine.cli import read_config
        from projects.ikem.engine.config_check import apply_options
        from projects.ikem.loading import load_model
        from projects.ikem.visualization.encoded import (
            clip_loader,
            encode,
            to_features,
        )

        cfg = read_config(args.config)
        apply_options(cfg, args.cfg_options)
        model = load_model(cfg, args.checkpoint, get_device())
        clips = encode(model, clip_loader(cfg, args.split, unlabelled=True))
        features = to_features(clips)
        features.save(args.out)
    shapes = ', '.join(f'{u} {f.shape}' for u, f in features.streams.items())
    print(f'{args.out}: {len(features.names)} clips; {shapes}')


if __name__ == '__main__':
    main()
