"""Whatever reads a file of others refuses code in it, and runs none."""

import os
import pickle
import re
import runpy
import sys

import numpy as np
import pytest
import torch
from helpers import CONFIGS, ROOT, tiny
from mmaction.registry import MODELS
from mmengine.config import Config

from projects.ikem.apis import init_model
from projects.ikem.datasets.prepared import read_annotations


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def run_tool(tool, *args):
    """Run a tool in this process, as its command would."""
    path = ROOT / tool
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [str(path), *map(str, args)])
        runpy.run_path(str(path), run_name='__main__')


@pytest.fixture
def config(prepared_ntu, tmp_path):
    """Of a linear evaluation."""
    name = 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'
    cfg = tiny(Config.fromfile(CONFIGS / name), prepared_ntu, tmp_path)
    cfg.dump(tmp_path / 'config.py')
    return tmp_path / 'config.py'


def build(config, **options):
    model = MODELS.build(dict(Config.fromfile(config).model, **options))
    model.init_weights()


def build_student(checkpoint):
    name = 'distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'
    cfg = Config.fromfile(CONFIGS / name)
    cfg.model.teacher.pretrained = str(checkpoint)
    MODELS.build(cfg.model).init_weights()


READERS = {
    'tested checkpoint': lambda file, config, out: run_tool(
        'tools/test.py', config, file, '--work-dir', out
    ),
    'trained further': lambda file, config, out: run_tool(
        *('tools/train.py', config, '--work-dir', out),
        *('--cfg-options', f'load_from={file}'),
    ),
    'pretrained': lambda file, config, out: build(config, pretrained=file),
    'teacher': lambda file, config, out: build_student(file),
    'classifier': lambda file, config, out: init_model(config, file),
    'demo': lambda file, config, out: run_tool(
        'demo/demo_skeleton.py', 'S001C001P001R001A001.skeleton', config, file
    ),
    'export': lambda file, config, out: run_tool(
        'tools/deployment/export_onnx.py', config, file, '--out', out
    ),
    'converted': lambda file, config, out: run_tool(
        'tools/model_converters/convert_released.py', file, out
    ),
}


@pytest.mark.parametrize('read', READERS.values(), ids=READERS)
def test_checkpoints(read, config, tmp_path):
    file, marker = tmp_path / 'evil.pth', tmp_path / 'marker'
    torch.save(dict(state_dict=dict(a=Evil(marker))), file)
    with pytest.raises((SystemExit, ValueError)) as caught:
        read(str(file), config, tmp_path / 'out')
    message = str(caught.value)
    assert re.search(r'evil.pth is refused.*mkdir', message)
    assert '\n' not in message
    assert not marker.exists()
    torch.load(file, weights_only=False)  # which shows that it could be
    assert marker.exists()


PICKLES = {
    'poses': ('tools/data/prepare_pose_pickle.py', '{file}', '{out}'),
    'labels': (
        *('tools/data/prepare_crossclr.py', '{folder}', '{out}'),
        *('--split', 'xsub'),
    ),
}


@pytest.mark.parametrize('command', PICKLES.values(), ids=PICKLES)
def test_pickles(command, tmp_path):
    file, marker = tmp_path / 'train_label.pkl', tmp_path / 'marker'
    file.write_bytes(pickle.dumps(Evil(marker)))
    np.save(tmp_path / 'train_position.npy', np.ones((1, 3, 2, 25, 2), 'f4'))
    names = dict(file=file, folder=tmp_path, out=tmp_path / 'out')
    with pytest.raises(SystemExit) as caught:
        run_tool(*(part.format(**names) for part in command))
    message = str(caught.value)
    assert re.search(r'train_label.pkl: refused.*mkdir', message)
    assert '\n' not in message
    assert not marker.exists()
    assert not (tmp_path / 'out').exists()
    pickle.loads(file.read_bytes())  # which shows that it could be
    assert marker.exists()


def test_arrays(prepared_ntu, tmp_path):
    """Of objects, which numpy would unpickle."""
    marker = tmp_path / 'marker'
    array = np.array([Evil(marker)], dtype=object)
    for name in ('keypoint', 'train_position'):
        np.save(tmp_path / f'{name}.npy', array, allow_pickle=True)
    np.savez(tmp_path / 'scores.npz', names=array, labels=[0])
    (tmp_path / 'annotations.json').symlink_to(
        f'{prepared_ntu}/annotations.json'
    )
    with pytest.raises(ValueError, match='keypoint.npy is damaged'):
        read_annotations(tmp_path)
    with pytest.raises(SystemExit, match='train_position.npy: no whole npy'):
        run_tool(
            *('tools/data/prepare_crossclr.py', tmp_path, tmp_path / 'out'),
            *('--split', 'xsub'),
        )
    with pytest.raises(SystemExit, match='scores.npz: '):
        run_tool(
            'tools/analysis_tools/fuse_scores.py', tmp_path / 'scores.npz'
        )
    assert not marker.exists()
    np.load(tmp_path / 'keypoint.npy', allow_pickle=True)  # it could be
    assert marker.exists()
