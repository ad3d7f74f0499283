"""Each row of docs/bad_input.md, end to end: one line, a non-zero exit."""

import functools
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
from conftest import write_prepared
from helpers import CONFIGS, ROOT
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.logging import MMLogger

from projects.ikem.engine.cli import describe, one_line_errors
from projects.ikem.engine.config_check import check_fields

PRETRAINING = (
    CONFIGS
    / 'skeletonclr/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'
)
LINEAR = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'
SIX = CONFIGS / 'ikem/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub.py'


def run_tool(monkeypatch, name, *args):
    """Run a tool in this process, as one that has not logged before."""
    path = str(ROOT / 'tools' / name)
    monkeypatch.setattr(MMLogger, '_instance_dict', OrderedDict())
    monkeypatch.setenv('LOCAL_RANK', '0')  # which the tools would leave set
    monkeypatch.setattr(sys, 'argv', [path, *map(str, args)])
    runpy.run_path(path, run_name='__main__')


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Run a tool in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return functools.partial(run_tool, monkeypatch)


@pytest.fixture
def line_of(tool, capfd):
    """Run a tool that fails; the line that it ends with."""

    def run(name, *args):
        with pytest.raises(SystemExit) as caught:
            tool(name, *args)
        line = caught.value.code  # Python prints it, and exits with 1
        assert re.fullmatch(rf'{os.path.basename(name)}: \S.*', line)
        assert 'Traceback' not in line + capfd.readouterr().err
        return line

    return run


def tiny(data, *options):
    """Options of a training that takes a second."""
    loaders = [
        f'{name}_dataloader.{option}'
        for name in ('train', 'val', 'test')
        for option in (
            'batch_size=4',
            'num_workers=0',
            'persistent_workers=False',
            f'dataset.data_root={data}',
        )
    ]
    return [
        '--cfg-options',
        'model.backbone.base_channels=4',
        'model.backbone.out_channels=8',
        'train_cfg.max_epochs=1',
        'log_level=WARNING',
        *loaders,
        *options,
    ]


def pretraining(data, *options):
    small = ('model.bank_size=16', 'val_cfg.k=[1,5]')
    return [PRETRAINING, *tiny(data, *small, *options)]


def linear(data, *options):
    return [LINEAR, *tiny(data, *options)]


UNTRAINED = 'model.pretrained=None'
THIRD_CLASS = 'model.num_classes=2'  # of the 3 of the data


@pytest.fixture(scope='module')
def pretrained(prepared_ntu, tmp_path_factory):
    """Checkpoint of a pre-training of NTU's joints."""
    folder = tmp_path_factory.mktemp('pretrained')
    with pytest.MonkeyPatch.context() as patch:
        config, *options = pretraining(prepared_ntu)
        run_tool(patch, 'train.py', config, '--work-dir', folder, *options)
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
    'text, expected',
    [
        (None, "No such file or directory: 'mine.py'"),
        ('model = dict(', r'SyntaxError: .*line 1\)$'),
        ("_base_ = './absent.py'", "No such file .*/absent.py'$"),
        ('lr = base_lr', r"NameError: name 'base_lr' is not .*mine\.py\)"),
        ("_base_ = './base.py'", r"name 'batch' is not.*/base\.py\)"),
        ("_base_ = './broken.py'", r'SyntaxError.*/broken\.py\)'),
        ("custom_imports = dict(imports=['no_such'])", 'no_such'),
    ],
)
def test_configs_that_cannot_be_read(line_of, tmp_path, text, expected):
    (tmp_path / 'base.py').write_text('x = batch')
    (tmp_path / 'broken.py').write_text('x = (')
    (tmp_path / 'mine.py').write_text(text or '')
    if text is None:
        (tmp_path / 'mine.py').unlink()
    line = line_of('train.py', 'mine.py')
    assert line.startswith('train.py: mine.py cannot be read: ')
    assert re.search(expected, line)


