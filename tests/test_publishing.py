"""Weights that are published, and their cards."""

import re

import numpy as np
import pytest
import torch
from commands import fail, succeed
from helpers import DISTILLATION, LINEAR, ROOT, SKELETONCLR, read, tiny
from mmengine.runner import Runner

from projects.ikem import model_card, provenance, publishing
from projects.ikem.apis import inference, init_model
from projects.ikem.checkpoint import read_checkpoint
from projects.ikem.publishing import MAX_BYTES, publish
from projects.ikem.work_dir import WorkDir

TOOL = 'tools/model_converters/publish.py'
TEXTS = dict(data='Random joints.', limits='Anything.')


def train(config, data, folder, **model):
    """A work dir in which a tiny config was trained for an epoch."""
    cfg = tiny(config, data, folder)
    cfg.model.update(model)
    cfg.randomness = dict(seed=3)
    Runner.from_cfg(cfg).train()
    return folder


@pytest.fixture(scope='module')
def work_dir(prepared_ntu, tmp_path_factory):
    """That of a classifier, with the one of its pre-training beside it."""
    folder = tmp_path_factory.mktemp('work_dirs')
    pretraining = train(SKELETONCLR, prepared_ntu, folder / 'pretraining')
    classifier = folder / 'classifier'
    return train(LINEAR, prepared_ntu, classifier, pretrained=str(pretraining))


def table(path):
    """Rows of the tables of a card: {first cell: the others}."""
    rows = re.findall(r'^\| (.+?) \|$', path.read_text(), re.M)
    cells = [row.split(' | ') for row in rows]
    return {first: rest for first, *rest in cells}


def test_what_is_published(work_dir, tmp_path):
    out = tmp_path / 'new' / 'mine.pth'
    result = publish(work_dir, out, **TEXTS)
    state, meta = read_checkpoint(out)
    model = init_model(result.run.config, work_dir)
    parameters = dict(model.named_parameters())
    assert set(state) == set(model.state_dict())
    for name, value in model.state_dict().items():
        if name in parameters:
            assert state[name].dtype == torch.float16
            torch.testing.assert_close(state[name], value.half())
        else:
            assert state[name].dtype == value.dtype
            assert torch.equal(state[name], value)
    graphs = {v.data_ptr() for k, v in state.items() if k.endswith('gcn.A')}
    assert len(graphs) == 1  # is in the file once
    # it is what it says, and says nothing of this machine
    assert meta['seed'] == 3 and meta['epoch'] == 1
    assert meta['dataset_meta'] == model.dataset_meta
    content = out.read_bytes() + out.with_suffix('.md').read_bytes()
    assert str(ROOT).encode() not in content
    assert str(tmp_path.parent).encode() not in content
    assert len(out.read_bytes()) < MAX_BYTES
    # predictions, and features of later trainings, are those of the run
    again = init_model(result.run.config, out)
    x = np.random.default_rng(0).normal(size=(4, 1, 9, 25, 3)) / 3
    chain = [dict(type='ResampleFrames', num_frames=8)]
    for each in (model, again):
        each.dataset_meta['preprocessing'] = chain
    for clip in x:
        ours, theirs = inference(again, clip), inference(model, clip)
        torch.testing.assert_close(
            ours.scores, theirs.scores, atol=0.01, rtol=0
        )


def test_card(work_dir, tmp_path):
    result = publish(work_dir, tmp_path / 'mine.pth', **TEXTS)
    card = table(tmp_path / 'mine.md')
    size = (tmp_path / 'mine.pth').stat().st_size
    assert card['size'] == [f'{size:,} bytes']
    assert card['seed'] == ['3']
    assert card['commit'] == [result.meta['commit']]
    assert card['config'] == [f'`{LINEAR.name}`']  # options made it slim
    text = (tmp_path / 'mine.md').read_text()
    first, second = re.findall(r'^\| training \| (.*) \|$', text, re.M)
    assert f'skeletonclr/{SKELETONCLR.name}`, 1 epochs, joint' in first
    assert f'linear/{LINEAR.name}`' in second
    for stream, predictions in result.predictions.items():
        right = predictions.scores.argmax(1) == predictions.labels
        logged = result.run.accuracy(f'acc/{stream}_top1').last
        expected = [100 * right.mean(), 100 * logged]
        assert card[stream] == [f'{value:.1f}' for value in expected]
    assert all(words in text for words in TEXTS.values())


