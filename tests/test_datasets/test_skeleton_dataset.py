import copy
import pickle

import numpy as np
import pytest
import torch
from conftest import NUM_FRAMES
from mmaction.registry import DATASETS
from mmengine.runner import Runner

from projects.ikem.datasets.prepare import prepare
from projects.ikem.datasets.sources import (
    pose_pickle_source,
    preprocessing_chain,
)

TWO_VIEWS = [
    dict(
        type='MultiView',
        transforms=[dict(type='RandomTemporalCrop'), dict(type='RandomShear')],
    ),
    dict(type='PackSkeleton'),
]


def build(data_root, split='xsub_train', **kwargs):
    return DATASETS.build(
        dict(
            type='SkeletonDataset', data_root=data_root, split=split, **kwargs
        )
    )


def test_clips_of_a_split(prepared_ntu):
    rows = np.load(f'{prepared_ntu}/keypoint.npy')
    dataset = build(prepared_ntu, 'xsub_val')
    assert len(dataset) == 12
    for i in range(12):
        clip = dataset.get_data_info(i)
        np.testing.assert_array_equal(clip['keypoint'], rows[12 + i])
        assert clip['frame_dir'] == f'clip{12 + i}'
        assert clip['label'] == (12 + i) % 3
        frames = NUM_FRAMES
        assert clip['raw_frames'] == frames + 12 + i
        assert clip['num_frames'] == clip['total_frames'] == frames
        assert clip['time_scale'] == (frames + 12 + i) / frames
    assert dataset.metainfo['layout'] == 'ntu-25'
    assert len(build(prepared_ntu, None)) == 24


def test_the_toolbox_samples_the_clip_and_not_the_recording(prepared_ntu):
    pipeline = [
        dict(type='UniformSampleFrames', clip_len=NUM_FRAMES, test_mode=True),
        dict(type='PoseDecode'),
        dict(type='PackSkeleton'),
    ]
    dataset = build(prepared_ntu, pipeline=pipeline)
    for i in (0, 11):
        clip = dataset.get_data_info(i)
        packed = dataset[i]
        assert packed['inputs'].shape == (1, 2, NUM_FRAMES, 25, 3)
        np.testing.assert_array_equal(packed['inputs'][0], clip['keypoint'])
        assert packed['data_samples'].time_scale == clip['time_scale']


def test_transforms_in_place_do_not_change_the_data(prepared_ntu):
    dataset = build(prepared_ntu)
    before = dataset.get_data_info(0)['keypoint'].copy()
    dataset.get_data_info(0)['keypoint'][:] = 0
    np.testing.assert_array_equal(dataset.get_data_info(0)['keypoint'], before)


def test_pickled_by_the_path_of_its_data(prepared_ntu):
    dataset = build(prepared_ntu)
    dataset.get_data_info(0)  # maps the file
    assert len(pickle.dumps(dataset.keypoint)) < 1000
    for other in (
        pickle.loads(pickle.dumps(dataset)),
        copy.deepcopy(dataset),
        dataset.get_subset([0, 1]),
    ):
        np.testing.assert_array_equal(
            other.get_data_info(1)['keypoint'],
            dataset.get_data_info(1)['keypoint'],
        )


def epochs(data_root, num_workers, context='fork'):
    dataset = build(data_root, pipeline=TWO_VIEWS)
    loader = Runner.build_dataloader(
        dict(
            batch_size=5,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            multiprocessing_context=context if num_workers else None,
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        seed=0,
    )
    views = []
    for epoch in range(2):
        loader.dataset.set_epoch(7, epoch)  # a copy of the one above
        views.append(
            torch.stack([x for batch in loader for x in batch['inputs']])
        )
    return views


def test_views_depend_on_seed_epoch_and_sample_alone(prepared_ntu):
    """Persistent workers see the epoch too."""
    alone = epochs(prepared_ntu, 0)
    assert (alone[0] != alone[1]).any(4).any(3).any(2).all()  # each view
    for num_workers in (1, 2):
        for a, b in zip(alone, epochs(prepared_ntu, num_workers)):
            assert torch.equal(a, b)


def test_spawned_workers_see_the_epoch(prepared_ntu):
    for a, b in zip(epochs(prepared_ntu, 0), epochs(prepared_ntu, 1, 'spawn')):
        assert torch.equal(a, b)


def test_without_an_epoch_there_is_no_key(prepared_ntu):
    dataset = build(prepared_ntu)
    assert 'rng_key' not in dataset.get_data_info(0)
    dataset.set_epoch(3, 4)
    assert dataset.get_data_info(5)['rng_key'] == (3, 4, 5)
    # a copy has an epoch of its own
    other = dataset.get_subset([0, 1])
    other.set_epoch(3, 5)
    assert dataset.get_data_info(0)['rng_key'] == (3, 4, 0)
    assert other.get_data_info(0)['rng_key'] == (3, 5, 0)


def test_errors_name_the_folder_and_the_remedy(prepared_ntu, tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        build(str(tmp_path))
    with pytest.raises(ValueError, match="'xsub'.*'xsub_train'"):
        build(prepared_ntu, 'xsub')


def test_a_pipeline_that_returns_none_is_an_error(prepared_ntu):
    dataset = build(prepared_ntu, pipeline=[lambda results: None])
    with pytest.raises(RuntimeError, match='sample 2'):
        dataset[2]


def test_the_toolbox_dataset_does_online_what_a_folder_has_done(tmp_path):
    """gamma included; clips of one person get an absent second one."""
    rng = np.random.default_rng(0)
    annotations = [
        dict(
            frame_dir=f'clip{i}',
            label=i,
            total_frames=30 + i,
            keypoint=rng.normal(size=(1 + i % 2, 30 + i, 25, 3)),
        )
        for i in range(4)
    ]
    split = dict(train=[clip['frame_dir'] for clip in annotations])
    path = tmp_path / 'poses.pkl'
    path.write_bytes(pickle.dumps(dict(split=split, annotations=annotations)))
    prepare(pose_pickle_source(path), tmp_path / 'folder')
    online = DATASETS.build(
        dict(
            type='PoseDataset',
            ann_file=str(path),
            split='train',
            pipeline=[
                *preprocessing_chain('ntu-25', 50),
                dict(type='PackSkeleton', num_persons=2),
            ],
        )
    )
    pipeline = [dict(type='PackSkeleton')]
    folder = build(str(tmp_path / 'folder'), 'train', pipeline=pipeline)
    assert len(online) == len(folder) == 4
    for i, (ours, theirs) in enumerate(zip(folder, online)):
        torch.testing.assert_close(ours['inputs'], theirs['inputs'])
        ours, theirs = ours['data_samples'], theirs['data_samples']
        assert ours.frame_dir == theirs.frame_dir == f'clip{i}'
        assert ours.time_scale == theirs.time_scale == (30 + i) / 50
        assert ours.gt_label == theirs.gt_label == i
