"""Draw the confusion matrix of a classifier or of its predictions.

python tools/visualizations/confusion.py CONFIG CHECKPOINT --out confusion.png
python tools/visualizations/confusion.py CONFIG predictions.npz --out ...

The predictions are those of ``tools/test.py CONFIG CHECKPOINT --dump FILE``.
"""

import argparse

from ikem_cli.arguments import add_cfg_options
from ikem_cli.errors import one_line_errors
from ikem_cli.places import require_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Draw the confusion matrix of a classifier'
    )
    parser.add_argument('config', help='its config, whose test set it is of')
    parser.add_argument(
        'predictions',
        metavar='PREDICTIONS',
        help='file of tools/test.py --dump (.npz), checkpoint or work dir',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--stream', help='such as fused, where there are several'
    )
    parser.add_argument('--out', required=True, help='picture to write')
    return parser.parse_args()


def main() -> None:
    with one_line_errors():
        args = parse_args()
        require_config(args.config)
        from mmengine.device import get_device

        from projects.ikem.apis import init_model, require_classifier
        from projects.ikem.engine.cli import read_config
        from projects.ikem.engine.config_check import apply_options
        from projects.ikem.evaluation.fusion import load_predictions
        from projects.ikem.visualization.clips import class_names
        from projects.ikem.visualization.confusion import (
            confusion_figure,
            confusion_matrix,
            most_confused,
        )
        from projects.ikem.visualization.encoded import (
            classify,
            clip_loader,
            encode,
        )
        from projects.ikem.visualization.panels import write

        cfg = read_config(args.config)
        apply_options(cfg, args.cfg_options)
        if args.predictions.endswith('.npz'):
            predictions = load_predictions(args.predictions, args.stream)
        else:
            model = init_model(cfg, args.predictions, get_device())
            require_classifier(model)
            clips = encode(model, clip_loader(cfg))
            predictions = classify(model, clips, args.stream)
        names = predictions.names
        metainfo = dict(
            clip_loader(cfg).dataset.metainfo,
            num_classes=predictions.scores.shape[1],
        )
        classes = class_names(metainfo)
        matrix = confusion_matrix(predictions.labels, predictions.scores)
        top1 = predictions.accuracy()['top1']
        title = f'{len(names)} clips, {top1:.1f} % right'
        write(confusion_figure(matrix, classes, title), args.out)
    print(title)
    for true, predicted, num in most_confused(matrix):
        print(f'{num:6}  {classes[true]} taken for {classes[predicted]}')


if __name__ == '__main__':
    main()
