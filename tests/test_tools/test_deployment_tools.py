"""The tools that deploy and use a classifier, end to end."""

import numpy as np
import pytest
import torch
from commands import fail, succeed
from conftest import NUM_FRAMES
from helpers import CONFIGS, LINEAR, read, write_classifier

from projects.ikem.datasets.synthetic.kinect import write_skeleton

FLOPS = 'tools/analysis_tools/get_flops.py'
EXPORT = 'tools/deployment/export_onnx.py'
DEMO = 'demo/demo_skeleton.py'


@pytest.fixture
def files(tmp_path):
    """A config of a tiny classifier of one modality, and its checkpoint."""
    classes = [f'action-{i}' for i in range(60)]
    return write_classifier(tmp_path, 'motion', classes=classes)


def test_export(tmp_path, files):
    onnxruntime = pytest.importorskip('onnxruntime')
    out = tmp_path / 'student.onnx'
    text = succeed(EXPORT, *files, '--out', out)
    assert "joints ('batch', 2, 8, 25, 3)" in text
    assert 'largest difference' in text
    scores, features = onnxruntime.InferenceSession(str(out)).run(
        None,
        dict(
            joints=np.zeros((3, 2, 8, 25, 3), np.float32),
            raw_frames=np.full(3, 8),
        ),
    )
    assert (scores.shape, features.shape) == ((3, 60), (3, 8))
    assert 'student.onnx' in fail(EXPORT, *files, '--out', out)


def test_flops():
    lines = succeed(FLOPS, LINEAR).splitlines()
    assert '(2, 50, 25, 3)' in lines[0]
    assert [line.split() for line in lines[2:-1]] == [
        *([u, '836,800', '1.189'] for u in ('joint', 'motion', 'bone')),
        ['total', '2,510,400', '3.568'],
    ]


def test_flops_of_a_pretraining(tmp_path, prepared_nwucla):
    name = 'skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'
    cfg = read(f'skeletonclr/{name}')
    cfg.train_dataloader.dataset.data_root = prepared_nwucla
    cfg.dump(tmp_path / 'mine.py')
    lines = succeed(FLOPS, tmp_path / 'mine.py').splitlines()
    assert 'query encoders' in lines[0]
    # one person, as in the folder
    assert f'(1, {NUM_FRAMES}, 20, 3)' in lines[0]
    assert lines[2].split()[0] == 'joint'
    assert lines[2].split()[1:] == lines[3].split()[1:]


RUNTIME = CONFIGS / '_base_/default_runtime.py'


@pytest.mark.parametrize(
    'tool, args',
    [
        (FLOPS, (RUNTIME,)),
        (EXPORT, (RUNTIME, 'no.pth', '--out', 'no.onnx')),
        (DEMO, ('no.skeleton', RUNTIME, 'no.pth')),
    ],
)
def test_a_config_without_a_model(tool, args):
    assert 'default_runtime.py' in fail(tool, *args)


def test_demo(tmp_path, files):
    path = tmp_path / 'mine.skeleton'
    joints = np.random.default_rng(0).normal(size=(1, 9, 25, 3))
    write_skeleton(path, joints + [0, 0, 9])
    text = succeed(DEMO, path, *files, '--topk', 3)
    head, *lines = text.splitlines()
    assert head.split() == ['class', 'score', 'name']
    labels, scores, names = zip(*(line.split() for line in lines))
    assert names == tuple(f'action-{label}' for label in labels)
    assert len(lines) == 3
    assert list(map(float, scores)) == sorted(map(float, scores))[::-1]
    assert 'no.skeleton' in fail(DEMO, tmp_path / 'no.skeleton', *files)


def test_a_checkpoint_that_does_not_fit(files):
    config, checkpoint = files
    loaded = torch.load(checkpoint)
    del loaded['state_dict']['head.motion.bias']
    torch.save(loaded, checkpoint)
    for command in (
        (EXPORT, *files, '--out', 'x.onnx'),
        (DEMO, 'x.skeleton', *files),
    ):
        assert 'head.motion.bias' in fail(*command)
