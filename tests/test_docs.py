"""What README and docs name is there, and what they show works."""

import argparse
import glob
import re
import runpy
import shlex
import sys
from itertools import product

import pytest
import torch
import yaml
from commands import scalars, succeed
from helpers import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

from ikem_cli.command import COMMANDS
from projects.ikem.datasets import transforms
from projects.ikem.models.modalities import MODALITIES, derive_modalities
from projects.ikem.skeletons import LAYOUTS, get_layout

PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.M | re.S)
pages = pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)


def blocks(page, language):
    found = BLOCK.findall(page.read_text())
    return [text for kind, text in found if kind == language]


def anchors(page):
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r'^#+ (.*)$', BLOCK.sub('', page.read_text()), re.M)
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        for heading in headings
    }


@pages
def test_links_lead_somewhere(page):
    text = BLOCK.sub('', page.read_text())
    links = re.findall(r'\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)', text)
    for path, anchor in links:
        target = page.parent / path if path else page
        assert target.is_file(), path
        assert not anchor or anchor in anchors(target), f'{path}#{anchor}'


def test_pictures_are_small():
    pictures = list((ROOT / 'docs/images').iterdir())
    assert pictures
    assert all(path.stat().st_size < 300_000 for path in pictures)


@pages
def test_paths_are_there(page):
    folders = 'projects|configs|tools|tests|demo'
    for path in re.findall(
        rf'(?<![\w.])(?:{folders})/[\w./*-]*[\w/]', page.read_text()
    ):
        is_placeholder = re.search('[A-Z]{4}', path)
        assert is_placeholder or glob.glob(str(ROOT / path)), path


def commands(page):
    """Calls of our command lines, as lists of words, in blocks and text."""
    text = BLOCK.sub('', page.read_text())
    spans = re.findall(r'`(python [^`]*)`', text)
    spans = [span.replace('\n', ' ') for span in spans]
    for block in [*blocks(page, 'bash'), *spans]:
        variables = dict(re.findall(r'^(\w+)="?(.*?)"?$', block, re.M))
        for line in block.replace('\\\n', ' ').splitlines():
            for name, value in variables.items():
                line = line.replace(f'${name}', value)
            words = shlex.split(line.replace('IKEM/', ''), comments=True)
            for i, word in enumerate(words):
                launched = re.fullmatch(r'tools/dist_(\w+)\.sh', word)
                if launched:
                    args = words[i + 1 :]
                    del args[dict(train=1, test=2)[launched[1]]]  # processes
                    yield [f'tools/{launched[1]}.py', *args]
                elif re.fullmatch(r'(tools|demo|tests)/.*\.py', word):
                    yield words[i:]
            if words[:1] == ['ikem']:
                yield from script_of(words[1:])


def script_of(words):
    """The script of a command ``ikem``, and its arguments."""
    if words[0] in ('--help', 'configs'):
        return
    num = 1 if words[0] in COMMANDS else 2
    script, args = COMMANDS[' '.join(words[:num])], words[num:]
    if script == 'dist_train.sh':
        script = 'train.py'
        del args[1]  # processes
    yield [f'tools/{script}', *args]


class Parsed(BaseException):
    """Arguments were taken."""


@pages
def test_tools_take_the_arguments_shown(page, monkeypatch):
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(*args, **kwargs):
        parse_args(*args, **kwargs)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', parse_and_stop)
    for tool, *args in commands(page):
        path = ROOT / tool
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.setattr(sys, 'argv', [tool, *args])
        with pytest.raises(Parsed):
            runpy.run_path(str(path), run_name='__main__')


@pytest.fixture
def own_project(tmp_path, monkeypatch):
    """The files of docs/customize.md; what they register is undone."""
    for text in blocks(ROOT / 'docs/customize.md', 'python'):
        name = re.match(r'# (\w+\.py)\n', text)[1]
        path = tmp_path / name
        path.write_text(text.replace('IKEM/', f'{ROOT}/'))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    registered = [(table, dict(table)) for table in (MODALITIES, LAYOUTS)]
    yield tmp_path
    for table, before in registered:
        table.clear()
        table.update(before)
    for name in ('own_parts', 'own_exchange', 'barlow_twins'):
        sys.modules.pop(name, None)


def code_lines(path):
    return [line for line in path.read_text().splitlines() if line.strip()]