@pytest.mark.parametrize(
    'option, expected',
    [
        ('optim_wraper.optimizer.lr=1', "no 'optim_wraper': did you mean opt"),
        ('batch_size=4', 'did you mean train_dataloader.batch_size or'),
        ('seed=4', 'did you mean randomness.seed?'),
        ('nonsense=4', "has no 'nonsense'"),
        (
            'six_modalities=[joint]',
            'set the fields that are made of it: did you mean '
            'model.data_preprocessor.modalities?',
        ),
        ('auto_scale_lr.enabel=True', 'auto_scale_lr has the fields enable, '),
        ('env_cfg.mp_cgf.x=1', 'nothing reads env_cfg.mp_cgf: env_cfg has'),
        ('randomness.sede=1', 'did you mean randomness.seed?'),
        ('model.bank_siz=1', 'did you mean model.bank_size?'),
        ('train_dataloader.batchsize=1', 'train_dataloader.batch_size?'),
        (
            'optim_wrapper.paramwise_cfg.bias_lr_mul=0',
            'paramwise_cfg has the fields custom_keys, bias_lr_mult, ',
        ),
        (
            'val_evaluator.metric_options.top_k_acc.topk=2',
            'metric_options has the fields top_k_accuracy',
        ),
        (
            'default_hooks.checkpont.interval=1',
            'checkpont has no type: did you mean default_hooks.checkpoint?',
        ),
        (
            'default_hooks.checkpoint.intervall=1',
            'nothing reads default_hooks.checkpoint.intervall',
        ),
        ('model.type=IKEN', 'IKEN is not in the mmaction::model registry'),
        (
            'model.data_preprocessor.modalities=[joint,velocity]',
            "unknown modalities ['velocity']: choose from ['joint', 'motion'",
        ),
        (
            'model.data_preprocessor.modalities=[joint,joint]',
            'modalities are one or more different ones of',
        ),
        (
            'model.data_preprocessor.layout=ntu-26',
            "unknown skeleton layout 'ntu-26': known are",
        ),
        ('model.frozen_keys=[jiont]', "frozen_keys has ['jiont']"),
        ('param_scheduler.3.gamma=2', 'Index 3 exceeds the length of list'),
        ('model.bank_size.x=1', 'bank_size'),
        ('train_dataloader.dataset.indices=[0,1', 'Imbalanced brackets'),
        ('nothing', "'nothing' is no key=value"),
    ],
)
def test_options(line_of, prepared_ntu, option, expected):
    data = f'train_dataloader.dataset.data_root={prepared_ntu}'
    line = line_of('train.py', SIX, '--cfg-options', data, option)
    assert expected in line


@pytest.mark.parametrize(
    'text, expected',
    [
        ('custom_hook = []', 'did you mean custom_hooks?'),
        ('train_dataloaders = dict()', 'did you mean train_dataloader?'),
        ('optimwrapper = dict()', 'did you mean optim_wrapper?'),
        ('auto_scale_lr = dict(enabel=True)', 'enable, base_batch_size'),
        (
            "model = dict(data_preprocessor=dict(modalities=['velocity']))",
            "unknown modalities ['velocity']: choose from ['joint', ",
        ),
    ],
)
def test_typos_in_a_config(line_of, tmp_path, text, expected):
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = {str(PRETRAINING)!r}\n{text}\n')
    assert expected in line_of('train.py', path)


def test_own_names_in_a_config_are_left_alone():
    """Also what a constructor of its own reads."""
    names = 'train_pipeline data_root ann_file_val dataset_type vis_backends'
    optim_wrapper = dict(constructor='Own', paramwise_cfg=dict(fc_lr5=True))
    fields = dict.fromkeys([*names.split(), 'optimizer', 'base_lr'], 1)
    check_fields(Config(dict(fields, optim_wrapper=optim_wrapper)))


def test_auto_scale_lr_without_a_batch_size(line_of, tmp_path):
    (tmp_path / 'mine.py').write_text('model = dict()')
    line = line_of('train.py', 'mine.py', '--auto-scale-lr')
    assert line.endswith('auto_scale_lr=dict(base_batch_size=...) in mine.py')


# data


@pytest.mark.parametrize(
    'option, expected',
    [
        ('data_root=absent', 'absent is missing: make the prepared folder'),
        ('split=xsub_tain', r"no split 'xsub_tain': choose one of .*train"),
    ],
)
@pytest.mark.parametrize('name', ['train', 'val'])
def test_data_that_are_not_there(
    line_of, prepared_ntu, name, option, expected
):
    options = (UNTRAINED, f'{name}_dataloader.dataset.{option}')
    line = line_of('train.py', *linear(prepared_ntu, *options))
    assert re.search(expected, line)


def test_a_damaged_folder(line_of, spoilt):
    folder = spoilt(1)
    meta = json.loads((folder / 'annotations.json').read_text())
    meta['annotations'][5]['label'] = 3
    (folder / 'annotations.json').write_text(json.dumps(meta))
    line = line_of('train.py', *pretraining(folder))
    assert f'{folder} is no sound prepared folder, make it again' in line
    assert "clip 'clip05': label 3 is not in 0 to 2" in line


@pytest.mark.parametrize('name', ['train', 'val'])
def test_labels_outside_the_classes(line_of, prepared_ntu, name):
    """Also where the other data set has none of them."""
    other = {'train': 'val', 'val': 'train'}[name]
    options = (
        UNTRAINED,
        THIRD_CLASS,
        f'{other}_dataloader.dataset.indices=[0,1]',
    )
    line = line_of('train.py', *linear(prepared_ntu, *options))
    clip = {'train': 'clip02', 'val': 'clip14'}[name]
    assert f"clip '{clip}' of {prepared_ntu}/annotations.json, split" in line
    assert 'has the label 2, the model has the classes 0 to 1' in line
    assert 'set model.num_classes' in line


