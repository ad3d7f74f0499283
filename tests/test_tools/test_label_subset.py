"""tools/data/label_subset.py adds a split to a prepared folder."""

import os
import runpy
import sys

import numpy as np
import pytest
from conftest import NUM_CLIPS, write_prepared
from helpers import ROOT

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared import add_split, read_annotations
from projects.ikem.datasets.splits import stratified_subset

TOOL = ROOT / 'tools/data/label_subset.py'


def run_tool(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.fixture
def prepared(tmp_path):
    return write_prepared(tmp_path / 'data')


def test_adds_a_split(prepared, monkeypatch, capsys):
    before = read_annotations(prepared)
    files = sorted(os.listdir(prepared))
    args = (prepared, '--split', 'xsub_train', '--fraction', 0.5)
    run_tool(monkeypatch, *args)
    run_tool(monkeypatch, *args, '--seed', 3)
    run_tool(monkeypatch, *args)  # the same once more is no harm
    after = read_annotations(prepared)
    assert sorted(os.listdir(prepared)) == files
    names = before['split']['xsub_train']
    labels = {c['frame_dir']: c['label'] for c in before['annotations']}
    expected = {
        name: stratified_subset(names, [labels[n] for n in names], 0.5, seed)
        for name, seed in (
            ('xsub_train_50pct', 0),
            ('xsub_train_50pct_seed3', 3),
        )
    }
    assert after == dict(before, split={**before['split'], **expected})
    output = capsys.readouterr().out
    assert f'\n{int(expected["xsub_train_50pct"][1][4:])} clip' in output
    assert 'xsub_train_50pct: 6 of 12 clips' in output
    assert 'clips of each class: 0: 2, 1: 2, 2: 2' in output

    dataset = SkeletonDataset(prepared, split='xsub_train_50pct')
    assert [
        dataset.get_data_info(i)['frame_dir'] for i in range(len(dataset))
    ] == sorted(expected['xsub_train_50pct'])


def test_another_split_of_that_name_stays(prepared, monkeypatch):
    add_split(prepared, 'xsub_train_50pct', ['clip00'])
    before = read_annotations(prepared)
    with pytest.raises(SystemExit, match="has a split 'xsub_train_50pct'"):
        run_tool(
            monkeypatch, prepared, '--split', 'xsub_train', '--fraction', 0.5
        )
    assert read_annotations(prepared) == before


def test_an_interrupted_write_changes_nothing(prepared, monkeypatch):
    before = read_annotations(prepared)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        add_split(prepared, 'new', ['clip00'])
    assert read_annotations(prepared) == before


@pytest.mark.parametrize(
    'args, reason',
    [
        (('--split', 'no', '--fraction', 0.1), "no split 'no': choose one"),
        (('--split', 'xsub_train', '--fraction', 2), r'in \(0, 1\], got 2'),
    ],
)
def test_errors_are_one_line(prepared, monkeypatch, args, reason):
    with pytest.raises(SystemExit, match=reason) as caught:
        run_tool(monkeypatch, prepared, *args)
    assert '\n' not in str(caught.value)
    assert len(np.load(f'{prepared}/keypoint.npy')) == NUM_CLIPS


def test_a_folder_that_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='label_subset.py: .*prepare_'):
        run_tool(monkeypatch, tmp_path / 'no', '--split', 'a', '--fraction', 1)
