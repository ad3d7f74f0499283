import numpy as np
import pytest
import torch
from helpers import SKELETONCLR, read, tiny
from mmaction.registry import MODELS
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.runner import Runner

from projects.ikem.datasets.prepared import PreparedWriter

RETRIEVAL = 'retrieval/retrieval-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
STREAMS = ('joint', 'bone', 'fused')
GALLERY = [f'clip{i:02d}' for i in range(12)]
QUERIES = [f'clip{i:02d}' for i in range(12, 24)]


@MODELS.register_module()
class PoseBackbone(BaseModule):
    """An encoder whose features differ, without any training."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Dropout(0.5)
        )

    def forward(self, x):
        return self.layers(x).movedim(-1, 2)  # (N, M, D, T, V)


def write_poses(folder, suffix=''):
    """A prepared folder of clips that differ more than rounding does: each
    drifts from a pose of its own."""
    rng = np.random.default_rng(0)
    with PreparedWriter(
        folder, dataset='poses', layout='ntu-25', num_classes=3, max_clips=24
    ) as writer:
        for i, name in enumerate(GALLERY + QUERIES):
            pose = rng.normal(size=(2, 1, 25, 3))
            drift = rng.normal(size=(2, 10, 25, 3)).cumsum(1)
            clip = (pose + 0.3 * drift).astype(np.float32)
            writer.append(clip, name + suffix, i % 3, 10 + i)
        split = dict(xsub_train=GALLERY, xsub_val=QUERIES)
        writer.commit(
            {k: [name + suffix for name in v] for k, v in split.items()}
        )
    return str(folder)


@pytest.fixture(scope='module')
def poses(tmp_path_factory):
    return write_poses(tmp_path_factory.mktemp('data') / 'poses')


@pytest.fixture
def config(poses, tmp_path):
    def make(path, name):
        cfg = tiny(path, poses, tmp_path / name)
        cfg.model.type = 'SkeletonCLR'
        for key in ('exchanges', 'frozen_keys'):
            cfg.model.pop(key, None)
        cfg.model.backbone = dict(type='PoseBackbone')
        cfg.model.neck.in_channels = 8
        cfg.model.data_preprocessor.modalities = list(STREAMS[:-1])
        cfg.train_cfg.update(max_epochs=3, val_interval=2)
        return cfg

    return make


@pytest.fixture
def trained(config):
    runner = Runner.from_cfg(config(SKELETONCLR, 'trained'))
    runner.train()
    return runner


def nearest_clips(model, poses, modality):
    """Names and labels of the nearest clips of each query, by a loop."""
    base = read('_base_/datasets/ntu60-xsub.py').val_dataloader.dataset
    base.update(data_root=poses, _scope_='mmaction')
    features, labels = {}, {}
    model.eval()
    for split in ('xsub_train', 'xsub_val'):
        loader = Runner.build_dataloader(
            dict(
                dataset=dict(base, split=split),
                batch_size=1,
                sampler=dict(type='DefaultSampler', shuffle=False),
            )
        )
        for batch in loader:
            (sample,) = batch['data_samples']
            labels[sample.frame_dir] = sample.gt_label.item()
            with torch.no_grad():
                f = model(**model.data_preprocessor(batch))[modality][0]
            features[sample.frame_dir] = f / f.norm()
    return {
        q: [
            (g, labels[g] == labels[q])
            for g in sorted(
                GALLERY, key=lambda g: -(features[q] @ features[g]).item()
            )
        ]
        for q in QUERIES
    }


def test_accuracy_is_that_of_the_nearest_clip(trained, poses):
    metrics = {
        name: history.data
        for name, history in trained.message_hub.log_scalars.items()
        if name.startswith('val/acc')
    }
    assert list(metrics) == [
        f'val/acc/{stream}_knn{k}_top1' for stream in STREAMS for k in (1, 5)
    ]
    for modality in STREAMS[:-1]:
        nearest = nearest_clips(trained.model, poses, modality)
        accuracy = sum(found[0][1] for found in nearest.values()) / 12
        values, _ = metrics[f'val/acc/{modality}_knn1_top1']
        assert len(values) == 2  # after epochs 2 and 3
        assert values[-1] == pytest.approx(accuracy)


def test_validation_leaves_the_training_as_it_is(trained, config):
    """Dropout draws from torch's global state."""
    cfg = config(SKELETONCLR, 'alone')
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    alone = Runner.from_cfg(cfg)
    alone.train()
    theirs = alone.model.state_dict()
    for name, value in trained.model.state_dict().items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize('training', [True, False])
def test_the_model_returns_to_its_mode(trained, training):
    trained.model.train(training)
    trained.val_loop.run()
    assert trained.model.training == training


def test_a_checkpoint_is_tested_as_it_was_validated(trained, config):
    cfg = config(SKELETONCLR, 'test')
    cfg.load_from = f'{trained.work_dir}/epoch_3.pth'
    tested = Runner.from_cfg(cfg).test()
    assert len(tested) == 2 * len(STREAMS)
    for name, value in tested.items():
        validated = trained.message_hub.log_scalars[f'val/{name}'].current()
        assert value == pytest.approx(validated)


