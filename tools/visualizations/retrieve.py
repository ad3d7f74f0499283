"""Draw the clips nearest to a clip by the features of a checkpoint.

python tools/visualizations/retrieve.py CONFIG CHECKPOINT --clip NAME --out PNG
"""

import argparse

from projects.ikem.datasets.prepare import positive_int
from projects.ikem.engine.cli import (
    add_cfg_options,
    apply_options,
    one_line_errors,
    read_config,
)
from projects.ikem.engine.loops.frozen_feature_loop import extract_features
from projects.ikem.visualization.clips import load_clips, position
from projects.ikem.visualization.encoded import (
    clip_loader,
    default_stream,
    labels_of,
    load_model,
    names_of,
)
from projects.ikem.visualization.panels import write
from projects.ikem.visualization.retrieval import nearest, retrieval_figure


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
    cfg = read_config(args.config)
    apply_options(cfg, args.cfg_options)
    split = args.gallery or cfg.train_dataloader.dataset.split
    query_loader = clip_loader(cfg, args.split)
    gallery_loader = clip_loader(cfg, split)
    chosen = position(query_loader.dataset, args.clip)
    (query_clip,) = load_clips(query_loader.dataset, [chosen])
    query_loader.dataset.get_subset_([chosen])
    model = load_model(cfg, args.checkpoint)
    query = extract_features(model, query_loader)
    gallery = extract_features(model, gallery_loader, progress=True)
    names = names_of(gallery)
    itself = names.index(args.clip) if args.clip in names else None
    stream = args.stream or default_stream(query.features)
    similarity, indices = nearest(
        query.features, gallery.features, stream, args.k, itself
    )
    right = labels_of(gallery)[indices.cpu()] == labels_of(query)[0]
    clips = load_clips(gallery_loader.dataset, indices.tolist())
    for clip, s, hit in zip(clips, similarity.tolist(), right):
        print(f'{"right" if hit else "wrong"}  {s:.3f}  {clip.title}')
    return retrieval_figure(query_clip, clips, similarity.tolist(), right)


def main() -> None:
    with one_line_errors('retrieve.py'):
        args = parse_args()
        write(draw(args), args.out)


if __name__ == '__main__':
    main()
