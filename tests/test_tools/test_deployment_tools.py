"""The tools that deploy and use a classifier, end to end."""

import runpy
import sys

import numpy as np
import pytest
import torch
from helpers import CONFIGS, ROOT, tiny
from mmaction.registry import MODELS
from mmengine.config import Config

from projects.ikem.datasets.sources import preprocessing_chain
from projects.ikem.datasets.synthetic.kinect import write_skeleton

LINEAR = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'


def run(monkeypatch, path, *args):
    path = str(ROOT / path)
    monkeypatch.setattr(sys, 'argv', [path, *map(str, args)])
    runpy.run_path(path, run_name='__main__')


@pytest.fixture
def files(tmp_path):
    """A config of a tiny classifier of one modality, and its checkpoint."""
    cfg = tiny(Config.fromfile(LINEAR), 'data', str(tmp_path))
    cfg.model.data_preprocessor.modalities = ['motion']
    cfg.dump(tmp_path / 'tiny.py')
    meta = dict(
        num_persons=2,
        num_frames=8,
        preprocessing=preprocessing_chain('ntu-25', 8),
        classes=[f'action-{i}' for i in range(60)],
    )
    torch.save(
        dict(
            state_dict=MODELS.build(cfg.model).state_dict(),
            meta=dict(dataset_meta=meta),
        ),
        tmp_path / 'tiny.pth',
    )
    return tmp_path / 'tiny.py', tmp_path / 'tiny.pth'


def test_export(monkeypatch, capsys, tmp_path, files):
    onnxruntime = pytest.importorskip('onnxruntime')
    out = tmp_path / 'student.onnx'
    tool = 'tools/deployment/export_onnx.py'
    run(monkeypatch, tool, *files, '--out', out)
    text = capsys.readouterr().out
    assert "joints ('batch', 2, 8, 25, 3)" in text
    assert 'largest difference of onnxruntime from torch: ' in text
    scores, features = onnxruntime.InferenceSession(str(out)).run(
        None,
        dict(
            joints=np.zeros((3, 2, 8, 25, 3), np.float32),
            raw_frames=np.full(3, 8),
        ),
    )
    assert (scores.shape, features.shape) == ((3, 60), (3, 8))
    with pytest.raises(
        SystemExit, match='^export_onnx.py: .*onnx exists already$'
    ):
        run(monkeypatch, tool, *files, '--out', out)


def test_flops(monkeypatch, capsys):
    tool = 'tools/analysis_tools/get_flops.py'
    run(monkeypatch, tool, LINEAR)
    lines = capsys.readouterr().out.splitlines()
    assert '(2, 50, 25, 3)' in lines[0]
    assert [line.split() for line in lines[2:-1]] == [
        *([u, '836,800', '1.189'] for u in ('joint', 'motion', 'bone')),
        ['total', '2,510,400', '3.568'],
    ]
    assert 'A multiply-add is two FLOPs' in lines[-1]


def test_flops_of_a_pretraining(
    monkeypatch, capsys, tmp_path, prepared_nwucla
):
    name = 'skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'
    cfg = Config.fromfile(CONFIGS / 'skeletonclr' / name)
    cfg.train_dataloader.dataset.data_root = prepared_nwucla
    cfg.dump(tmp_path / 'mine.py')
    tool = 'tools/analysis_tools/get_flops.py'
    run(monkeypatch, tool, tmp_path / 'mine.py')
    lines = capsys.readouterr().out.splitlines()
    assert 'query encoders and their projectors' in lines[0]
    assert '(1, 50, 20, 3)' in lines[0]  # one person, as in the folder
    assert lines[2].split()[0] == 'joint'
    assert lines[2].split()[1:] == lines[3].split()[1:]


@pytest.mark.parametrize(
    'tool, args',
    [
        ('tools/analysis_tools/get_flops.py', ()),
        ('tools/deployment/export_onnx.py', ('no.pth', '--out', 'no.onnx')),
        ('demo/demo_skeleton.py', ('no.pth',)),
    ],
)
def test_a_config_without_a_model(monkeypatch, tool, args):
    config = CONFIGS / '_base_/default_runtime.py'
    files = ('no.skeleton',) if tool.startswith('demo') else ()
    name = tool.split('/')[-1]
    with pytest.raises(SystemExit, match=f'^{name}: .*default_runtime.py has'):
        run(monkeypatch, tool, *files, config, *args)


def test_demo(monkeypatch, capsys, tmp_path, files):
    path = tmp_path / 'mine.skeleton'
    joints = np.random.default_rng(0).normal(size=(1, 9, 25, 3))
    write_skeleton(path, joints + [0, 0, 9])
    tool = 'demo/demo_skeleton.py'
    run(monkeypatch, tool, path, *files, '--topk', 3)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ['class', 'score', 'name']
    labels, scores, names = zip(*(line.split() for line in lines))
    assert names == tuple(f'action-{label}' for label in labels)
    assert len(lines) == 3
    assert list(map(float, scores)) == sorted(map(float, scores))[::-1]
    with pytest.raises(SystemExit, match='^demo_skeleton.py: .*no.skeleton'):
        run(monkeypatch, tool, tmp_path / 'no.skeleton', *files)
