"""tools/data/label_subset.py adds a split to a prepared folder."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from commands import fail, succeed
from conftest import NUM_CLIPS, write_prepared

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared import add_splits, read_annotations
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


def test_clips_of_each_class(prepared):
    args = (prepared, '--split', 'xsub_train', '--per-class', 1, 3)
    output = succeed(TOOL, *args, '--seed', 2)
    split = read_annotations(prepared)['split']
    few, more = (split[f'xsub_train_{n}perclass_seed2'] for n in (1, 3))
    assert set(few) < set(more) < set(split['xsub_train'])
    assert 'xsub_train_1perclass_seed2: 3 of 12 clips' in output
    assert 'clips of each class: 0: 3, 1: 3, 2: 3' in output
    assert 'xsub_train_3perclass' not in split
    line = fail(TOOL, *args[:-1], 5)  # and 1, which would do
    assert f'{prepared}: 5 clips of each class' in line
    assert 'class 0 has 4, class 1 has 4, class 2 has 4' in line
    assert read_annotations(prepared)['split'] == split


def test_clips_without_a_label_are_left_out(prepared):
    path = Path(prepared, 'annotations.json')
    meta = json.loads(path.read_text())
    for clip in meta['annotations'][2:12]:
        clip['label'] = -1
    path.write_text(json.dumps(meta))
    args = (prepared, '--split', 'xsub_train')
    output = succeed(TOOL, *args, '--per-class', 1)
    assert 'clips of each class: 0: 1, 1: 1' in output.splitlines()[-1]
    output = succeed(TOOL, *args, '--fraction', 1)
    assert 'xsub_train_100pct: 2 of 12 clips' in output
    for clip in meta['annotations']:
        clip['label'] = -1
    path.write_text(json.dumps(meta))
    assert "'xsub_train' has a label" in fail(TOOL, *args, '--fraction', 1)


def test_an_added_split_is_not_written_again(prepared):
    args = (prepared, '--split', 'xsub_train', '--per-class', 2)
    succeed(TOOL, *args)
    before = os.stat(f'{prepared}/annotations.json').st_mtime_ns
    succeed(TOOL, *args)
    assert os.stat(f'{prepared}/annotations.json').st_mtime_ns == before


def test_another_split_of_that_name_stays(prepared):
    add_splits(prepared, {'xsub_train_50pct': ['clip00']})
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
        add_splits(prepared, {'new': ['clip00']})
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