def test_own_modality_layout_and_exchange(own_project):
    files = ('own_parts.py', 'prepare.py', 'pretrain.py')
    assert sum(len(code_lines(own_project / file)) for file in files) < 40
    runpy.run_path('make_clips.py')
    runpy.run_path('prepare.py')

    parents = get_layout('h36m-17').parents
    x = torch.randn(2, 1, 4, 17, 3)
    gamma = torch.tensor([1.0, 2.0])
    value = derive_modalities(x, ['bone_motion'], 'h36m-17', gamma)
    # the root's slot is the torso's
    for n, v in product(range(2), set(range(17)) - {8}):
        bones = x[n, 0, :, v] - x[n, 0, :, parents[v]]
        expected = torch.zeros(4, 3)
        for t in range(3):
            expected[t] = (bones[t + 1] - bones[t]) / gamma[n]
        ours = value['bone_motion'][n, 0, :, v]
        torch.testing.assert_close(ours, expected)

    cfg = Config.fromfile('linear.py')
    heads = list(MODELS.build(cfg.model).head)
    assert heads == ['joint', 'bone', 'bone_motion']

    succeed(
        'tools/visualizations/browse_dataset.py',
        *('data/mine', '--imports', 'own_parts'),
        *('--modalities', 'joint', 'bone_motion', '--out', 'mine.png'),
    )
    assert (own_project / 'mine.png').is_file()

    options = [
        'train_dataloader.batch_size=4',
        'model.bank_size=16',
        'train_cfg.max_epochs=2',
        'model.backbone.base_channels=4',
        'model.backbone.out_channels=8',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'default_hooks.logger.interval=1',
    ]
    assert len(code_lines(own_project / 'barlow_twins.py')) < 60
    for name, first, last in [
        ('exchange', set(), {'loss_cross_joint_bone_motion'}),
        (
            'barlow',
            {'loss_space_joint'},
            {'loss_joint', 'loss_explicit_joint', 'loss_implicit_bone'},
        ),
    ]:
        if name == 'barlow':
            options.remove('model.bank_size=16')  # which is None
            options.append('model.exchange_space.bank_size=16')
        args = (f'{name}.py', '--no-validate', '--cfg-options', *options)
        succeed('tools/train.py', *args)
        entries = scalars(f'work_dirs/{name}')
        alone = {'loss_joint', 'loss_bone', 'loss_bone_motion'}
        assert alone | first < set(entries[0])
        assert last < set(entries[-1])
        assert all(torch.isfinite(torch.tensor(e['loss'])) for e in entries)


def test_random_transforms_are_documented():
    rows = (ROOT / 'docs/pretraining.md').read_text().splitlines()
    described = [row.split(' | ')[0] for row in rows if row[:3] == '| `']
    ours = [t for t in transforms.__all__ if t[:6] in ('Random', 'Schedu')]
    assert len(ours) > 10
    for name in (*ours, 'PartTransfer', 'RegionSwap'):
        assert any(f'`{name}`' in names for names in described), name


ROWS = {
    'ikem-6m': '6 modalities, IKEM (teacher)',
    'ikem-3m': '3 modalities, IKEM',
    'crossclr-3m': '3 modalities, CrosSCLR',
    'distillation-3m': '3 students of the teacher',
}


def measured(text):
    """Rows of the table of NW-UCLA: {title: (xview_dedup, xsub)}."""
    row = r'^\| ([^|]+) \| ([\d.± ]+) \| ([\d.± ]+) \|$'
    rows = re.findall(row, text, re.M)
    return {title: (first, second) for title, first, second in rows}


def test_readme_has_the_table_of_the_recipe():
    results = (ROOT / 'docs/results.md').read_text()
    recipe = results.split('**The recipe**')[1].split(
        '**When the exchange begins**'
    )[0]
    table = measured(re.sub(r' \([\d.]+\)', '', recipe))  # the lowest
    assert len(table) == 8
    readme = measured((ROOT / 'README.md').read_text())
    assert readme.items() >= table.items()


def test_model_zoo():
    table = measured((ROOT / 'docs/reproduce.md').read_text())
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    files = sorted(ROOT.glob('configs/*/metafile.yml'))
    assert [ROOT / path for path in index['Import']] == files
    seen = {}
    for file in files:
        zoo = yaml.safe_load(file.read_text())
        (collection,) = zoo['Collections']
        assert (ROOT / collection['README']).is_file()
        for model in zoo['Models']:
            assert model['In Collection'] == collection['Name']
            path = ROOT / model['Config']
            assert path.parent == file.parent and path.is_file()
            method, *_, data, _ = model['Name'].split('_')
            split = ('nwucla-xview', 'nwucla-xsub').index(data)
            result = model['Results']
            names = ('NW-UCLA-XView-Dedup', 'NW-UCLA-XSub')
            assert result['Dataset'] == names[split]
            metrics = result['Metrics']
            accuracy = metrics['Top 1 Accuracy'], metrics['Deviation']
            row = ROWS[method]
            assert '{} ± {}'.format(*accuracy) == table[row][split]
            seen[model['Name']] = row
    assert len(seen) == 2 * len(ROWS)
