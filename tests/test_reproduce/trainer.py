"""Stands in for tools/train.py: no training, the same traces.

Of each epoch it leaves a checkpoint, named in ``last_checkpoint``, and a line
of ``acc/top1``. A file ``break`` or ``hold`` in the current folder names a
work dir and an epoch before which the training breaks off, or waits until the
file is gone.
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
parser.add_argument('--amp', action='store_true')
parser.add_argument('--no-validate', action='store_true')
parser.add_argument('--work-dir', type=Path)
parser.add_argument('--cfg-options', nargs='+')
args = parser.parse_args()
cfg = {}  # without mmengine, which takes a second to import
exec(Path(args.config).read_text(), cfg)
for option in args.cfg_options:
    key, _, text = option.partition('=')
    *parents, last = key.split('.')
    node = cfg
    for parent in parents:
        node = node[parent]
    is_text = last in ('pretrained', 'split')
    node[last] = text if is_text else ast.literal_eval(text)


def named(file, epoch):
    path = Path(file)
    return path.exists() and path.read_text() == f'{args.work_dir} {epoch}'


note = args.work_dir / 'last_checkpoint'
begun = int(Path(note.read_text()).stem[6:]) if note.exists() else 0
log = args.work_dir / f'from_{begun}/vis_data/scalars.json'
log.parent.mkdir(parents=True, exist_ok=True)
pretrained = cfg['model']['pretrained']
text = Path(pretrained).read_text(errors='replace') if pretrained else ''
for epoch in range(begun + 1, cfg['train_cfg']['max_epochs'] + 1):
    if named('break', epoch):
        sys.exit('it broke')
    while named('hold', epoch):
        Path('held').touch()
        time.sleep(0.01)
    accuracy = cfg['optim_wrapper']['optimizer']['lr'] / (1 + abs(epoch - 2))
    accuracy += cfg['randomness']['seed'] / 100
    entry = {'acc/top1': accuracy, 'step': epoch}
    with log.open('a') as scalars:
        scalars.write(json.dumps(entry) + '\n')
    checkpoint = args.work_dir / f'epoch_{epoch}.pth'
    checkpoint.write_text(f'{text}{cfg["randomness"]}\n')
    note.write_text(str(checkpoint.resolve()))
print('trained')
