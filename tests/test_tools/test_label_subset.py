"""tools/data/label_subset.py adds a split to a prepared folder."""

import os

import numpy as np
import pytest
from commands import fail, succeed
from conftest import NUM_CLIPS, write_prepared

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared import add_split, read_annotations
from projects.ikem.datasets.splits import stratified_subset

TOOL = 'tools/data/label_subset.py'


@pytest.fixture
def prepared(tmp_path):
    return write_prepared(tmp_path / 'data')


def test_adds_a_split(prepared):
    before = read_annotations(prepared)
    files = sorted(os.listdir(prepared))
    args = (prepared, '--split', 'xsub_train', '--fraction', 0.5)
    output = succeed(TOOL, *args)
    succeed(TOOL, *args, '--seed', 3)
    assert output in succeed(TOOL, *args)  # once more is no harm
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
    assert 'xsub_train_50pct: 6 of 12 clips' in output
    assert 'clips of each class: 0: 2, 1: 2, 2: 2' in output

    dataset = SkeletonDataset(prepared, split='xsub_train_50pct')
    assert [
        dataset.get_data_info(i)['frame_dir'] for i in range(len(dataset))
    ] == sorted(expected['xsub_train_50pct'])


def test_another_split_of_that_name_stays(prepared):
    add_split(prepared, 'xsub_train_50pct', ['clip00'])
    before = read_annotations(prepared)
    args = (prepared, '--split', 'xsub_train', '--fraction', 0.5)
    assert 'xsub_train_50pct' in fail(TOOL, *args)
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
    'split, fraction, named', [('no', 0.1, "'no'"), ('xsub_train', 2, '2')]
)
def test_errors_are_one_line(prepared, split, fraction, named):
    args = (prepared, '--split', split, '--fraction', fraction)
    assert named in fail(TOOL, *args)
    assert len(np.load(f'{prepared}/keypoint.npy')) == NUM_CLIPS


def test_a_folder_that_is_not_there(tmp_path):
    args = (tmp_path / 'no', '--split', 'a', '--fraction', 1)
    assert str(tmp_path / 'no') in fail(TOOL, *args)
