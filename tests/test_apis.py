import json
import pickle

import numpy as np
import pytest
import torch
from helpers import CONFIGS, SKELETONCLR, tiny, write_untrained
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner

from projects.ikem.apis import clip_shape, encode, inference, init_model
from projects.ikem.datasets.formats import FormatError
from projects.ikem.datasets.formats.ntu import read_joints
from projects.ikem.datasets.prepare import prepare
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.sources import (
    ntu_source,
    pose_pickle_source,
    preprocessing_chain,
)
from projects.ikem.datasets.synthetic.kinect import write_skeleton

CONFIG = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xview.py'
MODALITIES = ('joint', 'motion', 'bone')
NAMES = [f'action {i}' for i in range(60)]


@pytest.fixture(scope='module')
def raw(tmp_path_factory):
    """Files of up to three bodies, which come and go."""
    folder = tmp_path_factory.mktemp('raw')
    rng = np.random.default_rng(0)
    for i, num_frames in enumerate((1, 5, 20, 70, 9, 30)):
        joints = rng.normal(size=(3, num_frames, 25, 3), scale=0.3)
        joints *= rng.uniform(0.5, 1.5, size=(3, 1, 1, 1))
        present = rng.random((3, num_frames)) < 0.7
        present[0, -1] = True
        present[1:] &= i % 2 == 1
        name = f'S001C00{i % 3 + 1}P001R001A00{i + 1}.skeleton'
        write_skeleton(folder / name, joints + [0, 0, 3], present)
    return folder


@pytest.fixture(scope='module')
def prepared(raw, tmp_path_factory):
    folder = tmp_path_factory.mktemp('prepared') / 'ntu'
    prepare(ntu_source(raw, 'ntu60', num_frames=8), folder)
    return folder


@pytest.fixture(scope='module')
def config(prepared, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('work_dir')
    cfg = tiny(Config.fromfile(CONFIG), str(prepared), work_dir)
    cfg.train_dataloader.dataset.metainfo = dict(classes=NAMES)
    return cfg


@pytest.fixture(scope='module')
def checkpoint(config):
    """The last one of a work dir, as training leaves it."""
    with pytest.warns(UserWarning, match='untrained'):
        Runner.from_cfg(config).train()
    return config.work_dir


@pytest.fixture
def model(config, checkpoint):
    return init_model(config, checkpoint)


def assert_same(prediction, sample, model, data):
    """A prediction, and what testing gives for the prepared clip."""
    torch.testing.assert_close(prediction.scores, sample.pred_score['fused'])
    assert prediction.label == int(sample.pred_label)
    inputs = model.data_preprocessor(pseudo_collate([data]))['inputs']
    f = model.extract_feat(inputs)
    assert list(prediction.feature) == list(MODALITIES)
    for u in MODALITIES:
        torch.testing.assert_close(prediction.feature[u], f[u][0])


def assert_as_prepared(model, prepared, clips):
    """The same for raw clips, by name, as for the prepared ones."""
    dataset = DATASETS.build(
        dict(
            type='SkeletonDataset',
            data_root=str(prepared),
            pipeline=model.cfg.test_dataloader.dataset.pipeline,
        )
    )
    model.dataset_meta = dataset.metainfo
    assert len(dataset) == len(clips) > 1
    for i in range(len(dataset)):
        data = dataset[i]
        name = dataset.get_data_info(i)['frame_dir']
        with torch.no_grad():
            (sample,) = model.test_step(pseudo_collate([data]))
        assert_same(inference(model, clips[name]), sample, model, data)


@pytest.mark.parametrize('select', ['order', 'energy'])
def test_a_file_as_its_prepared_clip(model, raw, tmp_path, select):
    source = ntu_source(raw, 'ntu60', select, num_frames=8)
    prepare(source, tmp_path / 'prepared')
    clips = {path.stem: path for path in source.jobs}
    assert_as_prepared(model, tmp_path / 'prepared', clips)


def test_an_array_as_its_prepared_clip(model, raw, tmp_path):
    """Of a file, or of a pickle, whose empty frames are left out."""
    rng = np.random.default_rng(0)
    clips = {}
    for i, persons in enumerate((1, 2, 3)):
        x = rng.normal(size=(persons, 12, 25, 3), scale=0.3)
        x[0, rng.random(12) < 0.5] = 0
        clips[f'clip{i}'] = x
    content = dict(
        split=dict(train=list(clips)),
        annotations=[
            dict(frame_dir=name, label=0, total_frames=12, keypoint=x)
            for name, x in clips.items()
        ],
    )
    path = tmp_path / 'poses.pkl'
    path.write_bytes(pickle.dumps(content))
    prepare(pose_pickle_source(path, num_frames=8), tmp_path / 'poses')
    assert_as_prepared(model, tmp_path / 'poses', clips)
    source = ntu_source(raw, 'ntu60', num_frames=8)
    prepare(source, tmp_path / 'ntu')
    clips = {
        path.stem: read_joints(path)['keypoint'].astype(np.float64)
        for path in source.jobs
    }
    assert_as_prepared(model, tmp_path / 'ntu', clips)


def test_frames_before_somebody_appears_change_nothing(model):
    x = np.random.default_rng(0).normal(size=(2, 12, 25, 3), scale=0.3)
    late = np.concatenate((np.zeros_like(x), x), 1)
    model.data_preprocessor.use_time_scale = False
    scores = [inference(model, clip).scores for clip in (x, late)]
    torch.testing.assert_close(*scores)
    alone = inference(model, x[:1]).scores
    behind = np.stack((np.zeros_like(x[0]), x[0]))  # in the second slot
    torch.testing.assert_close(inference(model, behind).scores, alone)


@pytest.mark.parametrize('suffix', ['npy', 'pkl', 'json'])
def test_files_of_joints(model, tmp_path, suffix):
    x = np.random.default_rng(0).normal(size=(1, 12, 25, 3), scale=0.3)
    path = tmp_path / f'clip.{suffix}'
    expected = inference(model, x).scores
    contents = {
        'npy': [x, x[0]],
        'pkl': [x, dict(keypoint=x), [dict(keypoint=x, label=3)]],
        'json': [dict(keypoint=x.tolist()), dict(skeletons=x[0].tolist())],
    }
    for content in contents[suffix]:
        if suffix == 'npy':
            np.save(path, content)
        elif suffix == 'pkl':
            path.write_bytes(pickle.dumps(content))
        else:
            path.write_text(json.dumps(content))
        torch.testing.assert_close(inference(model, path).scores, expected)
    for content in (b'', b'{}', b'[' * 9999, pickle.dumps([x, x, x])):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=path.name):
            inference(model, path)