def test_retrieval(trained, config, poses, tmp_path):
    cfg = config(RETRIEVAL, 'retrieval')
    cfg.load_from = f'{trained.work_dir}/epoch_3.pth'
    cfg.test_evaluator = [
        cfg.test_evaluator,
        dict(type='DumpPredictions', out_file_path=f'{tmp_path}/found.npz'),
    ]
    runner = Runner.from_cfg(cfg)
    metrics = runner.test()
    assert len(metrics) == 4 * len(STREAMS)
    found = np.load(tmp_path / 'found.npz')
    assert found['names'].tolist() == QUERIES
    for modality in STREAMS[:-1]:
        nearest = nearest_clips(runner.model, poses, modality)
        for i, query in enumerate(QUERIES):
            names, hits = zip(*nearest[query])
            assert found[f'neighbours_{modality}'][i].tolist() == [*names[:10]]
            assert found[f'first_hit_{modality}'][i] == hits.index(True) + 1
        for k in (1, 5, 10):
            recall = sum(any(h for _, h in n[:k]) for n in nearest.values())
            assert metrics[f'retrieval/{modality}_recall{k}'] == (
                pytest.approx(recall / 12)
            )


def test_the_gallery_is_read_after_a_change_of_weights(config, tmp_path):
    """As EMAHook changes them; a clip's nearest one is its copy."""

    class NewWeights(Hook):
        def before_test_epoch(self, runner):
            for p in runner.model.query.parameters():
                p.data += 0.1 * torch.randn_like(p)

    cfg = config(SKELETONCLR, 'self')
    cfg.test_dataloader.dataset.split = 'xsub_train'
    cfg.train_dataloader.dataset.data_root = write_poses(
        tmp_path / 'copies', ' copy'
    )
    runner = Runner.from_cfg(cfg)
    runner.register_hook(NewWeights())
    metrics = runner.test()
    for stream in STREAMS:
        assert metrics[f'acc/{stream}_knn1_top1'] == 1


@pytest.mark.parametrize('path', [SKELETONCLR, RETRIEVAL])
def test_a_clip_is_not_its_own_neighbour(path, config):
    cfg = config(path, 'self')
    cfg.test_dataloader.dataset.split = 'xsub_train'
    cfg.test_cfg.gallery_split = 'xsub_train'
    runner = Runner.from_cfg(cfg)
    found = []
    process = runner.test_loop.evaluator.process
    runner.test_loop.evaluator.process = lambda data_samples, data_batch: (
        found.extend(data_samples),
        process(data_samples=data_samples, data_batch=data_batch),
    )
    metrics = runner.test()
    assert runner.test_loop.num_left_out == 12
    if path == RETRIEVAL:
        for sample in found:
            for stream in STREAMS:
                neighbours = sample.retrieved[stream]['neighbours']
                assert sample.frame_dir not in neighbours
                assert 0 < sample.retrieved[stream]['average_precision'] <= 1
                assert len(neighbours) == 10
    else:
        assert metrics['acc/fused_knn1_top1'] < 1


def test_another_gallery(config, tmp_path):
    """By default it is the split that is trained on."""
    cfg = config(SKELETONCLR, 'default')
    assert gallery_of(cfg) == GALLERY
    cfg.test_cfg.gallery_split = 'xsub_val'
    assert gallery_of(cfg) == QUERIES
    cfg.test_cfg.gallery_root = write_poses(tmp_path / 'copies', ' copy')
    assert gallery_of(cfg) == [f'{name} copy' for name in QUERIES]
    del cfg.test_cfg.gallery_split, cfg.test_cfg.gallery_root
    cfg.train_dataloader.dataset = dict(
        type='ConcatDataset',
        datasets=[
            dict(cfg.train_dataloader.dataset, split=split)
            for split in ('xsub_val', 'xsub_train')
        ],
    )
    assert gallery_of(cfg) == QUERIES + GALLERY


def test_queries_of_several_data_sets(config):
    cfg = config(SKELETONCLR, 'concat')
    part = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[dict(part), dict(part)]
    )
    runner = Runner.from_cfg(cfg)
    alone = Runner.from_cfg(config(SKELETONCLR, 'alone'))
    alone.model.load_state_dict(runner.model.state_dict())
    assert runner.test() == pytest.approx(alone.test())


def gallery_of(cfg):
    runner = Runner.from_cfg(cfg)
    dataset = runner.test_loop.gallery_dataloader.dataset
    return [dataset[i]['data_samples'].frame_dir for i in range(len(dataset))]


def test_a_gallery_that_nothing_names_is_refused(config):
    cfg = config(SKELETONCLR, 'none')
    cfg.train_dataloader = cfg.train_cfg = cfg.optim_wrapper = None
    cfg.param_scheduler = None
    with pytest.raises(ValueError, match='gallery_split'):
        Runner.from_cfg(cfg).test()


def test_more_neighbours_than_clips_are_refused(config):
    cfg = config(SKELETONCLR, 'k')
    cfg.test_cfg.k = (1, 13)
    with pytest.raises(ValueError, match='13 .*12 clips'):
        Runner.from_cfg(cfg).test()
