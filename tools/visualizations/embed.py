"""Draw the features of clips in the plane, by t-SNE or UMAP.

python tools/visualizations/embed.py CONFIG CHECKPOINT --out features.png
"""

import argparse

from ikem_cli.arguments import add_cfg_options, positive_int
from ikem_cli.choices import EMBEDDINGS
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Draw the features of clips in the plane'
    )
    parser.add_argument('config', help='of a pre-training or a classifier')
    parser.add_argument('checkpoint', help='its checkpoint or work dir')
    add_cfg_options(parser)
    parser.add_argument(
        '--split', help='by default that of test_dataloader in the config'
    )
    parser.add_argument(
        '--stream', help='a modality, or fused (default: fused if several)'
    )
    parser.add_argument('--method', choices=EMBEDDINGS, default='tsne')
    parser.add_argument(
        '--colour',
        metavar='FIELD',
        default='class',
        help='class, or a field of the annotations, such as subject',
    )
    parser.add_argument(
        '--max-clips',
        type=positive_int,
        default=2000,
        help='of more, so many are drawn at random (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='of the method')
    parser.add_argument('--out', required=True, help='picture to write')
    return parser.parse_args()


def draw(args: argparse.Namespace):
    """The picture that is asked for."""
    from mmengine.device import get_device

    from projects.ikem.engine.cli import read_config
    from projects.ikem.engine.config_check import apply_options
    from projects.ikem.loading import load_model
    from projects.ikem.visualization.clips import class_names
    from projects.ikem.visualization.embedding import (
        check_groups,
        embedding_figure,
        to_plane,
    )
    from projects.ikem.visualization.encoded import (
        clip_loader,
        encode,
        field_of,
        stream_vectors,
    )

    cfg = read_config(args.config)
    apply_options(cfg, args.cfg_options)
    model = load_model(cfg, args.checkpoint, get_device())
    clips = encode(model, clip_loader(cfg, args.split, args.max_clips))
    if args.colour == 'class':
        groups = clips.labels
        legend = class_names(clips.dataset.metainfo)
    else:
        groups = field_of(clips, args.colour)
        check_groups(groups)
        legend = None
    stream = args.stream or clips.stream
    vectors = stream_vectors(clips.features, stream).cpu().numpy()
    points = to_plane(vectors, args.method, args.seed)
    title = f'{len(clips.names)} clips, {stream}, by {args.colour}'
    return embedding_figure(points, groups, legend, title)


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from projects.ikem.visualization.panels import write

        write(draw(args), args.out)


if __name__ == '__main__':
    main()
