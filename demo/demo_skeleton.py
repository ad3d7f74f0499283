"""Recognise the action of one clip.

python demo/demo_skeleton.py
python demo/demo_skeleton.py FILE
python demo/demo_skeleton.py FILE CONFIG CHECKPOINT

Without a config the model is the one that comes with the package, which knows
synthetic actions; without a file the clip is, too.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors
from ikem_cli.places import BOXED_CONFIG, BOXED_WEIGHTS, require_config

if TYPE_CHECKING:
    from projects.ikem.apis import Prediction

SAMPLE = Path(__file__).with_name('jumping_jack.npy')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Recognise the action of one clip'
    )
    parser.add_argument(
        'file',
        nargs='?',
        default=str(SAMPLE),
        help='.skeleton file, or joints (persons, frames, joints, 3) as npy, '
        'pickle or json (default: a synthetic clip)',
    )
    parser.add_argument(
        'config',
        nargs='?',
        default=BOXED_CONFIG,
        help='config of a classifier (default: %(default)s)',
    )
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help=f'its checkpoint or work dir (default: {BOXED_WEIGHTS})',
    )
    parser.add_argument(
        '--topk', type=positive_int, default=5, help='classes to print'
    )
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args()
    if args.checkpoint is None:
        if args.config != BOXED_CONFIG:
            parser.error('a CONFIG needs its CHECKPOINT: give both, or none')
        args.checkpoint = BOXED_WEIGHTS
    return args


def to_table(prediction: 'Prediction', names, topk: int) -> str:
    """The classes of the highest scores, one a line."""
    scores, labels = prediction.scores.topk(min(topk, len(prediction.scores)))
    lines = ['class   score  name' if names else 'class   score']
    for score, label in zip(scores.tolist(), labels.tolist()):
        name = f'  {names[label]}' if names else ''
        lines.append(f'{label:5}{score:8.3f}{name}')
    return '\n'.join(lines)


def main() -> None:
    args = parse_args()
    with one_line_errors():
        require_config(args.config)
        from projects.ikem.apis import inference, init_model

        model = init_model(args.config, args.checkpoint, args.device)
        prediction = inference(model, args.file)
    print(to_table(prediction, model.dataset_meta.get('classes'), args.topk))


if __name__ == '__main__':
    main()
