"""One page of a run or of a suite."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest
from commands import fail, succeed
from helpers import LINEAR, SKELETONCLR, tiny
from mmengine.config import Config
from mmengine.runner import Runner

from projects.ikem.report import write_report
from projects.ikem.report.blocks import Details, Note, Page, Section, Table
from projects.ikem.report.page import render
from projects.ikem.report.suite_sections import runs_of
from projects.ikem.work_dir import WorkDir

TOOL = 'tools/report.py'
RUN_SECTIONS = ['Configuration', 'Data', 'Curves', 'Accuracies']
ENCODED = ['Confusions', 'Embedding', 'Neighbours']
HOSTILE = '<script>alert("x")</script> & $\\frac'
_VOID = {'meta', 'img', 'br', 'link', 'input', 'hr'}

pytestmark = pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')


class Parsed(HTMLParser):
    """A page; its tags have to be balanced.

    ``sections`` has the words of each section by title, ``missing`` those
    that say what is not there, ``tags`` the tags with their attributes.
    """

    def __init__(self, text):
        super().__init__()
        self.open, self.tags = [], []
        self.sections, self.missing, self.title = {}, {}, None
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append((tag, dict(attrs).get('class')))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if ('h2', None) in self.open:
            self.title = data
            self.sections[data] = ''
        elif self.title is not None:
            self.sections[self.title] += data
            if ('p', 'missing') in self.open:
                self.missing[self.title] = data

    def values(self, tag, name):
        return [a[name] for t, a in self.tags if t == tag and name in a]

    @property
    def pictures(self):
        return [
            base64.b64decode(source.partition(',')[2])
            for source in self.values('img', 'src')
        ]


def check(path):
    """Read a page and check what holds for all."""
    text = path.read_text()
    parsed = Parsed(text)
    assert '://' not in re.sub('base64,[^"]*', '', text)
    assert all(
        s.startswith('data:image/') for s in parsed.values('img', 'src')
    )
    assert not parsed.values('script', 'src')
    assert not [tag for tag, _ in parsed.tags if tag in ('script', 'link')]
    anchors = {a['id'] for _, a in parsed.tags if 'id' in a}
    assert {h[1:] for h in parsed.values('a', 'href')} <= anchors
    assert 'prefers-color-scheme: dark' in text
    assert len(text) < 3_000_000
    return parsed


def train(path, data_root, work_dir, epochs=1):
    cfg = tiny(path, data_root, work_dir)
    cfg.train_cfg.update(max_epochs=epochs, val_interval=1)
    cfg.log_level = 'INFO'
    cfg.experiment_name = str(work_dir)  # visualisers are kept by it
    Runner.from_cfg(cfg).train()
    return work_dir


@pytest.fixture(scope='module')
def classifier(prepared_ntu, tmp_path_factory):
    return train(LINEAR, prepared_ntu, tmp_path_factory.mktemp('a') / 'linear')


@pytest.fixture(scope='module')
def pretraining(prepared_ntu, tmp_path_factory):
    folder = tmp_path_factory.mktemp('b') / 'pretraining'
    return train(SKELETONCLR, prepared_ntu, folder)


@pytest.fixture
def copy_of(tmp_path):
    """Copies a work dir without its checkpoints."""

    def copy(work_dir, name='copy'):
        for file in work_dir.rglob('*'):
            new = tmp_path / name / file.relative_to(work_dir)
            if file.is_file() and file.suffix != '.pth':
                new.parent.mkdir(parents=True, exist_ok=True)
                new.write_bytes(file.read_bytes())
        return tmp_path / name

    return copy


def test_a_classifier(classifier, tmp_path):
    pytest.importorskip('sklearn')
    out = tmp_path / 'x/report.html'
    assert str(out) in succeed(TOOL, classifier, '--out', out)
    page = check(out)
    assert list(page.sections) == [*RUN_SECTIONS, *ENCODED, 'Environment']
    assert page.missing == {}
    assert 'FrozenFeatureTrainLoop' in page.sections['Configuration']
    data = page.sections['Data']
    assert '24 clips of random, 3 classes, 2 persons, 16 frames' in data
    assert 'xsub_train' in data
    last = WorkDir(classifier).accuracies['fused_top1'].last
    assert f'{100 * last:.1f}' in page.sections['Accuracies']
    note = 'on the joints of xsub_val, fitted to xsub_train: ridge'
    assert note in page.sections['Accuracies']
    assert 'taken for' in page.sections['Confusions']
    assert 'PyTorch' in page.sections['Environment']
    captions = page.values('img', 'alt')
    # the clips of the split are 12, the checkpoint that of the accuracy
    assert f'12 clips of xsub_val, fused: {100 * last:.1f} % right' in captions
    assert 'Losses' in captions
    assert all(p[:5] == b'<?xml' or p[8:12] == b'WEBP' for p in page.pictures)


def test_a_pretraining(pretraining, tmp_path):
    write_report(pretraining, tmp_path / 'x.html', max_clips=5)
    page = check(tmp_path / 'x.html')
    assert set(page.missing) == {'Confusions'}
    assert 'predicts no class' in page.missing['Confusions']
    captions = page.values('img', 'alt')
    assert 'Spread of the embeddings (1: even, 0: collapsed)' in captions
    assert any(c.startswith('5 clips of 12, drawn at') for c in captions)
    assert 'fused_knn5' in page.sections['Accuracies']
    assert 'nearest of 5 clips of xsub_train' in page.sections['Neighbours']


def test_encoders_that_are_left_out(classifier, tmp_path):
    out = tmp_path / 'x.html'
    succeed(TOOL, classifier, '--max-clips', 0, '--out', out)
    assert list(check(out).missing) == ENCODED


def test_what_is_absent_is_told(classifier, copy_of, monkeypatch):
    work_dir = copy_of(classifier)
    (config,) = work_dir.glob('*/vis_data/config.py')
    root = Config.fromfile(config).train_dataloader.dataset.data_root
    config.write_text(config.read_text().replace(root, 'gone'))
    write_report(work_dir, work_dir / 'x.html')
    page = check(work_dir / 'x.html')
    assert list(page.missing) == ['Data', *ENCODED]
    assert 'gone is missing' in page.missing['Data']
    assert 'epoch_1.pth is missing' in page.missing['Embedding']
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    log.write_text('{\n')
    (text,) = work_dir.glob('*/*.log')
    text.unlink()
    config.write_text('model = \n')
    write_report(work_dir, work_dir / 'x.html')
    page = check(work_dir / 'x.html')
    sections = [*RUN_SECTIONS, *ENCODED, 'Environment']
    assert list(page.missing) == sections
    assert 'cannot be read' in page.missing['Configuration']
    assert 'scalars.json:1 is no entry' in page.missing['Curves']


def test_a_run_that_broke_off(classifier, copy_of):
    work_dir = copy_of(classifier)
    (config,) = work_dir.glob('*/vis_data/config.py')
    text = config.read_text().replace('max_epochs=1', 'max_epochs=7')
    config.write_text(text)
    assert '1 of 7' in WorkDir(work_dir).status
    assert '1 epochs' in WorkDir(classifier).status


def test_names_of_others_are_escaped(classifier, copy_of):
    """Of classes, as the config gives them, and of what was logged."""
    work_dir = copy_of(classifier, HOSTILE.replace('/', ''))
    (config,) = work_dir.glob('*/vis_data/config.py')
    cfg = Config.fromfile(config)
    for part in ('train', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.metainfo = dict(classes=[HOSTILE, 'b', 'c'])
    cfg.dump(config)
    for checkpoint in classifier.glob('epoch_*.pth'):
        (work_dir / checkpoint.name).write_bytes(checkpoint.read_bytes())
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    entry = {'epoch': 1, f'acc/{HOSTILE}_top1': 0.5, f'loss_{HOSTILE}': 1.0}
    log.write_text(json.dumps(entry) + '\n')
    write_report(work_dir, work_dir / 'x.html')
    page = check(work_dir / 'x.html')
    assert page.missing == {}
    assert HOSTILE in page.sections['Accuracies']
    assert any(HOSTILE in caption for caption in page.values('img', 'alt'))
    drawn = [p.decode() for p in page.pictures if p[:5] == b'<?xml']
    assert any('&lt;script&gt;' in svg for svg in drawn)
    assert not any('<script' in svg for svg in drawn)


def test_every_block_is_escaped(tmp_path):
    blocks = [
        Note(HOSTILE),
        Table([HOSTILE, 'n'], [[HOSTILE, '1']], ['x"onclick="y']),
        Details(HOSTILE, HOSTILE, 'x"onclick="y', [Note('inner')]),
    ]
    page = Page(HOSTILE, 'run', [(HOSTILE, HOSTILE)], [Section('s', blocks)])
    (tmp_path / 'x.html').write_text(render(page))
    parsed = check(tmp_path / 'x.html')
    assert parsed.sections['s'].count(HOSTILE) == 5
    assert not [1 for _, attributes in parsed.tags if 'onclick' in attributes]


def cell(run, mean, published=None):
    value = dict(mean=mean, deviation=1.25, n=3)
    return dict(run=run, published=published, last=value, best=None)


@pytest.fixture
def suite(classifier, pretraining, copy_of, tmp_path):
    """A pre-training, its evaluation without and with a checkpoint, a stale
    one and a table."""
    for work_dir, name in (
        (pretraining, 'seed0/pre'),
        (classifier, 'seed0/pre_linear'),
        (classifier, 'seed10/pre_linear'),
        (classifier, 'seed2/pre_linear'),
        (classifier, 'stale/seed2/pre_linear.1'),
    ):
        record = dict(command=['python', HOSTILE], commit='abc')
        WorkDir(copy_of(work_dir, f'suite/{name}')).write_record(record)
    folder = tmp_path / 'suite'
    for checkpoint in classifier.glob('epoch_*.pth'):
        new = folder / 'seed2/pre_linear' / checkpoint.name
        new.write_bytes(checkpoint.read_bytes())
    table = dict(
        title='A table',
        columns=['xsub'],
        rows={
            'ours': dict(xsub=cell('pre_linear', 71.25, published=74.5)),
            'theirs': dict(
                xsub=dict(run='x', published=None, last=None, best=None)
            ),
        },
        missing=['seed0/x is not done'],
        command='python tools/reproduce.py a',
        commit='abc',
        environment=dict(Python='3', cores='2'),
    )
    (folder / 'table_a.json').write_text(json.dumps(table))
    return folder


def test_a_suite(suite):
    names = ['seed0/pre', 'seed0/pre_linear']
    names += ['seed2/pre_linear', 'seed10/pre_linear']
    assert [run.name for run in runs_of(suite)] == names
    succeed(TOOL, suite)
    page = check(suite / 'report.html')
    assert list(page.sections) == [
        *('A table', 'Runs', 'Pre-trainings', 'Best evaluation', 'Data'),
        *(*ENCODED, 'Environment'),
    ]
    assert page.missing == {}
    table = page.sections['A table']
    for text in ('71.2 ± 1.2 (3)', '74.5', 'xsub published', 'x is not done'):
        assert text in table
    runs = page.sections['Runs']
    assert all(name in runs for name in names)
    assert 'stale' not in runs
    assert HOSTILE in runs
    assert len(page.values('a', 'href')) == 9 + len(names)
    # the one that has a checkpoint
    assert 'seed2/pre_linear' in page.sections['Best evaluation']
    captions = page.values('img', 'alt')
    assert captions[:2] == ['Loss', 'Learning rate']
    assert any('fused' in caption for caption in captions)


def test_a_damaged_suite(suite):
    (suite / 'table_a.json').write_text('[]')
    for file in suite.glob('seed2/*/*.pth'):
        file.unlink()
    (log,) = suite.glob('seed10/*/*/vis_data/scalars.json')
    log.write_text('no\n')
    (log.parents[1] / f'{log.parents[1].name}.log').unlink()
    (suite / 'seed10/pre_linear/x').mkdir()
    (suite / 'seed10/pre_linear/x/x.log').touch()
    write_report(suite, suite / 'x.html')
    page = check(suite / 'x.html')
    missing = ['table_a.json', 'Runs', 'Data', *ENCODED, 'Environment']
    assert list(page.missing) == missing
    assert 'holds no dict' in page.missing['table_a.json']
    assert 'scalars.json:1 is no entry' in page.missing['Runs']


def test_bad_input(classifier, tmp_path, monkeypatch):
    for work_dir in (tmp_path, tmp_path / 'nothing'):
        assert 'is no work dir' in fail(TOOL, work_dir)
    assert not any(tmp_path.iterdir())
    (tmp_path / 'jinja2.py').write_text("raise ModuleNotFoundError('jinja2')")
    monkeypatch.syspath_prepend(tmp_path)
    line = fail(TOOL, classifier)
    assert 'jinja2' in line and 'pip install' in line
