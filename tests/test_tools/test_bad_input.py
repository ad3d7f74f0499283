"""Each row of docs/bad_input.md, end to end: one line, a non-zero exit."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import end_of_ranks, fail, run_tool, succeed
from conftest import write_prepared
from helpers import (
    ACTCLR,
    CONFIGS,
    IKEM_6M,
    LINEAR,
    SKELETONCLR_JOINT,
    SMALL_BANK,
    tiny_options,
)
from mmaction.registry import TRANSFORMS
from mmengine.config import Config

from ikem_cli.errors import describe, one_line_errors
from projects.ikem.engine.config_check import check_fields

TRAIN = 'tools/train.py'


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Tools run in a folder of the test."""
    monkeypatch.chdir(tmp_path)


def pretraining(data, *options):
    options = tiny_options(data, *SMALL_BANK, *options)
    return [SKELETONCLR_JOINT, *options, 'train_cfg.max_epochs=1']


def linear(data, *options):
    return [LINEAR, *tiny_options(data, *options), 'train_cfg.max_epochs=1']


UNTRAINED = 'model.pretrained=None'
THIRD_CLASS = 'model.num_classes=2'  # of the 3 of the data


@pytest.fixture(scope='module')
def pretrained(prepared_ntu, tmp_path_factory):
    """Checkpoint of a pre-training of NTU's joints."""
    folder = tmp_path_factory.mktemp('pretrained')
    config, *options = pretraining(prepared_ntu)
    succeed(TRAIN, config, '--work-dir', folder, *options)
    return folder / 'epoch_1.pth'


@pytest.fixture
def spoilt(prepared_ntu, tmp_path):
    """A copy of a prepared folder, with one clip of the training changed."""

    def spoil(value):
        folder = tmp_path / 'spoilt'
        shutil.copytree(prepared_ntu, folder)
        keypoint = np.load(folder / 'keypoint.npy', mmap_mode='r+')
        # a frame of a person; zeros are what absent persons are, hence all
        keypoint[(5, 0, 10) if value else 5] = value
        keypoint.flush()
        return folder

    return spoil


# configs and options


@pytest.mark.parametrize(
    'text, named',
    [
        ('model = dict(', 'SyntaxError'),
        ("_base_ = './absent.py'", 'absent.py'),
        ('lr = base_lr', 'base_lr'),
        ("_base_ = './base.py'", 'base.py'),
        ("_base_ = './broken.py'", 'broken.py'),
        ("custom_imports = dict(imports=['no_such'])", 'no_such'),
    ],
)
def test_configs_that_cannot_be_read(text, named):
    Path('base.py').write_text('x = batch')
    Path('broken.py').write_text('x = (')
    Path('mine.py').write_text(text)
    line = fail(TRAIN, 'mine.py')
    assert 'mine.py cannot be read' in line and named in line


@pytest.mark.parametrize(
    'option, named',
    [
        ('optim_wraper.optimizer.lr=1', ' optim_wrapper'),
        ('batch_size=4', 'train_dataloader.batch_size'),
        ('seed=4', 'randomness.seed'),
        ('nonsense=4', 'nonsense'),
        ('six_modalities=[joint]', 'model.data_preprocessor.modalities'),
        ('auto_scale_lr.enabel=True', 'enable'),
        ('env_cfg.mp_cgf.x=1', 'env_cfg.mp_cgf'),
        ('randomness.sede=1', 'sede'),
        ('model.bank_siz=1', 'bank_siz'),
        ('train_dataloader.batchsize=1', 'batchsize'),
        ('optim_wrapper.paramwise_cfg.bias_lr_mul=0', 'bias_lr_mult'),
        ('val_evaluator.metric_options.top_k_acc.topk=2', 'top_k_accuracy'),
        ('default_hooks.checkpont.interval=1', 'default_hooks.checkpoint'),
        ('default_hooks.checkpoint.intervall=1', 'checkpoint.intervall'),
        ('model.type=IKEN', 'IKEN'),
        ('model.data_preprocessor.modalities=[joint,velocity]', 'velocity'),
        ('model.data_preprocessor.modalities=[joint,joint]', 'different'),
        ('model.data_preprocessor.layout=ntu-26', 'ntu-26'),
        ('model.frozen_keys=[jiont]', 'jiont'),
        ('param_scheduler.3.gamma=2', '3'),
        ('model.bank_size.x=1', 'bank_size'),
        ('train_dataloader.dataset.indices=[0,1', 'bracket'),
        ('nothing', "'nothing'"),
    ],
)
def test_options(prepared_ntu, option, named):
    data = f'train_dataloader.dataset.data_root={prepared_ntu}'
    assert named in fail(TRAIN, IKEM_6M, '--cfg-options', data, option)


