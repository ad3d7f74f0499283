"""Whatever takes a checkpoint takes a work dir, and reads its last one."""

import runpy
import shutil
import sys

import numpy as np
import pytest
import torch
from helpers import CONFIGS, ROOT, tiny
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner
from released import make

from projects.ikem.apis import init_model
from projects.ikem.loading import load_model

LINEAR = 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'
PRETRAINING = 'skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
STUDENTS = 'distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'

pytestmark = pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')


def run_tool(tool, *args):
    """Run a tool in this process, as its command would."""
    path = ROOT / tool
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [str(path), *map(str, args)])
        runpy.run_path(str(path), run_name='__main__')


@pytest.fixture(scope='module')
def work_dirs(prepared_ntu, tmp_path_factory):
    """Of a pre-training and of a classifier, moved since, with a config."""
    root = tmp_path_factory.mktemp('work_dirs')
    for name, path in (('pretraining', PRETRAINING), ('linear', LINEAR)):
        cfg = tiny(Config.fromfile(CONFIGS / path), prepared_ntu, root / 'old')
        cfg.train_cfg.update(max_epochs=2, val_interval=9)
        cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
        cfg.experiment_name = f'work_dirs_{name}'
        Runner.from_cfg(cfg).train()
        (root / 'old').rename(root / name)
        cfg.dump(root / name / 'tiny.py')
    return root


def weights(module):
    return torch.cat([x.flatten() for x in module.state_dict().values()])


def scores(root, checkpoint, out):
    run_tool(
        *('tools/test.py', root / 'linear/tiny.py', checkpoint),
        *('--work-dir', out, '--dump', out / 'x.npz'),
    )
    return np.load(out / 'x.npz')['scores_fused']


def train(root, out, *options):
    run_tool(
        *('tools/train.py', root / 'linear/tiny.py', '--work-dir', out),
        *options,
    )
    checkpoints = sorted(out.glob('epoch_*.pth'))
    model = init_model(root / 'linear/tiny.py', checkpoints[0])
    return weights(model)


def resumed(root, checkpoint, out):
    options = ('--cfg-options', 'train_cfg.max_epochs=3')
    return train(root, out, '--resume', checkpoint, *options)


def trained_further(root, checkpoint, out):
    return train(root, out, '--cfg-options', f'load_from={checkpoint}')


def pretrained(root, checkpoint, out):
    cfg = Config.fromfile(root / 'linear/tiny.py')
    model = MODELS.build(dict(cfg.model, pretrained=str(checkpoint)))
    model.init_weights()
    return weights(model.backbone)


def teacher(root, checkpoint, out):
    cfg = tiny(Config.fromfile(CONFIGS / STUDENTS), 'data', out)
    modalities = ['joint', 'motion', 'bone']
    cfg.model.teacher.update(modalities=modalities, pretrained=str(checkpoint))
    model = MODELS.build(cfg.model)
    model.init_weights()
    return weights(model.teacher)


def classifier(root, checkpoint, out):
    return weights(init_model(root / 'linear/tiny.py', checkpoint))


def encoders(root, checkpoint, out):
    """As pictures of features need them."""
    cfg = Config.fromfile(root / 'pretraining/tiny.py')
    return weights(load_model(cfg, checkpoint))


READERS = {
    'tested': (scores, 'linear'),
    'resumed': (resumed, 'linear'),
    'load_from': (trained_further, 'linear'),
    'pretrained': (pretrained, 'pretraining'),
    'teacher': (teacher, 'pretraining'),
    'classifier': (classifier, 'linear'),
    'encoders': (encoders, 'pretraining'),
}


@pytest.mark.parametrize('read, name', READERS.values(), ids=READERS)
def test_the_last_checkpoint_counts(read, name, work_dirs, tmp_path):
    results = []
    for i, end in enumerate(('', 'epoch_2.pth', 'epoch_1.pth')):
        (tmp_path / str(i)).mkdir()
        checkpoint = work_dirs / name / end
        results.append(read(work_dirs, checkpoint, tmp_path / str(i)))
    of_folder, of_last, of_first = (np.asarray(x) for x in results)
    assert np.array_equal(of_folder, of_last)
    assert not np.array_equal(of_folder, of_first)


def test_a_released_checkpoint(tmp_path):
    (tmp_path / 'a').mkdir()
    torch.save(make('encoder', 1), tmp_path / 'a/x.pt')
    (tmp_path / 'a/last_checkpoint').write_text('/gone/x.pt')
    tool = 'tools/model_converters/convert_released.py'
    run_tool(tool, tmp_path / 'a', tmp_path / 'b.pth', '--modality=bone')
    assert (tmp_path / 'b.pth').is_file()


def test_a_folder_without_checkpoint(work_dirs, tmp_path):
    folder = shutil.copytree(work_dirs / 'linear', tmp_path / 'a')
    (folder / 'last_checkpoint').unlink()
    with pytest.raises(SystemExit, match=f'{folder} has no last_checkpoint'):
        run_tool('tools/test.py', folder / 'tiny.py', folder)
