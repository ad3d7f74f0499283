"""The tools that draw, end to end at tiny size."""

import json
import runpy
import sys

import pytest
import torch
from helpers import CONFIGS, ROOT, tiny
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from projects.ikem.evaluation.fusion import Predictions

LINEAR = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'
RUNTIME = CONFIGS / '_base_/default_runtime.py'
PRETRAINING = (
    CONFIGS / 'skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
)


@pytest.fixture
def run(monkeypatch, capsys):
    def run_tool(name, *args):
        path = str(ROOT / 'tools/visualizations' / name)
        monkeypatch.setattr(sys, 'argv', [path, *map(str, args)])
        runpy.run_path(path, run_name='__main__')
        return capsys.readouterr().out

    return run_tool


def checkpoint_of(path, data_root, folder):
    """A tiny config and a checkpoint of it, untrained."""
    cfg = tiny(Config.fromfile(path), data_root, str(folder))
    cfg.dump(folder / 'tiny.py')
    state = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=state), folder / 'tiny.pth')
    return folder / 'tiny.py', folder / 'tiny.pth'


@pytest.fixture
def classifier(prepared_ntu, tmp_path):
    return checkpoint_of(LINEAR, prepared_ntu, tmp_path)


def size(path):
    with Image.open(path) as image:
        return getattr(image, 'n_frames', 1), image.size


@pytest.mark.parametrize(
    'args',
    [
        ('--clip', 'clip03'),
        ('--index', 2, '--modalities'),
        ('--sheet', 3),
    ],
)
def test_browse_pictures(run, prepared_ntu, tmp_path, args):
    run('browse_dataset.py', prepared_ntu, *args, '--out', tmp_path / 'x.png')
    frames, (width, height) = size(tmp_path / 'x.png')
    assert frames == 1
    assert min(width, height) > 100


@pytest.mark.parametrize(
    'args',
    [
        ('--modalities', 'joint', 'motion', '--three-d'),
        ('--frame', 3, '--split', 'xsub_val'),
    ],
)
def test_browse_views(run, prepared_ntu, tmp_path, args):
    """As many as the config has, beside the clip or below it."""
    sizes = set()
    for num_views in (1, 3):
        config = tmp_path / 'views.py'
        config.write_text(
            'pipeline = [dict(type="MultiView", transforms=[dict('
            f'type="RandomShear")], num_views={num_views}), '
            'dict(type="PackSkeleton")]\n'
            'train_dataloader = dict(dataset=dict(pipeline=pipeline))\n'
        )
        out = tmp_path / 'x.png'
        run(
            *('browse_dataset.py', prepared_ntu, '--views', config),
            *(*args, '--out', out),
        )
        sizes.add(size(out))
    assert len(sizes) == 2


def test_browse_a_movie(run, prepared_ntu, tmp_path):
    out = tmp_path / 'x.gif'
    run(
        'browse_dataset.py',
        prepared_ntu,
        '--sheet=2',
        '--dpi=20',
        '--out',
        out,
    )
    assert size(out)[0] == 50


@pytest.mark.parametrize(
    'args, message',
    [
        (('--clip', 'nobody'), "no clip 'nobody': its 24 clips .* 'clip00'"),
        (('--index', 99), 'no clip 99: .* has 24'),
        (('--split', 'test'), "no split 'test': choose one of .*xsub_train"),
        (('--frame', 50), 'frames 0 to 49'),
        (('--modalities', 'speed'), "unknown modalities .'speed'.: choose"),
        (('--imports', 'nothing'), 'nothing'),
        (('--views', 'absent.py'), 'absent.py cannot be read'),
        (('--views', RUNTIME), 'default_runtime.py has no train_dataloader'),
        (('--out', 'x.txt'), "Format 'txt' is not supported"),
    ],
)
def test_browse_bad_input(run, prepared_ntu, tmp_path, args, message):
    out = ('--out', tmp_path / 'x.png')
    with pytest.raises(SystemExit, match=f'^browse_dataset.py: .*{message}'):
        run('browse_dataset.py', prepared_ntu, *out, *args)
    assert not any(tmp_path.iterdir())


def test_embed(run, classifier, tmp_path):
    pytest.importorskip('sklearn')
    out = ('--out', tmp_path / 'x.png')
    run('embed.py', *classifier, '--max-clips', 7, *out)
    assert size(tmp_path / 'x.png')[0] == 1
    with pytest.raises(SystemExit, match='^embed.py: .* says no camera'):
        run('embed.py', *classifier, '--colour', 'camera', *out)
    with pytest.raises(SystemExit, match="^embed.py: no stream 'acc'"):
        run('embed.py', *classifier, '--stream', 'acc', *out)


