"""The tools that draw, end to end at tiny size."""

import json
import shutil

import pytest
import torch
from commands import fail, succeed
from conftest import NUM_FRAMES
from helpers import CONFIGS, LINEAR, SKELETONCLR, tiny, write_untrained
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from projects.ikem.evaluation.fusion import Predictions

RUNTIME = CONFIGS / '_base_/default_runtime.py'
FOLDER = 'tools/visualizations'
BROWSE, EMBED, CONFUSION, RETRIEVE, CURVES = (
    f'{FOLDER}/{name}.py'
    for name in (
        *('browse_dataset', 'embed', 'confusion', 'retrieve'),
        'plot_curves',
    )
)


@pytest.fixture
def out(tmp_path):
    return '--out', tmp_path / 'x.png'


@pytest.fixture
def pretraining(prepared_ntu, tmp_path):
    return write_untrained(tiny(SKELETONCLR, prepared_ntu, tmp_path), tmp_path)


@pytest.fixture
def classifier(prepared_ntu, tmp_path):
    return write_untrained(tiny(LINEAR, prepared_ntu, tmp_path), tmp_path)


def size(path):
    with Image.open(path) as image:
        return getattr(image, 'n_frames', 1), image.size


@pytest.mark.parametrize(
    'args',
    [('--clip', 'clip03'), ('--index', 2, '--modalities'), ('--sheet', 3)],
)
def test_browse_pictures(prepared_ntu, tmp_path, out, args):
    succeed(BROWSE, prepared_ntu, *args, *out)
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
def test_browse_views(prepared_ntu, tmp_path, out, args):
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
        succeed(BROWSE, prepared_ntu, '--views', config, *args, *out)
        sizes.add(size(tmp_path / 'x.png'))
    assert len(sizes) == 2


def test_browse_a_movie(prepared_ntu, tmp_path):
    out = tmp_path / 'x.gif'
    succeed(BROWSE, prepared_ntu, '--sheet=2', '--dpi=20', '--out', out)
    assert size(out)[0] == NUM_FRAMES


@pytest.mark.parametrize(
    'args, named',
    [
        (('--clip', 'nobody'), 'nobody'),
        (('--index', 99), '99'),
        (('--split', 'test'), 'xsub_train'),
        (('--frame', NUM_FRAMES), f'0 to {NUM_FRAMES - 1}'),
        (('--modalities', 'speed'), 'speed'),
        (('--imports', 'nothing'), 'nothing'),
        (('--views', 'absent.py'), 'absent.py'),
        (('--views', RUNTIME), 'train_dataloader'),
        (('--out', 'x.txt'), 'txt'),
    ],
)
def test_browse_bad_input(prepared_ntu, tmp_path, out, args, named):
    assert named in fail(BROWSE, prepared_ntu, *out, *args, cwd=tmp_path)
    assert not any(tmp_path.iterdir())


def test_embed(classifier, tmp_path, out):
    pytest.importorskip('sklearn')
    succeed(EMBED, *classifier, '--max-clips', 7, *out)
    assert size(tmp_path / 'x.png')[0] == 1
    assert 'camera' in fail(EMBED, *classifier, '--colour', 'camera', *out)
    assert "'acc'" in fail(EMBED, *classifier, '--stream', 'acc', *out)


def test_embed_by_a_field(prepared_ntu, tmp_path, out):
    pytest.importorskip('sklearn')
    data = shutil.copytree(prepared_ntu, tmp_path / 'data')
    meta = json.loads((data / 'annotations.json').read_text())
    for clip in meta['annotations'][::2]:
        clip['fields'] = dict(session='a')
    (data / 'annotations.json').write_text(json.dumps(meta))
    files = write_untrained(tiny(SKELETONCLR, str(data), tmp_path), tmp_path)
    succeed(EMBED, *files, '--max-clips', 7, '--colour', 'session', *out)
    assert size(tmp_path / 'x.png')[0] == 1
    line = fail(EMBED, *files, '--colour', 'age', *out)
    assert "no field 'age': choose one of class, session" in line


