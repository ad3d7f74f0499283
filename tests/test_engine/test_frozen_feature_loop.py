from copy import deepcopy

import pytest
import torch
from commands import scalars
from helpers import LINEAR, tiny
from mmengine.hooks import Hook
from mmengine.runner import Runner

from projects.ikem.engine.loops.frozen_feature_loop import (
    cache_features,
    extract_features,
)

pytestmark = pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')


def config(loop, data_root, work_dir):
    cfg = tiny(LINEAR, data_root, work_dir)
    cfg.train_cfg.update(type=loop, max_epochs=4)
    cfg.optim_wrapper.optimizer.lr = 0.5
    return cfg


class KeepEncoders(Hook):
    """Keep the encoders as they are when a training begins."""

    def before_train(self, runner):
        self.encoders = deepcopy(runner.model.backbone.state_dict())


def logits_of_val_clips(runner):
    loader = Runner.build_dataloader(runner.cfg.val_dataloader)
    features = extract_features(runner.model, loader).features
    with torch.no_grad():
        return runner.model.classify(features)


def test_gives_what_the_ordinary_loop_gives(prepared_ntu, tmp_path):
    logits, logs = {}, {}
    for loop in ('EpochBasedTrainLoop', 'FrozenFeatureTrainLoop'):
        runner = Runner.from_cfg(config(loop, prepared_ntu, tmp_path / loop))
        keep = KeepEncoders()
        runner.register_hook(keep)
        runner.train()
        for name, value in runner.model.backbone.state_dict().items():
            assert torch.equal(value, keep.encoders[name]), name
        logits[loop] = logits_of_val_clips(runner)
        logs[loop] = scalars(tmp_path / loop)
    ordinary, cached = logits.values()
    assert list(ordinary) == ['joint', 'motion', 'bone', 'fused']
    for name, value in ordinary.items():
        torch.testing.assert_close(cached[name], value, atol=1e-5, rtol=0)
    assert len(logs['EpochBasedTrainLoop']) == 4 * (3 + 1)
    for a, b in zip(*logs.values()):
        for key in a.keys() - {'time', 'data_time'}:
            assert b[key] == pytest.approx(a[key], abs=1e-5), key


def test_cached_loader_has_every_clip_in_order(prepared_ntu, tmp_path):
    runner = Runner.from_cfg(
        config('FrozenFeatureTrainLoop', prepared_ntu, tmp_path)
    )
    loader = Runner.build_dataloader(runner.cfg.val_dataloader)
    cached = cache_features(runner.model, loader)
    assert len(cached) == len(loader)
    runner.model.eval()
    for batch, features in zip(loader, cached):
        f = runner.model(**runner.model.data_preprocessor(batch))
        for u, x in features['inputs'].items():
            torch.testing.assert_close(x, f[u])
        names = [sample.frame_dir for sample in batch['data_samples']]
        assert names == [s.frame_dir for s in features['data_samples']]


@pytest.mark.parametrize('kind', ['parameters', 'buffers'])
def test_refuses_encoders_that_change(prepared_ntu, tmp_path, kind):
    runner = Runner.from_cfg(
        config('FrozenFeatureTrainLoop', prepared_ntu, tmp_path)
    )

    class Intruder(Hook):
        def after_train_epoch(self, runner):
            *_, last = getattr(runner.model.backbone, kind)()
            last.add_(1e-3 if last.is_floating_point() else 1)

    runner.register_hook(Intruder())
    with pytest.raises(RuntimeError, match=r'backbone\.bone'):
        runner.train()


def test_refuses_encoders_that_train(prepared_ntu, tmp_path):
    cfg = config('FrozenFeatureTrainLoop', prepared_ntu, tmp_path)
    cfg.model.frozen = False
    with pytest.raises(ValueError, match='frozen encoders'):
        Runner.from_cfg(cfg).train()


@pytest.mark.parametrize('wrapped', [False, True])
def test_clips_that_are_augmented_are_refused(prepared_ntu, tmp_path, wrapped):
    cfg = config('FrozenFeatureTrainLoop', prepared_ntu, tmp_path)
    dataset = cfg.train_dataloader.dataset
    dataset.pipeline.insert(0, dict(type='RandomShear'))
    if wrapped:
        cfg.train_dataloader.dataset = dict(
            type='RepeatDataset', times=2, dataset=dataset
        )
    with pytest.raises(ValueError, match='EpochBasedTrainLoop'):
        Runner.from_cfg(cfg).train()
