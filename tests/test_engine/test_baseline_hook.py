"""Trivial baselines in the log of an evaluation."""

import json
import random
import shutil

import numpy as np
import pytest
import torch
from helpers import LINEAR, SKELETONCLR_JOINT, tiny
from mmengine.runner import Runner

from projects.ikem.engine.hooks import BaselineHook
from projects.ikem.evaluation.baselines import prepared_baselines
from projects.ikem.work_dir import WorkDir


def run(path, data_root, work_dir, test=False, **hook):
    """The text of the log of a tiny run."""
    cfg = tiny(path, data_root, work_dir)
    cfg.log_level = 'INFO'
    cfg.experiment_name = str(work_dir)  # whose log is its own
    cfg.default_hooks.baselines.update(hook)
    cfg.train_cfg.val_interval = 1
    runner = Runner.from_cfg(cfg)
    runner.test() if test else runner.train()
    return next(work_dir.glob('*/*.log')).read_text()


@pytest.fixture
def wanted(prepared_ntu):
    return prepared_baselines(prepared_ntu)['xsub']


@pytest.mark.parametrize(
    'path, test',
    [(LINEAR, False), (LINEAR, True), (SKELETONCLR_JOINT, False)],
)
def test_they_stand_in_the_log(path, test, prepared_ntu, wanted, tmp_path):
    log = run(path, prepared_ntu, tmp_path, test)
    line = (
        'trivial baselines on the joints of xsub_val, fitted to xsub_train: '
        f'ridge {wanted["ridge"]:.1f} %, nearest neighbour '
        f'{wanted["nn1"]:.1f} %'
    )
    assert log.count(line) == 1
    (entry,) = json.loads((tmp_path / 'baselines.json').read_text()).values()
    assert entry == dict(train='xsub_train', val='xsub_val', **wanted)
    assert test or WorkDir(tmp_path).baselines == [entry]


def test_they_can_be_left_out(prepared_ntu, tmp_path):
    log = run(LINEAR, prepared_ntu, tmp_path, True, enable=False)
    assert 'trivial' not in log
    assert not (tmp_path / 'baselines.json').exists()


def test_of_many_clips_those_that_are_kept(prepared_ntu, tmp_path):
    data = shutil.copytree(prepared_ntu, tmp_path / 'data')
    options = dict(test=True, max_clips=3)
    log = run(LINEAR, str(data), tmp_path / 'a', **options)
    assert f'baselines.py {data} --train xsub_train --val xsub_val' in log
    prepared_baselines(data, [('xsub_train', 'xsub_val')], keep=True)
    log = run(LINEAR, str(data), tmp_path / 'b', **options)
    assert 'trivial baselines on the joints of xsub_val' in log


class _Loggers(list):
    info = warning = list.append


class _Runner:
    def __init__(self):
        self.logger = _Loggers()


def test_one_sentence_says_what_is_below(wanted):
    hook, runner = BaselineHook(), _Runner()
    hook.after_test_epoch(runner, {'acc/fused_top1': 0.1})
    assert not runner.logger  # none were found
    hook.baselines = dict(ridge=50.0, nn1=20.0)
    hook.after_val_epoch(runner, {'acc/fused_top1': 0.1})
    hook.after_val_epoch(
        runner, {'acc/fused_top1': 0.4, 'acc/joint_top1': 0.6}
    )
    hook.after_train(runner)
    assert runner.logger == ['fused 40.0 is below ridge on raw joints, 50.0']


def test_random_states_stay(prepared_ntu, tmp_path):
    cfg = tiny(LINEAR, prepared_ntu, tmp_path)
    runner = Runner.from_cfg(cfg)
    hook = next(h for h in runner.hooks if isinstance(h, BaselineHook))
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner._val_loop = runner.build_val_loop(runner._val_loop)

    def drawn():
        return random.random(), np.random.rand(), torch.rand(1).item()

    def seed():
        random.seed(1), np.random.seed(1), torch.manual_seed(1)

    seed()
    without = drawn()
    seed()
    hook.before_run(runner)
    assert hook.baselines is not None
    assert drawn() == without