def test_umap_is_optional(run, classifier, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'umap', None)
    with pytest.raises(SystemExit, match='^embed.py: .*install umap-learn$'):
        run('embed.py', *classifier, '--method=umap', '--out', tmp_path / 'x')


def test_confusion_of_a_checkpoint_and_of_predictions(
    run, classifier, tmp_path
):
    config, checkpoint = classifier
    head, *lines = run(
        'confusion.py', config, checkpoint, '--out', tmp_path / 'x.png'
    ).splitlines()
    assert head.startswith('12 clips, ')
    wrong = sum(int(line.split()[0]) for line in lines)
    assert head == f'12 clips, {100 * (12 - wrong) / 12:.1f} % right'
    labels = [0, 0, 0, 1, 2]
    scores = torch.eye(3)[[0, 1, 1, 2, 2]].numpy()
    names = [f'clip{i}' for i in range(5)]
    Predictions('', names, labels, scores).save(tmp_path / 'p.npz')
    text = run(
        'confusion.py', config, tmp_path / 'p.npz', '--out', tmp_path / 'y.png'
    )
    assert text.splitlines() == [
        '5 clips, 40.0 % right',
        '     2  0 taken for 1',
        '     1  1 taken for 2',
    ]
    assert size(tmp_path / 'y.png')[0] == 1


def test_confusion_of_a_pretraining(run, prepared_ntu, tmp_path):
    files = checkpoint_of(PRETRAINING, prepared_ntu, tmp_path)
    with pytest.raises(SystemExit, match='^confusion.py: .* SkeletonCLR: '):
        run('confusion.py', *files, '--out', tmp_path / 'x.png')


def test_retrieve(run, prepared_ntu, tmp_path):
    files = checkpoint_of(PRETRAINING, prepared_ntu, tmp_path)
    out = ('--out', tmp_path / 'x.png')
    text = run('retrieve.py', *files, '--clip', 'clip13', '--k', 4, *out)
    assert len(text.splitlines()) == 4
    for line in text.splitlines():
        verdict, _, name, label = line.split()
        assert int(name[4:6]) < 12  # of the training split
        assert (verdict == 'right') == (int(label) == 13 % 3)
    itself = ('--clip', 'clip01', '--split', 'xsub_train')
    text = run('retrieve.py', *files, *itself, '--k', 11, *out)
    assert 'clip01' not in text
    with pytest.raises(SystemExit, match="^retrieve.py: .*no clip 'clip01'"):
        run('retrieve.py', *files, '--clip', 'clip01', *out)


def write_log(folder, **values):
    path = folder / '1/vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    entries = [dict(epoch=e, **values) for e in (1, 2)]
    path.write_text(''.join(json.dumps(e) + '\n' for e in entries))
    return folder


def test_plot_curves(run, tmp_path):
    one = write_log(tmp_path / 'a/run', loss_joint=5.0, lr=0.1)
    two = write_log(tmp_path / 'b/run', loss_joint=4.0, lr=0.1)
    out = ('--out', tmp_path / 'x.png')
    names = ('--names', 'loss_.*', 'lr')
    run('plot_curves.py', one, two, *names, *out)
    wide = size(tmp_path / 'x.png')
    run('plot_curves.py', one, two, *names, '--overlay', *out)
    assert size(tmp_path / 'x.png') != wide
    for overlay in ((), ('--overlay',)):
        with pytest.raises(SystemExit, match="no .* 'acc'; there are"):
            run('plot_curves.py', one, '--names', 'lr', 'acc', *overlay, *out)
    three = write_log(tmp_path / 'c/run', lr=0.1)  # has no losses
    run('plot_curves.py', one, three, *names, *out)
    with pytest.raises(SystemExit, match="'\\(' is no regular expression"):
        run('plot_curves.py', one, '--names', '(', *out)


@pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')
def test_tensorboard_by_config(prepared_ntu, tmp_path):
    pytest.importorskip('tensorboard')
    base = tiny(Config.fromfile(LINEAR), prepared_ntu, str(tmp_path))
    base.dump(tmp_path / 'base.py')
    (tmp_path / 'child.py').write_text(
        "_base_ = 'base.py'\n"
        "visualizer = dict(vis_backends=[dict(type='LocalVisBackend'),"
        "dict(type='TensorboardVisBackend')])\n"
    )
    cfg = Config.fromfile(tmp_path / 'child.py')
    cfg.experiment_name = 'tensorboard'  # visualisers are kept by it
    Runner.from_cfg(cfg).train()
    from tensorboard.backend.event_processing import event_accumulator

    (events,) = tmp_path.glob('*/vis_data/events.out.tfevents.*')
    log = event_accumulator.EventAccumulator(str(events.parent))
    log.Reload()
    assert {'loss_fused', 'lr', 'acc/fused_top1'} <= set(log.Tags()['scalars'])
    assert list(tmp_path.glob('*/vis_data/scalars.json'))