def test_umap_is_optional(classifier, monkeypatch, tmp_path, out):
    (tmp_path / 'umap.py').write_text('raise ImportError')
    monkeypatch.syspath_prepend(tmp_path)
    line = fail(EMBED, *classifier, '--method=umap', *out)
    assert 'umap-learn' in line


def test_confusion_of_a_checkpoint_and_of_predictions(
    classifier, tmp_path, out
):
    head, *lines = succeed(CONFUSION, *classifier, *out).splitlines()
    wrong = sum(int(line.split()[0]) for line in lines)
    assert head == f'12 clips, {100 * (12 - wrong) / 12:.1f} % right'
    labels = [0, 0, 0, 1, 2]
    scores = torch.eye(3)[[0, 1, 1, 2, 2]].numpy()
    names = [f'clip{i}' for i in range(5)]
    Predictions('', names, labels, scores).save(tmp_path / 'p.npz')
    text = succeed(
        *(CONFUSION, classifier[0], tmp_path / 'p.npz'),
        *('--out', tmp_path / 'y.png'),
    )
    assert text.splitlines() == [
        '5 clips, 40.0 % right',
        '     2  0 taken for 1',
        '     1  1 taken for 2',
    ]
    assert size(tmp_path / 'y.png')[0] == 1


def test_confusion_of_a_pretraining(pretraining, out):
    assert 'SkeletonCLR' in fail(CONFUSION, *pretraining, *out)


def test_retrieve(pretraining, out):
    command = (RETRIEVE, *pretraining, *out)
    text = succeed(*command, '--clip', 'clip13', '--k', 4)
    assert len(text.splitlines()) == 4
    for line in text.splitlines():
        verdict, _, name, label = line.split()
        assert int(name[4:6]) < 12  # of the training split
        assert (verdict == 'right') == (int(label) == 13 % 3)
    itself = ('--clip', 'clip01', '--split', 'xsub_train')
    assert 'clip01' not in succeed(*command, *itself, '--k', 11)
    assert 'clip01' in fail(*command, '--clip', 'clip01')


@pytest.mark.parametrize(
    'tool, args',
    [(EMBED, ()), (CONFUSION, ()), (RETRIEVE, ('--clip', 'clip13'))],
)
def test_a_checkpoint_that_does_not_fit(tool, args, classifier, out):
    state = torch.load(classifier[1])['state_dict']
    del state['head.joint.bias']
    torch.save(dict(state_dict=state), classifier[1])
    assert 'head.joint.bias' in fail(tool, *classifier, *args, *out)


def write_log(folder, **values):
    path = folder / '1/vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    entries = [dict(epoch=e, **values) for e in (1, 2)]
    path.write_text(''.join(json.dumps(e) + '\n' for e in entries))
    return folder


def test_plot_curves(tmp_path, out):
    one = write_log(tmp_path / 'a/run', loss_joint=5.0, lr=0.1)
    two = write_log(tmp_path / 'b/run', loss_joint=4.0, lr=0.1)
    names = ('--names', 'loss_.*', 'lr')
    succeed(CURVES, one, two, *names, *out)
    wide = size(tmp_path / 'x.png')
    succeed(CURVES, one, two, *names, '--overlay', *out)
    assert size(tmp_path / 'x.png') != wide
    for overlay in ((), ('--overlay',)):
        some, absent = ('--names', 'lr', 'acc'), ('--names', 'acc')
        assert "'acc'" in succeed(CURVES, one, *some, *overlay, *out)
        assert "'acc'" in fail(CURVES, one, *absent, *overlay, *out)
    three = write_log(tmp_path / 'c/run', lr=0.1)  # has no losses
    succeed(CURVES, one, three, *names, *out)
    assert "'('" in fail(CURVES, one, '--names', '(', *out)


@pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')
def test_tensorboard_by_config(prepared_ntu, tmp_path):
    pytest.importorskip('tensorboard')
    tiny(LINEAR, prepared_ntu, tmp_path).dump(tmp_path / 'base.py')
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
