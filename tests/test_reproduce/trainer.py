"""Stands in for tools/train.py: no training, the same traces.

Of each epoch it leaves a checkpoint, named in ``last_checkpoint``, and a line
of ``acc/top1``; the config with its options beside them; ``model.fail``
breaks off before that epoch, as long as there is no file ``mended``.
"""

import argparse
import ast
import json
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument('config')
parser.add_argument('--resume', action='store_true', required=True)
parser.add_argument('--no-validate', action='store_true')
parser.add_argument('--work-dir', type=Path)
parser.add_argument('--cfg-options', nargs='+')
args = parser.parse_args()

cfg = {}
exec(Path(args.config).read_text(), cfg)
cfg = {key: value for key, value in cfg.items() if key[0] != '_'}
for option in args.cfg_options:
    key, _, text = option.partition('=')
    *parents, last = key.split('.')
    node = cfg
    for parent in parents:
        node = node[parent]
    try:
        node[last] = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        node[last] = text

name = time.strftime('%Y%m%d_%H%M%S')
last = args.work_dir / 'last_checkpoint'
begun = int(Path(last.read_text()).stem[6:]) if last.exists() else 0
part = args.work_dir / name
(part / 'vis_data').mkdir(parents=True, exist_ok=True)
(args.work_dir / Path(args.config).name).write_text(
    ''.join(f'{key} = {value!r}\n' for key, value in cfg.items())
)
(part / f'{name}.log').write_text('')
pretrained = cfg['model']['pretrained']
text = Path(pretrained).read_text() if pretrained else ''
with (part / 'vis_data/scalars.json').open('a') as scalars:
    for epoch in range(begun + 1, cfg['train_cfg']['max_epochs'] + 1):
        if epoch == cfg['model']['fail'] and not Path('mended').exists():
            sys.exit('it broke')
        accuracy = cfg['model']['quality'] / (1 + abs(epoch - 2))
        accuracy += cfg['randomness']['seed'] / 100
        entry = {'acc/top1': accuracy, 'step': epoch}
        scalars.write(json.dumps(entry) + '\n')
        checkpoint = args.work_dir / f'epoch_{epoch}.pth'
        checkpoint.write_text(f'{text}{cfg["model"]} {cfg["randomness"]}\n')
        last.write_text(str(checkpoint.resolve()))
print('trained')
