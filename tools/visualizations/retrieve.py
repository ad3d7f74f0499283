"""Draw the clips nearest to a clip by the features of a checkpoint.

python tools/visualizations/retrieve.py CONFIG CHECKPOINT --clip NAME --out PNG
"""

import argparse

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Draw the clips nearest to a clip'
    )
    parser.add_argument('config', help='of a pre-training or a classifier')
    parser.add_argument('checkpoint', help='its checkpoint or work dir')
    add_cfg_options(parser)
    parser.add_argument('--clip', required=True, help='name of the clip')
    parser.add_argument(
        '--split',
        help='of the clip; by default that of test_dataloader in the config',
    )
    parser.add_argument(
        '--gallery',
        help='split of its neighbours; by default that of train_dataloader',
    )
    parser.add_argument('--k', type=positive_int, default=5)
    parser.add_argument(
        '--stream', help='a modality, or fused (default: fused if several)'
    )
    parser.add_argument('--out', required=True, help='picture to write')
    return parser.parse_args()


def draw(args: argparse.Namespace):
    """The picture that is asked for."""
    from mmengine.device import get_device

    from projects.ikem.engine.cli import read_config
    from projects.ikem.engine.config_check import apply_options
    from projects.ikem.loading import load_model
    from projects.ikem.visualization.clips import position
    from projects.ikem.visualization.encoded import clip_loader, encode
    from projects.ikem.visualization.retrieval import neighbours_of

    cfg = read_config(args.config)
    apply_options(cfg, args.cfg_options)
    split = args.gallery or cfg.train_dataloader.dataset.split
    query_loader = clip_loader(cfg, args.split)
    gallery_loader = clip_loader(cfg, split)
    chosen = position(query_loader.dataset, args.clip)
    query_loader.dataset.get_subset_([chosen])
    model = load_model(cfg, args.checkpoint, get_device())
    query = encode(model, query_loader)
    gallery = encode(model, gallery_loader)
    stream = args.stream or query.stream
    found = neighbours_of(query, 0, gallery, stream, args.k)
    for clip, s, hit in zip(found.clips, found.similarity, found.right):
        print(f'{"right" if hit else "wrong"}  {s:.3f}  {clip.title}')
    return found.figure


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from projects.ikem.visualization.panels import write

        write(draw(args), args.out)


if __name__ == '__main__':
    main()