@pytest.mark.parametrize(
    'config, value, expected',
    [
        (pretraining, np.nan, 'not finite'),
        (linear, np.inf, 'not finite'),
        (linear, 0, 'all zeros'),
    ],
)
def test_spoilt_clips(line_of, spoilt, config, value, expected):
    folder = spoilt(value)
    options = [UNTRAINED] if config is linear else []
    line = line_of('train.py', *config(folder, *options))
    assert f"clip 'clip05' (row 5 of {folder}/keypoint.npy, split " in line
    assert expected in line
    assert 'prepare it again with one of tools/data/prepare_*.py' in line


def test_more_persons_than_configured(line_of, prepared_ntu, tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text(
        f'_base_ = {str(LINEAR)!r}\n'
        'pipeline = [dict(type="FormatGCNInput", num_person=1), '
        'dict(type="PackActionInputs", algorithm_keys=("time_scale", ))]\n'
        'val_dataloader = dict(dataset=dict(pipeline=pipeline))\n'
    )
    options = linear(prepared_ntu, UNTRAINED)[1:]
    line = line_of('train.py', config, *options)
    assert "split 'xsub_val', has clips of 2 persons" in line
    assert 'set num_person=2 of FormatGCNInput' in line


def test_clips_of_one_frame(tool, line_of, tmp_path):
    data = write_prepared(tmp_path / 'data', num_frames=1)
    modalities = 'model.data_preprocessor.modalities='
    line = line_of('train.py', *pretraining(data, f'{modalities}[motion]'))
    assert 'clips of 1 frames have no velocity: prepare the data wit' in line
    assert '--num-frames 2 or more' in line
    config, *options = pretraining(data, f'{modalities}[joint,rotation_axis]')
    tool('train.py', config, '--work-dir', tmp_path / 'run', *options)
    state = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=False)
    assert all(x.isfinite().all() for x in state['state_dict'].values())


def test_data_of_another_skeleton(line_of, prepared_nwucla):
    line = line_of('train.py', *linear(prepared_nwucla, UNTRAINED))
    assert "layout 'kinect-20' with 20 joints, the model 'ntu-25'" in line
    assert 'set layout in model.data_preprocessor' in line


def test_an_epoch_without_a_batch(line_of, prepared_ntu):
    option = 'train_dataloader.batch_size=13'
    line = line_of('train.py', *pretraining(prepared_ntu, option))
    assert 'batch_size=13 leave nothing of 12 clips a rank: lower' in line


@pytest.mark.parametrize(
    'transform', [dict(type='CenterJoint'), dict(type='ResampleFrames')]
)
def test_nobody_in_a_clip_of_the_toolbox(transform):
    """Of PoseDataset, which reads whatever a pickle holds."""
    clip = dict(
        frame_dir='x', keypoint=np.zeros((2, 3, 25, 3)), total_frames=3
    )
    with pytest.raises(ValueError, match='x.*nobody|x.*present in no frame'):
        TRANSFORMS.build(transform)(clip)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_clip_of_the_toolbox_that_is_not_finite(value):
    keypoint = np.ones((2, 3, 25, 3))
    keypoint[1, 2, 4, 1] = value
    center = TRANSFORMS.build(dict(type='CenterJoint'))
    with pytest.raises(ValueError, match="clip 'x' has a joint that is not"):
        center(dict(frame_dir='x', keypoint=keypoint))


@pytest.mark.parametrize(
    'joints, expected',
    [
        ([[[np.nan] * 3] * 20], 'a joint of frame 1 is not finite'),
        ([], 'shape'),
        (None, None),
    ],
)
def test_raw_clips(tool, line_of, tmp_path, joints, expected):
    """A clip of a single frame is whole; its motion is zero."""
    raw = tmp_path / 'raw'
    raw.mkdir()
    rng = np.random.default_rng(0)
    clips = dict(
        a01_s01_e00_v01=rng.normal(size=(1, 20, 3)).tolist(),
        a02_s01_e00_v03=rng.normal(size=(2, 20, 3)).tolist(),
    )
    if expected is not None:
        clips['a02_s01_e00_v03'] = joints
    for i, (name, skeletons) in enumerate(clips.items()):
        clip = dict(file_name=name, label=i + 1, skeletons=skeletons)
        (raw / f'{name}.json').write_text(json.dumps(clip))
    args = ('data/prepare_nwucla.py', raw, 'out', '--strict', '--workers', 1)
    if expected is None:
        tool(*args)
        x = np.load(tmp_path / 'out/keypoint.npy')
        assert x.any() and np.isfinite(x).all()
        assert (x[0] == x[0, :, :1]).all()
    else:
        line = line_of(*args)
        assert f'{raw}/a02_s01_e00_v03.json: ' in line and expected in line
        assert not (tmp_path / 'out').exists()