@pytest.mark.parametrize(
    'text, named',
    [
        ('custom_hook = []', 'custom_hooks'),
        ('train_dataloaders = dict()', 'train_dataloader?'),
        ('optimwrapper = dict()', 'optim_wrapper'),
        ('auto_scale_lr = dict(enabel=True)', 'enable,'),
        (
            "model = dict(data_preprocessor=dict(modalities=['velocity']))",
            'velocity',
        ),
    ],
)
def test_typos_in_a_config(text, named):
    Path('mine.py').write_text(f'_base_ = {str(SKELETONCLR_JOINT)!r}\n{text}')
    assert named in fail(TRAIN, 'mine.py')


def test_own_names_in_a_config_are_left_alone():
    """Also what a constructor of its own reads."""
    names = 'train_pipeline data_root ann_file_val dataset_type vis_backends'
    optim_wrapper = dict(constructor='Own', paramwise_cfg=dict(fc_lr5=True))
    fields = dict.fromkeys([*names.split(), 'optimizer', 'base_lr'], 1)
    check_fields(Config(dict(fields, optim_wrapper=optim_wrapper)))


def test_auto_scale_lr_without_a_batch_size():
    Path('mine.py').write_text('model = dict()')
    line = fail(TRAIN, 'mine.py', '--auto-scale-lr')
    assert 'base_batch_size' in line and 'mine.py' in line


# data


@pytest.mark.parametrize(
    'option, named',
    [('data_root=absent', 'absent'), ('split=xsub_tain', 'xsub_train')],
)
@pytest.mark.parametrize('part', ['train', 'val'])
def test_data_that_are_not_there(prepared_ntu, part, option, named):
    options = (UNTRAINED, f'{part}_dataloader.dataset.{option}')
    assert named in fail(TRAIN, *linear(prepared_ntu, *options))


def test_a_damaged_folder(spoilt):
    folder = spoilt(1)
    meta = json.loads((folder / 'annotations.json').read_text())
    meta['annotations'][5]['label'] = 3
    (folder / 'annotations.json').write_text(json.dumps(meta))
    line = fail(TRAIN, *pretraining(folder))
    assert str(folder) in line and 'clip05' in line and 'label 3' in line


@pytest.mark.parametrize(
    'part, other, clip', [('train', 'val', '02'), ('val', 'train', '14')]
)
def test_labels_outside_the_classes(prepared_ntu, part, other, clip):
    """Also where the other data set has none of them."""
    few = f'{other}_dataloader.dataset.indices=[0,1]'
    line = fail(TRAIN, *linear(prepared_ntu, UNTRAINED, THIRD_CLASS, few))
    assert f'clip{clip}' in line and f'{prepared_ntu}/annotations' in line
    assert 'label 2' in line and 'model.num_classes' in line


@pytest.mark.parametrize(
    'config, options, value, named',
    [
        (pretraining, [], np.nan, 'finite'),
        (linear, [UNTRAINED], np.inf, 'finite'),
        (linear, [UNTRAINED], 0, 'zeros'),
    ],
)
def test_spoilt_clips(spoilt, config, options, value, named):
    folder = spoilt(value)
    line = fail(TRAIN, *config(folder, *options))
    assert 'clip05' in line and f'row 5 of {folder}/keypoint.npy' in line
    assert named in line


def test_more_persons_than_configured(prepared_ntu):
    Path('mine.py').write_text(
        f'_base_ = {str(LINEAR)!r}\n'
        'pipeline = [dict(type="FormatGCNInput", num_person=1), '
        'dict(type="PackActionInputs", algorithm_keys=("time_scale", ))]\n'
        'val_dataloader = dict(dataset=dict(pipeline=pipeline))\n'
    )
    line = fail(TRAIN, 'mine.py', *linear(prepared_ntu, UNTRAINED)[1:])
    assert 'xsub_val' in line and 'num_person=2' in line


