"""The command lines of tools/, end to end."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from commands import free_port, run_ranks, scalars, succeed
from helpers import (
    DISTILLATION,
    IKEM_3M,
    LINEAR,
    ROOT,
    SKELETONCLR,
    SMALL_BANK,
    tiny_options,
)
from mmengine.config import Config

from projects.ikem.evaluation.fusion import load_predictions


def pretraining(data_root, *options):
    return tiny_options(data_root, *SMALL_BANK, *options)


def run(*command, **env):
    """A process of its own, as a shell would start it."""
    path = f'{os.path.dirname(sys.executable)}:{os.environ["PATH"]}'
    result = subprocess.run(
        [str(part) for part in command],
        env=dict(os.environ, **{'PATH': path, **env}),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def train(config, work_dir, *args):
    return succeed('tools/train.py', config, '--work-dir', work_dir, *args)


def losses(work_dir):
    return [entry for entry in scalars(work_dir) if 'loss' in entry]


def validations(work_dir):
    return [entry for entry in scalars(work_dir) if 'acc/fused_top1' in entry]


@pytest.fixture(scope='module')
def pretrained(prepared_ntu, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('pretrained')
    train(SKELETONCLR, work_dir, *pretraining(prepared_ntu))
    return work_dir


def test_pretraining_to_accuracy(pretrained, prepared_ntu, tmp_path):
    work_dir = tmp_path / 'linear'
    checkpoint = f'model.pretrained={pretrained}'  # its last one
    train(LINEAR, work_dir, *tiny_options(prepared_ntu, checkpoint))
    validation = validations(work_dir)
    assert len(validation) == 2
    assert all(
        0 <= entry[f'acc/{stream}_{metric}'] <= 1
        for entry in validation
        for stream in ('joint', 'motion', 'bone', 'fused')
        for metric in ('top1', 'top5')
    )
    # the same numbers from the checkpoint
    text = succeed(
        'tools/test.py',
        LINEAR,
        work_dir,
        *('--work-dir', tmp_path / 'test'),
        *('--dump', tmp_path / 'predictions.npz'),
        *tiny_options(prepared_ntu),
    )
    accuracy = validation[-1]['acc/fused_top1']
    assert f'acc/fused_top1: {accuracy:.4f}' in text
    assert (tmp_path / 'predictions.npz').stat().st_size > 1000


def test_resume_and_seed(pretrained, prepared_ntu, tmp_path):
    logs = losses(pretrained)
    assert len(logs) == 2 * 3
    data = pretraining(prepared_ntu)
    broken_off = tmp_path / 'broken_off'
    broken_off.mkdir()
    shutil.copy(pretrained / 'epoch_1.pth', broken_off)
    (broken_off / 'last_checkpoint').write_text('elsewhere/epoch_1.pth')
    resume = ('--resume', broken_off)
    train(SKELETONCLR, tmp_path / 'resumed', *resume, *data)
    resumed = losses(tmp_path / 'resumed')
    assert [e['step'] for e in resumed] == [e['step'] for e in logs[3:]]

    train(SKELETONCLR, tmp_path / 'seed', '--seed', 7, *data)
    other = losses(tmp_path / 'seed')
    assert all(a['loss'] != b['loss'] for a, b in zip(logs, other))
    (config,) = (tmp_path / 'seed').glob('*.py')
    assert Config.fromfile(config).randomness.seed == 7


def test_amp_and_auto_scale_lr(prepared_ntu, tmp_path):
    args = ('--amp', '--auto-scale-lr', *pretraining(prepared_ntu))
    train(SKELETONCLR, tmp_path, *args, 'train_cfg.max_epochs=1')
    logs = losses(tmp_path)
    assert logs[0]['lr'] == pytest.approx(0.1 * 4 / 128)
    assert all(e['loss'] < 100 for e in logs)


def test_no_validate(pretrained, prepared_ntu, tmp_path):
    checkpoint = f'model.pretrained={pretrained / "epoch_2.pth"}'
    options = tiny_options(prepared_ntu, checkpoint)
    train(LINEAR, tmp_path, '--no-validate', *options)
    assert losses(tmp_path) and not validations(tmp_path)


def accuracy_is_of(num_clips, value):
    return num_clips * value == pytest.approx(round(num_clips * value))


def test_nearest_neighbours_on_two_ranks(pretrained, prepared_ntu, tmp_path):
    """11 clips on either side, which 2 ranks cannot share evenly."""
    results, scores = {}, []
    for ranks in (1, 2):
        run_ranks(
            ranks,
            'tools/test.py',
            SKELETONCLR,
            pretrained / 'epoch_2.pth',
            *('--work-dir', tmp_path / str(ranks)),
            *('--dump', tmp_path / f'{ranks}.npz'),
            *pretraining(prepared_ntu, 'test_dataloader.dataset.indices=11'),
        )
        (log,) = (tmp_path / str(ranks)).glob('*/*.json')
        dumped = load_predictions(f'{tmp_path}/{ranks}.npz', 'fused_knn1')
        assert dumped.names == [f'clip{i}' for i in range(12, 23)]
        metrics = json.loads(log.read_text())
        results[ranks] = {
            name: value
            for name, value in metrics.items()
            if name.startswith('acc/')
        }
        scores.append(dumped.scores)
    assert len(results[1]) == 2 * 4
    assert results[2] == pytest.approx(results[1])
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)
    assert all(accuracy_is_of(11, value) for value in results[1].values())


def test_two_processes_without_a_gpu(prepared_ntu, tmp_path, monkeypatch):
    """Both stages of a pre-training, distillation and linear evaluation on 2
    ranks of a CPU, from a folder that stays clean."""
    monkeypatch.chdir(tmp_path)

    def train(config, name, *options):
        work_dir = ('--work-dir', tmp_path / name)
        run_ranks(2, 'tools/train.py', config, *work_dir, *options)
        return losses(tmp_path / name)

    begin = 'model.exchange_begin=1'
    logs = train(IKEM_3M, 'pretrained', *pretraining(prepared_ntu, begin))
    assert [e['step'] for e in logs] == [1, 2]  # 12 clips, 2 x 4 a step
    assert 'loss_joint' in logs[0] and 'loss_implicit_joint' in logs[1]
    teacher = (
        'model.teacher.modalities=[joint,motion,bone]',
        f'model.teacher.pretrained={tmp_path / "pretrained"}',
    )
    data = pretraining(prepared_ntu, *teacher)
    logs = train(DISTILLATION, 'distilled', *data)
    assert 'loss_distill_joint' in logs[1]
    checkpoint = f'model.pretrained={tmp_path / "distilled/epoch_2.pth"}'
    train(LINEAR, 'linear', *tiny_options(prepared_ntu, checkpoint))
    validation = validations(tmp_path / 'linear')
    assert len(validation) == 2
    for entry in validation:  # each of 12 clips counts once
        assert accuracy_is_of(12, entry['acc/fused_top1'])
    assert not (tmp_path / '.dist_test').exists()


def test_launchers(prepared_ntu, tmp_path):
    """The shell scripts start two ranks, which find each other."""
    data = pretraining(prepared_ntu, 'train_cfg.max_epochs=1')
    work_dir = ('--work-dir', tmp_path)
    script, port = ROOT / 'tools/dist_train.sh', str(free_port())
    run('bash', script, SKELETONCLR, 2, *work_dir, *data, PORT=port)
    (entry,) = losses(tmp_path)  # 12 clips, 2 x 4 a step
    script, checkpoint = ROOT / 'tools/dist_test.sh', tmp_path / 'epoch_1.pth'
    work_dir = ('--work-dir', tmp_path / 'test')
    run(
        *('bash', script, SKELETONCLR, checkpoint, 2, *work_dir, *data),
        PORT=port,
    )
    assert list((tmp_path / 'test').glob('*/*.json'))


def test_slurm(prepared_ntu, tmp_path):
    """With a stand-in for srun, which starts one task."""
    srun = tmp_path / 'srun'
    srun.write_text(
        '#!/usr/bin/env bash\n'
        'while [ "$1" != python ]; do shift; done\n'
        'export SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=1\n'
        'export SLURM_NODELIST=localhost MASTER_ADDR=127.0.0.1\n'
        'exec "$@"\n'
    )
    srun.chmod(0o755)
    run(
        'bash',
        ROOT / 'tools/slurm_train.sh',
        *('partition', 'name', SKELETONCLR, '--work-dir', tmp_path / 'out'),
        *pretraining(prepared_ntu, 'train_cfg.max_epochs=1'),
        PATH=f'{tmp_path}:{os.path.dirname(sys.executable)}:/usr/bin:/bin',
    )
    assert (tmp_path / 'out/epoch_1.pth').exists()


def test_mmaction2_trains_its_own_config_on_our_data(prepared_ntu, tmp_path):
    """Its tools/train.py, its ST-GCN config, our dataset."""
    import mmaction

    mim = os.path.join(os.path.dirname(mmaction.__file__), '.mim')
    root = mim if os.path.isdir(mim) else os.path.join(mim, '../..')
    name = 'stgcn_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py'
    loaders = ''.join(
        f'{part}_dataloader = dict(batch_size=4, num_workers=0, '
        f'persistent_workers=False, dataset={dataset})\n'
        for part, split, pipeline in (
            ('train', 'train', 'train'),
            ('val', 'val', 'val'),
            ('test', 'val', 'val'),
        )
        for dataset in [
            f"dict(_delete_=True, type='SkeletonDataset', "
            f"data_root={prepared_ntu!r}, split='xsub_{split}', "
            f'pipeline={{{{_base_.{pipeline}_pipeline}}}})'
        ]
    )
    config = tmp_path / 'stgcn.py'
    config.write_text(
        f"_base_ = '{root}/configs/skeleton/stgcn/{name}'\n"
        "custom_imports = dict(imports=['projects.ikem'])\n"
        f'{loaders}'
        'model = dict(backbone=dict(base_channels=4),\n'
        '    cls_head=dict(in_channels=16))\n'
        'train_cfg = dict(max_epochs=1)\n'
    )
    work_dir = ('--work-dir', tmp_path / 'out')
    # a process of its own: nothing but the config imports this package
    text = run(sys.executable, f'{root}/tools/train.py', config, *work_dir)
    assert 'acc/top1' in text
    assert (tmp_path / 'out/epoch_1.pth').exists()