def test_the_checkpoint_says_how_clips_were_prepared(model, prepared):
    meta = read_annotations(prepared)
    assert model.dataset_meta == dict(
        dataset='ntu60',
        layout='ntu-25',
        num_classes=60,
        num_persons=2,
        num_frames=8,
        preprocessing=meta['preprocessing'],
        source=dict(format='ntu', select_bodies='order'),
        classes=NAMES,
    )
    assert meta['preprocessing'] == preprocessing_chain('ntu-25', 8)
    assert clip_shape(model) == (2, 8, 25, 3)
    assert not model.training


def test_lists_and_names(model, raw, tmp_path):
    path = sorted(raw.iterdir())[3]
    named = tmp_path / 'mine.txt'
    named.write_bytes(path.read_bytes())
    x = read_joints(path)['keypoint']
    clips = [str(path), named, x]
    alone = inference(model, path)
    assert alone.name == NAMES[alone.label]
    assert alone.label == int(alone.scores.argmax())
    assert alone.scores.shape == (60,)
    torch.testing.assert_close(alone.scores.sum(), torch.tensor(1.0))
    for batch_size in (1, 2, 64):
        predictions = inference(model, clips, batch_size)
        assert len(predictions) == 3
        for prediction in predictions:
            torch.testing.assert_close(prediction.scores, alone.scores)
    assert inference(model, []) == []


def spoilt(value):
    x = np.ones((1, 4, 25, 3))
    x[0, 2, 3], x[0, 2, 20] = value, -value
    return x


@pytest.mark.parametrize(
    'clip, message',
    [
        (np.zeros((2, 4, 25, 3)), 'clip 0: nobody to see.* all 4 frames'),
        (np.ones((2, 0, 25, 3)), 'nobody to see.* all 0 frames'),
        (np.ones((0, 4, 25, 3)), r'got float64 of shape \(0, 4, 25, 3\)'),
        (np.ones((4, 25, 3)), r'shape \(persons, frames, joints, 3\)'),
        (np.full((1, 4, 25, 3), 'a'), 'numbers of shape'),
        (np.ones((1, 4, 20, 3)), '20 joints, the model takes 25'),
        (spoilt(np.nan), 'a joint is not finite'),
        (spoilt(1e300), 'a joint is not finite'),
        (spoilt(3e38), 'not finite after preprocessing'),
    ],
)
@pytest.mark.parametrize('select', ['order', 'energy'])
def test_what_is_no_clip(model, clip, message, select):
    model.dataset_meta['source']['select_bodies'] = select
    with pytest.raises(FormatError, match=message):
        inference(model, clip)


