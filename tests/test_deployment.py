from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_models
import torch
from mmaction.structures import ActionDataSample
from torch import nn

from projects.ikem import deployment
from projects.ikem.deployment import (
    DeployedClassifier,
    count_complexity,
    export_onnx,
    largest_difference,
    random_clips,
)
from projects.ikem.models.modalities import MODALITIES

SHAPE = (2, 8, 25, 3)
TINY = dict(
    type='STGCN',
    graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'),
    base_channels=4,
    num_stages=2,
    inflate_stages=[2],
    down_stages=[2],
)
STUDENT = ('joint', 'motion', 'bone')


def build(modalities, backbone=TINY, channels=8, num_classes=5, **kwargs):
    data = dict(type='ModalityDataPreprocessor', modalities=modalities)
    head = dict(in_channels=channels, num_classes=num_classes, frozen=False)
    return tiny_models.build(
        'SkeletonClassifier',
        data_preprocessor=dict(data, **kwargs),
        backbone=backbone,
        **head,
    )


def build_seeing(modalities, **kwargs):
    """A classifier that tells clips apart: its norm layers know them."""
    model = build(modalities, **kwargs).train()
    for name, p in model.named_parameters():
        if 'head' in name:
            nn.init.normal_(p)
    clips = random_clips(DeployedClassifier(model), SHAPE, 32)
    for _ in range(30):
        predict(model, *clips)
    return model.eval()


@torch.no_grad()
def predict(model, joints, raw_frames):
    """Scores (N, classes) and features by modality, as in testing."""
    data = dict(inputs=[x[None] for x in joints], data_samples=[])
    for frames in raw_frames.tolist():
        sample = ActionDataSample()
        sample.set_field(frames / joints.size(2), 'time_scale')
        data['data_samples'].append(sample)
    data = model.data_preprocessor(data)
    scores = [sample.pred_score for sample in model(**data, mode='predict')]
    f = model(**data, mode='tensor')
    if len(model.modalities) > 1:
        scores = [score['fused'] for score in scores]
    return torch.stack(scores), f


@pytest.mark.parametrize(
    'modalities, options',
    [
        (STUDENT, {}),
        (list(MODALITIES), dict(rotation_axis='raw')),
        (['motion'], dict(use_time_scale=False)),
        (['bone', 'joint'], dict(layout='ntu-25-crossclr')),
    ],
)
def test_predicts_what_the_classifier_does(modalities, options):
    model = build_seeing(modalities, **options)
    deployed = DeployedClassifier(model)
    joints, raw_frames = random_clips(deployed, SHAPE, 3)
    expected, f = predict(model, joints, raw_frames)
    scores, features = deployed(joints, raw_frames)
    torch.testing.assert_close(scores, expected)
    torch.testing.assert_close(
        features, torch.cat([f[u] for u in modalities], 1)
    )
    assert scores.std(0).max() > 0.01  # clips do not all look alike


def test_is_a_frozen_copy():
    model = build_seeing(STUDENT)
    deployed = DeployedClassifier(model)
    clips = random_clips(deployed, SHAPE, 2)
    before = deployed(*clips)[0]
    nn.init.ones_(model.fused_head['joint'].weight)
    torch.testing.assert_close(deployed(*clips)[0], before)
    assert model.backbone['joint'].data_bn.weight.requires_grad
    assert not any(p.requires_grad for p in deployed.parameters())


def test_the_student_is_as_large_as_the_paper_says():
    model = build(STUDENT, dict(type='SlimSTGCN'), 256, 60)
    deployed = DeployedClassifier(model)
    assert sum(p.numel() for p in deployed.parameters()) == 2_510_400
    rows = count_complexity(deployed.streams, (2, 50, 25, 3))
    assert list(rows) == list(STUDENT)
    for row in rows.values():
        assert row.parameters == 836_800
        # 1.225 where channels are mapped before joints are aggregated
        assert row.flops == pytest.approx(1.189e9, rel=1e-3)


def test_multiply_adds_are_two():
    class Layer(nn.Linear):
        def forward(self, x):
            return super().forward(x.flatten(1))

    layer = Layer(2 * 8 * 25 * 3, 7)
    (row,) = count_complexity(dict(joint=layer), SHAPE).values()
    assert row.parameters == 1200 * 7 + 7
    assert row.flops == 2 * 1200 * 7