def test_where_a_run_came_from(tmp_path):
    """A suite, a teacher that is gone."""
    path = tmp_path / 'work_dirs/suites/mine/seed4/students'
    path.mkdir(parents=True)
    read(DISTILLATION).dump(path / DISTILLATION.name)
    run = WorkDir(path)
    assert model_card._made_by(run) == []
    run.write_record(dict(run='students', seed=4, commit='abc'))
    assert model_card._made_by(run) == [
        '| made by | `python tools/reproduce.py mine --seeds 4`: `students` |'
    ]
    assert provenance.commits_of(run) == 'abc'
    run.write_record({})
    assert provenance.commits_of(run) == 'unknown'
    elsewhere = WorkDir(tmp_path / 'few_labels/mine/seed4/finetuned')
    elsewhere.path.mkdir(parents=True)
    elsewhere.write_record(dict(run='finetuned', seed=4))
    assert model_card._made_by(elsewhere) == []  # by no suite
    lost, training = model_card._trainings(run)
    assert lost == '| began from | `epoch_300.pth`, run not kept |'
    name = f'ikem::distillation/{DISTILLATION.name}'
    expected = f'`{name}`, 150 epochs, joint, motion, bone'
    assert training == f'| training | {expected} |'


def test_the_command(work_dir, tmp_path):
    out = tmp_path / 'mine.pth'
    texts = [word for k, v in TEXTS.items() for word in (f'--{k}', v)]
    text = succeed(TOOL, work_dir, '--out', out, *texts)
    assert f'{out}: {out.stat().st_size:,} bytes' in text
    assert 'a .pth' in fail(TOOL, work_dir, '--out', tmp_path / 'x')
    with pytest.raises(FileExistsError, match='mine.pth exists already'):
        publish(work_dir, out, **TEXTS)
    out.unlink()
    with pytest.raises(FileExistsError, match='mine.md exists already'):
        publish(work_dir, out, **TEXTS)
    out.write_text('')
    size = publish(work_dir, out, **TEXTS, overwrite=True).size
    assert out.stat().st_size == size


def refused(checkpoint, out, what):
    with pytest.raises(ValueError, match=what):
        publish(checkpoint, out, **TEXTS)
    assert not list(out.parent.iterdir())


def no_data(cfg):
    raise FileNotFoundError('data is missing')


def test_what_is_not_published(work_dir, tmp_path, monkeypatch):
    out = tmp_path / 'out' / 'mine.pth'
    out.parent.mkdir()
    refused(work_dir.parent / 'pretraining', out, 'builds a SkeletonCLR')
    with monkeypatch.context() as patch:
        patch.setattr(publishing, 'MAX_BYTES', 1000)
        refused(work_dir, out, 'at most 1,000 are published')
    with monkeypatch.context() as patch:
        patch.setattr(publishing, 'clip_loader', no_data)
        with pytest.raises(FileNotFoundError, match='^data is missing'):
            publish(work_dir, out, **TEXTS)
    # what half precision cannot hold
    path = work_dir / 'large.pth'
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=False)
    checkpoint['state_dict']['fused_head.joint.weight'].fill_(1e6)
    torch.save(checkpoint, path)
    refused(path, out, 'differs by nan')
    path.unlink()


def test_known_of_synthetic_data_alone():
    meta = dict(dataset='synthetic', num_frames=9, num_classes=17, layout='x')
    texts = model_card.known_about(meta, None, 'mine')
    assert '--num-frames 9' in texts.data and texts.limits == 'mine'
    with pytest.raises(ValueError, match="data 'mine' are not known"):
        model_card.known_about(dict(dataset='mine'), 'given', None)