def test_files_that_are_no_clip(model, raw, tmp_path):
    with pytest.raises(FileNotFoundError, match='no.skeleton'):
        inference(model, tmp_path / 'no.skeleton')
    broken = tmp_path / 'broken.skeleton'
    broken.write_bytes(sorted(raw.iterdir())[0].read_bytes()[:-100])
    with pytest.raises(FormatError, match=r'broken.skeleton:\d+: '):
        inference(model, broken)


def test_a_checkpoint_that_does_not_say_how(
    config, checkpoint, model, raw, tmp_path
):
    old = tmp_path / 'old.pth'
    torch.save(dict(state_dict=model.state_dict()), old)
    path = sorted(raw.iterdir())[3]
    silent = init_model(config, old)
    with pytest.raises(ValueError, match=r'init_model\(preprocessing=...\)'):
        inference(silent, path)
    with pytest.raises(ValueError, match='--shape PERSONS FRAMES'):
        clip_shape(silent)
    told = init_model(
        config, old, preprocessing=preprocessing_chain('ntu-25', 8)
    )
    torch.testing.assert_close(
        inference(told, path).scores, inference(model, path).scores
    )


def test_a_checkpoint_that_does_not_fit(config, model, tmp_path):
    state = model.state_dict()
    state['extra.weight'] = state.pop('head.bone.bias')
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=state), path)
    with pytest.raises(
        RuntimeError, match='missing: head.bone.bias; left over: extra.weight'
    ):
        init_model(config, path)
    torch.save(dict(state_dict=dict(a=1)), path)
    with pytest.raises(ValueError, match='no tensors: a'):
        init_model(config, path)
    with pytest.raises(FileNotFoundError, match='no.pth'):
        init_model(config, tmp_path / 'no.pth')


def test_models_without_checkpoint_and_of_another_kind(config):
    with pytest.warns(UserWarning, match='no checkpoint'):
        assert init_model(config).dataset_meta == {}
    with pytest.warns(UserWarning, match='no checkpoint'):
        pretraining = init_model(
            CONFIGS / 'skeletonclr'
            '/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'
        )
    with pytest.raises(ValueError, match='builds a SkeletonCLR'):
        inference(pretraining, np.ones((1, 4, 25, 3)))


def test_features_of_raw_clips(model, raw):
    clips = sorted(raw.iterdir())
    features = encode(model, clips, batch_size=4)
    assert list(features) == list(MODALITIES)
    for i, prediction in enumerate(inference(model, clips)):
        for u in MODALITIES:
            torch.testing.assert_close(features[u][i], prediction.feature[u])
    with pytest.raises(ValueError, match='no clip'):
        encode(model, [])


def test_features_of_a_pretraining(model, prepared, raw, tmp_path):
    cfg = tiny(SKELETONCLR, str(prepared), tmp_path)
    paths = write_untrained(cfg, tmp_path, **model.dataset_meta)
    pretraining = init_model(*paths)
    path = raw / 'S001C003P001R001A006.skeleton'
    features = encode(pretraining, [path])
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, split=None))
    names = [clip['frame_dir'] for clip in dataset.load_data_list()]
    data = dataset[names.index(path.stem)]
    batch = pretraining.data_preprocessor(pseudo_collate([data]))
    with torch.no_grad():
        expected = pretraining(**batch, mode='tensor')
    assert list(features) == list(MODALITIES)
    for u in MODALITIES:
        torch.testing.assert_close(features[u], expected[u])


def test_pipelines_that_do_not_do(model):
    model.cfg = Config(model.cfg.to_dict())
    pipeline = model.cfg.test_dataloader.dataset.pipeline
    pipeline.insert(0, dict(type='UniformSampleFrames', clip_len=4))
    pipeline.insert(1, dict(type='PoseDecode'))
    with pytest.raises(ValueError, match='makes 4 of 8 frames'):
        clip_shape(model)
    model.cfg.test_dataloader = None
    with pytest.raises(ValueError, match='no test_dataloader'):
        clip_shape(model)