def test_random_clips_are_centred_and_lack_persons():
    model = DeployedClassifier(build(['joint']))
    joints, raw_frames = random_clips(model, SHAPE, 5)
    assert joints.shape == (5, *SHAPE)
    assert not joints[..., 20, :].any()
    present = joints.flatten(2).any(2).tolist()
    assert present == [[True, i % 2 == 1] for i in range(5)]
    assert raw_frames.dtype == torch.int64
    assert ((raw_frames >= 8) & (raw_frames < 32)).all()


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """All six modalities in one file."""
    pytest.importorskip('onnxruntime')
    path = tmp_path_factory.mktemp('onnx') / 'student.onnx'
    model = build_seeing(list(MODALITIES))
    difference = export_onnx(DeployedClassifier(model), SHAPE, path)
    return model, path, difference


def test_onnx_predicts_what_the_classifier_does(exported):
    import onnxruntime

    model, path, difference = exported
    assert 0 <= difference < 1e-4
    assert [p.name for p in path.parent.iterdir()] == ['student.onnx']
    session = onnxruntime.InferenceSession(str(path))
    assert [(i.name, i.shape[1:]) for i in session.get_inputs()] == [
        ('joints', list(SHAPE)),
        ('raw_frames', []),
    ]
    joints, raw_frames = random_clips(DeployedClassifier(model), SHAPE, 7)
    joints[2] = joints[2, :, :1]  # nobody moves
    joints[3] = 0  # nobody is there: all angles are atan2(0, 0)
    scores, features = session.run(
        ['scores', 'features'],
        dict(joints=joints.numpy(), raw_frames=raw_frames.numpy()),
    )
    expected, f = predict(model, joints, raw_frames)
    np.testing.assert_allclose(scores, expected.numpy(), atol=1e-5)
    f = torch.cat(list(f.values()), 1).numpy()
    np.testing.assert_allclose(features, f, atol=1e-4)
    assert f.shape == (7, 6 * 8)


def test_onnx_holds_no_paths(exported):
    _, path, _ = exported
    assert b'site-packages' not in path.read_bytes()
    assert b'.py' not in path.read_bytes()


def test_another_model_is_told_from_it(exported):
    """The comparison sees a change of one weight."""
    model, path, _ = exported
    other = DeployedClassifier(model)
    assert largest_difference(other, SHAPE, path) < 1e-4
    other.head['angular_velocity'].weight[0] += 0.1
    assert largest_difference(other, SHAPE, path) > 1e-4


@pytest.mark.parametrize('difference', [2e-4, float('nan')])
def test_a_file_that_differs_is_not_left(
    exported, tmp_path, monkeypatch, difference
):
    class Program:
        model = SimpleNamespace(opset_imports={'': 18})

        def save(self, path):
            Path(path).touch()

    model, _, _ = exported
    monkeypatch.setattr(torch.onnx, 'export', lambda *a, **k: Program())
    monkeypatch.setattr(
        'onnx_ir.passes.common.ClearMetadataAndDocStringPass.__call__',
        lambda self, model: None,
    )
    monkeypatch.setattr(
        deployment, 'largest_difference', lambda *_: difference
    )
    with pytest.raises(RuntimeError, match='student.onnx'):
        export_onnx(
            DeployedClassifier(model), SHAPE, tmp_path / 'student.onnx'
        )
    assert not list(tmp_path.iterdir())


def test_refusals_before_the_export(exported):
    model, path, _ = exported
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match='student.onnx'):
        export_onnx(DeployedClassifier(model), SHAPE, path)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match='17'):
        export_onnx(DeployedClassifier(model), SHAPE, path, opset=17)
    absent = path.parent / 'no/student.onnx'
    with pytest.raises(FileNotFoundError, match='/no'):
        export_onnx(DeployedClassifier(model), SHAPE, absent)


def test_an_opset_that_torch_does_not_make(tmp_path):
    pytest.importorskip('onnxruntime')
    deployed = DeployedClassifier(build(['joint']))
    with pytest.raises(ValueError, match='99'):
        export_onnx(deployed, SHAPE, tmp_path / 'new.onnx', opset=99)
    assert not list(tmp_path.iterdir())
