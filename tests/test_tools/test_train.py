"""The command lines of tools/, end to end."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from helpers import CONFIGS, ROOT

from projects.ikem.evaluation.fusion import load_predictions

PRETRAINING = str(
    CONFIGS / 'skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
)
IKEM = str(CONFIGS / 'ikem/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py')
DISTILLATION = str(
    CONFIGS
    / 'distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'
)
LINEAR = str(CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py')


def loader_options(*names):
    for name in names:
        yield f'{name}_dataloader.batch_size=4'
        yield f'{name}_dataloader.num_workers=0'
        yield f'{name}_dataloader.persistent_workers=False'


def options(data_root, *names):
    """Options that make a config tiny."""
    return [
        '--cfg-options',
        'model.backbone.base_channels=4',
        'model.backbone.out_channels=8',
        'train_cfg.max_epochs=2',
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=1',
        *(f'{n}_dataloader.dataset.data_root={data_root}' for n in names),
        *loader_options(*names),
    ]


def pretraining_options(data_root):
    return [
        *options(data_root, 'train', 'val', 'test'),
        'model.bank_size=16',
        'val_cfg.k=[1,5]',
        'test_cfg.k=[1,5]',
    ]


def run(*command, cwd=ROOT, check=True):
    environment = dict(
        os.environ,
        OMP_NUM_THREADS='1',
        PATH=f'{os.path.dirname(sys.executable)}:{os.environ["PATH"]}',
    )
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return result


def train(*args, **kwargs):
    return run(sys.executable, ROOT / 'tools/train.py', *args, **kwargs)


def scalars(work_dir):
    return [
        json.loads(line)
        for log in sorted(work_dir.glob('*/vis_data/scalars.json'))
        for line in log.read_text().splitlines()
    ]


def losses(work_dir):
    return [entry for entry in scalars(work_dir) if 'loss' in entry]


@pytest.fixture(scope='module')
def pretrained(prepared_ntu, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('pretrained')
    train(
        PRETRAINING,
        '--work-dir',
        work_dir,
        *pretraining_options(prepared_ntu),
    )
    return work_dir


def test_pretraining_to_accuracy(pretrained, prepared_ntu, tmp_path):
    work_dir = tmp_path / 'linear'
    data = options(prepared_ntu, 'train', 'val', 'test')
    train(
        LINEAR,
        '--work-dir',
        work_dir,
        *data,
        f'model.pretrained={pretrained}',
    )
    validation = [e for e in scalars(work_dir) if 'acc/fused_top1' in e]
    assert len(validation) == 2
    streams = ('joint', 'motion', 'bone', 'fused')
    assert all(
        0 <= entry[f'acc/{stream}_{metric}'] <= 1
        for entry in validation
        for stream in streams
        for metric in ('top1', 'top5')
    )
    # the same numbers from the checkpoint
    result = run(
        sys.executable,
        ROOT / 'tools/test.py',
        LINEAR,
        work_dir,
        '--work-dir',
        tmp_path / 'test',
        '--dump',
        tmp_path / 'predictions.npz',
        *data,
    )
    accuracy = validation[-1]['acc/fused_top1']
    assert f'acc/fused_top1: {accuracy:.4f}' in result.stdout
    assert (tmp_path / 'predictions.npz').stat().st_size > 1000


def test_resume_and_seed(pretrained, prepared_ntu, tmp_path):
    logs = losses(pretrained)
    assert len(logs) == 2 * 3
    work_dir, broken_off = tmp_path / 'resumed', tmp_path / 'broken_off'
    broken_off.mkdir()
    shutil.copy(pretrained / 'epoch_1.pth', broken_off)
    (broken_off / 'last_checkpoint').write_text('elsewhere/epoch_1.pth')
    train(
        PRETRAINING,
        '--work-dir',
        work_dir,
        '--resume',
        broken_off,
        *pretraining_options(prepared_ntu),
    )
    resumed = losses(work_dir)
    assert [e['step'] for e in resumed] == [e['step'] for e in logs[3:]]

    train(
        PRETRAINING,
        '--work-dir',
        tmp_path / 'seed',
        '--seed',
        7,
        *pretraining_options(prepared_ntu),
    )
    other = losses(tmp_path / 'seed')
    assert all(a['loss'] != b['loss'] for a, b in zip(logs, other))
    (text,) = (tmp_path / 'seed').glob('*.py')
    assert 'randomness = dict(seed=7)' in text.read_text()


def test_amp_and_auto_scale_lr(prepared_ntu, tmp_path):
    train(
        PRETRAINING,
        '--work-dir',
        tmp_path,
        '--amp',
        '--auto-scale-lr',
        *pretraining_options(prepared_ntu),
    )
    logs = losses(tmp_path)
    assert logs[0]['lr'] == pytest.approx(0.1 * 4 / 128)
    assert all(e['loss'] < 100 for e in logs)


def test_no_validate(pretrained, prepared_ntu, tmp_path):
    train(
        LINEAR,
        '--work-dir',
        tmp_path,
        '--no-validate',
        *options(prepared_ntu, 'train'),
        f'model.pretrained={pretrained / "epoch_2.pth"}',
    )
    assert not any('acc/fused_top1' in e for e in scalars(tmp_path))


@pytest.fixture
def dist(tmp_path):
    """Run a tool on several ranks of a CPU."""

    def run_dist(tool, *args):
        with socket.socket() as sock:
            sock.bind(('', 0))
            port = sock.getsockname()[1]
        return run(
            'env',
            f'PORT={port}',
            'CUDA_VISIBLE_DEVICES=',
            'bash',
            ROOT / f'tools/dist_{tool}.sh',
            *args,
            cwd=tmp_path,
        )

    return run_dist


def test_nearest_neighbours_on_two_ranks(
    pretrained, prepared_ntu, tmp_path, dist
):
    """11 clips on either side, which 2 ranks cannot share evenly."""
    results = {}
    for ranks in (1, 2):
        dist(
            'test',
            PRETRAINING,
            pretrained / 'epoch_2.pth',
            ranks,
            '--work-dir',
            tmp_path / str(ranks),
            '--dump',
            tmp_path / f'{ranks}.npz',
            *pretraining_options(prepared_ntu),
            'test_dataloader.dataset.indices=11',
        )
        (log,) = (tmp_path / str(ranks)).glob('*/*.json')
        results[ranks] = (
            json.loads(log.read_text()),
            load_predictions(f'{tmp_path}/{ranks}.npz', 'fused_knn1'),
        )
    (metrics_1, dumped_1), (metrics_2, dumped_2) = results.values()
    assert dumped_2.names == [f'clip{i}' for i in range(12, 23)]
    assert dumped_1.names == dumped_2.names
    assert dumped_1.scores == pytest.approx(dumped_2.scores, abs=1e-5)
    accuracies = {k: v for k, v in metrics_1.items() if k.startswith('acc/')}
    assert len(accuracies) == 2 * 4
    for name, value in accuracies.items():
        assert (11 * value) == pytest.approx(round(11 * value))
        assert metrics_2[name] == pytest.approx(value)


def test_two_processes_without_a_gpu(prepared_ntu, tmp_path, dist):
    """Both stages of a pre-training, distillation and linear evaluation on 2
    ranks of a CPU."""
    data = options(prepared_ntu, 'train', 'val', 'test')
    dist(
        'train',
        IKEM,
        2,
        '--work-dir',
        tmp_path / 'pretrained',
        *pretraining_options(prepared_ntu),
        'model.exchange_begin=1',
    )
    logs = losses(tmp_path / 'pretrained')
    assert [e['step'] for e in logs] == [1, 2]  # 12 clips, 2 x 4 a step
    assert 'loss_joint' in logs[0] and 'loss_implicit_joint' in logs[1]
    dist(
        'train',
        DISTILLATION,
        2,
        '--work-dir',
        tmp_path / 'distilled',
        *pretraining_options(prepared_ntu),
        'model.teacher.modalities=[joint,motion,bone]',
        f'model.teacher.pretrained={tmp_path / "pretrained"}',
    )
    assert 'loss_distill_joint' in losses(tmp_path / 'distilled')[1]
    dist(
        'train',
        LINEAR,
        2,
        '--work-dir',
        tmp_path / 'linear',
        *data,
        f'model.pretrained={tmp_path / "distilled/epoch_2.pth"}',
    )
    validation = [
        e for e in scalars(tmp_path / 'linear') if 'acc/fused_top1' in e
    ]
    assert len(validation) == 2
    # of 12 clips each counts once
    assert all(
        (12 * e['acc/fused_top1'])
        == pytest.approx(round(12 * e['acc/fused_top1']))
        for e in validation
    )
    assert not (tmp_path / '.dist_test').exists()
    dist(
        'test',
        LINEAR,
        tmp_path / 'linear/epoch_2.pth',
        2,
        '--work-dir',
        tmp_path / 'test',
        *data,
    )


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
        'env',
        f'PATH={tmp_path}:{os.path.dirname(sys.executable)}:/usr/bin:/bin',
        'CUDA_VISIBLE_DEVICES=',
        'bash',
        ROOT / 'tools/slurm_train.sh',
        'partition',
        'name',
        PRETRAINING,
        '--work-dir',
        tmp_path / 'work_dir',
        *pretraining_options(prepared_ntu),
        'train_cfg.max_epochs=1',
    )
    assert (tmp_path / 'work_dir/epoch_1.pth').exists()


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
    result = run(
        sys.executable,
        f'{root}/tools/train.py',
        config,
        '--work-dir',
        tmp_path / 'work_dir',
        cwd=tmp_path,
    )
    assert 'acc/top1' in result.stdout
    assert (tmp_path / 'work_dir/epoch_1.pth').exists()