# checkpoints


def test_checkpoints_for_linear_evaluation(
    line_of, pretrained, prepared_ntu, prepared_nwucla, tmp_path
):
    def line(data, *options):
        return line_of('train.py', *linear(data, *options))

    absent = line(prepared_ntu, 'model.pretrained=absent.pth')
    assert 'absent.pth is missing: run the pre-training first, or' in absent

    other = line(
        prepared_ntu,
        f'model.pretrained={pretrained}',
        'model.data_preprocessor.modalities=[bone]',
    )
    assert f'{pretrained} has no encoder query.bone.backbone: was it' in other

    layout = line(
        prepared_nwucla,
        f'model.pretrained={pretrained}',
        'model.data_preprocessor.layout=kinect-20',
    )
    assert f'query.joint.backbone of {pretrained} is for 25 joints' in layout
    assert "(as 'kinect-20' have)" in layout
    assert 'use another checkpoint' in layout

    (tmp_path / 'damaged.pth').write_bytes(pretrained.read_bytes()[:5000])
    damaged = line(prepared_ntu, 'model.pretrained=damaged.pth')
    assert 'damaged.pth is' in damaged and 'damaged' in damaged


@pytest.mark.parametrize('resuming', [True, False])
def test_checkpoints_of_another_skeleton(
    line_of, pretrained, prepared_nwucla, resuming
):
    config, *options = pretraining(
        prepared_nwucla,
        'model.data_preprocessor.layout=kinect-20',
    )
    command = {
        True: ('train.py', config, '--resume', pretrained),
        False: ('test.py', config, pretrained),
    }[resuming]
    line = line_of(*command, *options, 'test_cfg.k=[1,5]')
    assert 'the checkpoint is for 25 joints' in line
    assert "(as 'kinect-20' have)" in line


def test_testing_a_checkpoint_of_another_config(
    line_of, pretrained, prepared_ntu
):
    config, *options = linear(prepared_ntu, UNTRAINED)
    line = line_of('test.py', config, pretrained, *options)
    assert 'use the config that it was trained with; parameters' in line
    assert 'missing: backbone.' in line


def test_resuming_from_nothing(line_of, prepared_ntu):
    config, *options = pretraining(prepared_ntu)
    line = line_of('train.py', config, '--resume', 'absent.pth', *options)
    assert 'absent.pth' in line


# processes


def start(*command, **environment):
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=dict(os.environ, OMP_NUM_THREADS='1', **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes(prepared_ntu, spoilt, tmp_path):
    """A clip that a worker reads; ranks with uneven shares."""
    folder = spoilt(np.nan)
    train = str(ROOT / 'tools/train.py')
    one = [
        *pretraining(folder, 'train_dataloader.num_workers=1'),
        '--work-dir',
        tmp_path / 'one',
    ]
    two = [
        *pretraining(
            prepared_ntu,
            'train_dataloader.dataset.indices=11',
            'train_dataloader.drop_last=False',
            'train_dataloader.sampler.round_up=False',
        ),
        '--work-dir',
        tmp_path / 'two',
        '--launcher',
        'pytorch',
    ]
    torchrun = ['-m', 'torch.distributed.run', '--nproc_per_node=2']
    processes = [
        start(train, *one),
        start(*torchrun, '--standalone', train, *two, CUDA_VISIBLE_DEVICES=''),
    ]
    (_, error), (_, errors) = (p.communicate() for p in processes)
    assert [p.returncode for p in processes] == [1, 1]

    assert 'Traceback' not in error
    (line,) = (x for x in error.splitlines() if x.startswith('train.py: '))
    assert "train.py: clip 'clip05' (row 5 of" in line
    log = re.search(r'\(traceback in (.*)\)$', line)[1]
    assert 'Original Traceback' in open(log).read()

    ours = [x for x in errors.splitlines() if x.startswith('train.py, rank ')]
    assert ours
    for line in ours:
        assert 'different numbers of clips' in line
        assert 'set round_up=True of train_dataloader.sampler' in line


def test_tracebacks_can_be_printed(tool, monkeypatch, capfd):
    monkeypatch.setenv('IKEM_TRACEBACK', '1')
    with pytest.raises(SystemExit, match='^train.py: mine.py cannot be read'):
        tool('train.py', 'mine.py')
    assert 'FileNotFoundError: [Errno 2]' in capfd.readouterr().err


def test_ctrl_c(capfd):
    with pytest.raises(SystemExit) as caught, one_line_errors('train.py'):
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