def test_clips_of_one_frame(tmp_path):
    data = write_prepared(tmp_path / 'data', num_frames=1)
    modalities = 'model.data_preprocessor.modalities='
    line = fail(TRAIN, *pretraining(data, f'{modalities}[motion]'))
    assert 'velocity' in line and '--num-frames' in line
    config, *options = pretraining(data, f'{modalities}[joint,rotation_axis]')
    succeed(TRAIN, config, '--work-dir', tmp_path / 'run', *options)
    state = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=False)
    assert all(x.isfinite().all() for x in state['state_dict'].values())


def test_data_of_another_skeleton(prepared_nwucla):
    line = fail(TRAIN, *linear(prepared_nwucla, UNTRAINED))
    assert "'kinect-20'" in line and "'ntu-25'" in line
    assert 'layout in model.data_preprocessor' in line


def test_an_epoch_without_a_batch(prepared_ntu):
    option = 'train_dataloader.batch_size=13'
    line = fail(TRAIN, *pretraining(prepared_ntu, option))
    assert 'batch_size=13' in line and '12 clips' in line


@pytest.mark.parametrize(
    'transform', [dict(type='CenterJoint'), dict(type='ResampleFrames')]
)
def test_nobody_in_a_clip_of_the_toolbox(transform):
    """Of PoseDataset, which reads whatever a pickle holds."""
    clip = dict(
        frame_dir='x', keypoint=np.zeros((2, 3, 25, 3)), total_frames=3
    )
    with pytest.raises(ValueError, match='x.*(nobody|no frame)'):
        TRANSFORMS.build(transform)(clip)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_clip_of_the_toolbox_that_is_not_finite(value):
    keypoint = np.ones((2, 3, 25, 3))
    keypoint[1, 2, 4, 1] = value
    center = TRANSFORMS.build(dict(type='CenterJoint'))
    with pytest.raises(ValueError, match="'my-clip'"):
        center(dict(frame_dir='my-clip', keypoint=keypoint))


def write_nwucla(**clips):
    """Files of the data set's own format in a folder."""
    raw = Path('raw')
    raw.mkdir()
    for i, (name, skeletons) in enumerate(clips.items()):
        clip = dict(file_name=name, label=i + 1, skeletons=skeletons)
        (raw / f'{name}.json').write_text(json.dumps(clip))
    return ('tools/data/prepare_nwucla.py', raw, 'out', '--strict')


STILL = np.random.default_rng(0).normal(size=(1, 20, 3)).tolist()


def test_a_raw_clip_of_one_frame():
    """It is whole; its motion is zero."""
    clips = dict(a01_s01_e00_v01=STILL, a02_s01_e00_v03=2 * STILL)
    succeed(*write_nwucla(**clips), '--workers', 1)
    x = np.load('out/keypoint.npy')
    assert x.any() and np.isfinite(x).all()
    assert (x[0] == x[0, :, :1]).all()


@pytest.mark.parametrize(
    'joints, named', [([[[np.nan] * 3] * 20], 'frame 1'), ([], 'shape')]
)
def test_raw_clips_that_are_broken(joints, named):
    clips = dict(a01_s01_e00_v01=STILL, a02_s01_e00_v03=joints)
    line = fail(*write_nwucla(**clips), '--workers', 1)
    assert 'raw/a02_s01_e00_v03.json' in line and named in line
    assert not Path('out').exists()


# checkpoints

KINECT = 'model.data_preprocessor.layout=kinect-20'


def test_checkpoints_for_linear_evaluation(
    pretrained, prepared_ntu, prepared_nwucla
):
    def line(data, checkpoint, *options):
        pretrained = f'model.pretrained={checkpoint}'
        line = fail(TRAIN, *linear(data, pretrained, *options))
        assert str(checkpoint) in line
        return line

    assert 'pre-training' in line(prepared_ntu, 'absent.pth')
    bones = 'model.data_preprocessor.modalities=[bone]'
    assert 'query.bone' in line(prepared_ntu, pretrained, bones)
    layout = line(prepared_nwucla, pretrained, KINECT)
    assert 'query.joint' in layout and '25 joints' in layout
    assert 'kinect-20' in layout
    Path('damaged.pth').write_bytes(pretrained.read_bytes()[:5000])
    line(prepared_ntu, 'damaged.pth')


