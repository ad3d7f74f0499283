"""Whatever reads a file of others refuses code in it, and runs none."""

import os
import pickle

import numpy as np
import pytest
import torch
from commands import fail
from fuzz import Call
from helpers import DISTILLATION, LINEAR, read, tiny
from mmaction.registry import MODELS
from mmengine.config import Config

from projects.ikem.apis import init_model
from projects.ikem.datasets.prepared import read_annotations


def evil_call(marker):
    """Makes a folder when it is unpickled."""
    return Call(os.mkdir, str(marker))


@pytest.fixture
def config(prepared_ntu, tmp_path):
    """Of a linear evaluation."""
    tiny(LINEAR, prepared_ntu, tmp_path).dump(tmp_path / 'config.py')
    return tmp_path / 'config.py'


def pretrained(config, file):
    model = Config.fromfile(config).model
    MODELS.build(dict(model, pretrained=file)).init_weights()


def teacher(config, file):
    cfg = read(DISTILLATION)
    cfg.model.teacher.pretrained = file
    MODELS.build(cfg.model).init_weights()


TOOLS = {
    'test': ('tools/test.py', '{config}', '{file}', '--work-dir', '{out}'),
    'train': (
        *('tools/train.py', '{config}', '--work-dir', '{out}'),
        *('--cfg-options', 'load_from={file}'),
    ),
    'demo': (
        *('demo/demo_skeleton.py', 'S001C001P001R001A001.skeleton'),
        *('{config}', '{file}'),
    ),
    'export': (
        *('tools/deployment/export_onnx.py', '{config}', '{file}'),
        *('--out', '{out}'),
    ),
    'convert': (
        'tools/model_converters/convert_released.py',
        *('{file}', '{out}'),
    ),
}


@pytest.fixture
def evil(tmp_path):
    """A checkpoint that nothing may execute."""
    file, marker = tmp_path / 'evil.pth', tmp_path / 'marker'
    torch.save(dict(state_dict=dict(a=evil_call(marker))), file)
    yield str(file)
    assert not marker.exists()
    torch.load(file, weights_only=False)  # which shows that it could be
    assert marker.exists()


@pytest.mark.parametrize('command', TOOLS.values(), ids=TOOLS)
def test_tools(command, evil, config, tmp_path):
    names = dict(config=config, file=evil, out=tmp_path / 'out')
    line = fail(*(part.format(**names) for part in command))
    assert 'evil.pth' in line and 'mkdir' in line


@pytest.mark.parametrize('load', [pretrained, teacher, init_model])
def test_checkpoints(load, evil, config):
    with pytest.raises(ValueError, match='evil.pth.*mkdir'):
        load(config, evil)


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
    file.write_bytes(pickle.dumps(evil_call(marker)))
    np.save(tmp_path / 'train_position.npy', np.ones((1, 3, 2, 25, 2), 'f4'))
    names = dict(file=file, folder=tmp_path, out=tmp_path / 'out')
    line = fail(*(part.format(**names) for part in command))
    assert 'train_label.pkl' in line and 'mkdir' in line
    assert not marker.exists()
    assert not (tmp_path / 'out').exists()
    pickle.loads(file.read_bytes())  # which shows that it could be
    assert marker.exists()


def test_arrays(prepared_ntu, tmp_path):
    """Of objects, which numpy would unpickle."""
    marker = tmp_path / 'marker'
    array = np.array([evil_call(marker)], dtype=object)
    for name in ('keypoint', 'train_position'):
        np.save(tmp_path / f'{name}.npy', array, allow_pickle=True)
    np.savez(tmp_path / 'scores.npz', names=array, labels=[0])
    (tmp_path / 'annotations.json').symlink_to(
        f'{prepared_ntu}/annotations.json'
    )
    with pytest.raises(ValueError, match='keypoint.npy'):
        read_annotations(tmp_path)
    tool = 'tools/data/prepare_crossclr.py'
    line = fail(tool, tmp_path, tmp_path / 'out', '--split', 'xsub')
    assert 'train_position.npy' in line
    tool = 'tools/analysis_tools/fuse_scores.py'
    assert 'scores.npz' in fail(tool, tmp_path / 'scores.npz')
    assert not marker.exists()
    np.load(tmp_path / 'keypoint.npy', allow_pickle=True)  # it could be
    assert marker.exists()