@pytest.mark.parametrize(
    'tool, args', [(TRAIN, ['--resume']), ('tools/test.py', [])]
)
def test_checkpoints_of_another_skeleton(
    pretrained, prepared_nwucla, tool, args
):
    config, *options = pretraining(prepared_nwucla, KINECT)
    line = fail(tool, config, *args, pretrained, *options)
    assert '25 joints' in line and 'kinect-20' in line


def test_testing_a_checkpoint_of_another_config(pretrained, prepared_ntu):
    config, *options = linear(prepared_ntu, UNTRAINED)
    line = fail('tools/test.py', config, pretrained, *options)
    assert 'config' in line and 'missing: backbone.' in line


def test_resuming_from_nothing(prepared_ntu):
    config, *options = pretraining(prepared_ntu)
    assert 'absent.pth' in fail(
        TRAIN, config, '--resume', 'absent.pth', *options
    )


# processes


def test_a_clip_that_a_worker_reads(spoilt):
    folder = spoilt(np.nan)
    workers = 'train_dataloader.num_workers=1'
    line = fail(TRAIN, *pretraining(folder, workers))
    assert 'clip05' in line
    log = re.search(r'traceback in (.*)\)$', line)[1]
    assert 'Original Traceback' in Path(log).read_text()


def test_ranks_with_uneven_shares(prepared_ntu):
    results = end_of_ranks(
        2,
        TRAIN,
        *pretraining(
            prepared_ntu,
            'train_dataloader.dataset.indices=11',
            'train_dataloader.drop_last=False',
            'train_dataloader.sampler.round_up=False',
        ),
    )
    for rank, result in enumerate(results):
        assert result.returncode == 1
        line = result.stderr.splitlines()[-1]
        assert line.startswith(f'train.py, rank {rank}: ')
        assert 'round_up=True' in line and 'train_dataloader' in line


def test_tracebacks_can_be_printed():
    result = run_tool(TRAIN, 'mine.py', env=dict(IKEM_TRACEBACK='1'))
    assert result.returncode == 1
    assert 'Traceback' in result.stderr
    assert result.stderr.splitlines()[-1].startswith('train.py: mine.py')


def test_a_first_phase_that_does_not_fit(prepared_ntu, pretrained):
    """Of the joint alone."""
    options = tiny_options(
        prepared_ntu, *SMALL_BANK, f'load_from={pretrained}'
    )
    line = fail(TRAIN, ACTCLR, *options)
    assert 'ActCLR begins from the query encoders' in line
    assert 'missing: query.bone' in line


def test_a_batch_without_partners(prepared_ntu):
    options = tiny_options(
        prepared_ntu,
        *SMALL_BANK,
        'load_from=None',
        'train_dataloader.batch_size=2',
    )
    line = fail(TRAIN, ACTCLR, *options)
    assert 'set the batch size to 3 or more' in line


def test_more_positives_than_slots(prepared_ntu):
    config = CONFIGS / 'cpm' / ACTCLR.name.replace('actclr', 'cpm')
    options = tiny_options(prepared_ntu, *SMALL_BANK)
    line = fail(TRAIN, config, *options)
    assert 'positives are slots of the bank, 0 to 16' in line


def test_ctrl_c(capfd, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['tools/train.py'])
    with pytest.raises(SystemExit) as caught, one_line_errors():
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert capfd.readouterr().err == '\ntrain.py: interrupted\n'


@pytest.mark.parametrize(
    'error, expected',
    [
        (KeyError('no\n  such'), 'KeyError: no such'),
        (KeyError(), 'KeyError: '),
        (AssertionError(), 'AssertionError: '),
        (ValueError('plain'), 'plain'),
        (
            RuntimeError(
                'Caught FormatError in DataLoader worker process 0.\n'
                'Original Traceback (most recent call last):\n'
                '  File "x", line 1\nValueError: inner\n\nDuring\n'
                'projects.ikem.FormatError: f.json: the\n reason\n'
            ),
            'f.json: the reason',
        ),
    ],
)
def test_what_errors_say(error, expected):
    assert describe(error) == expected
