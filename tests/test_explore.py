"""The page that moves, and the features that it is made of."""

import csv
import json
import re

import numpy as np
import pytest
from commands import fail, succeed
from conftest import NUM_CLIPS
from helpers import SKELETONCLR, tiny, write_untrained

pytest.importorskip('sklearn')

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.evaluation.features import Features, load_features
from projects.ikem.explore.build import explore, render
from projects.ikem.explore.joints import drawn_layout, quantise
from projects.ikem.skeletons import get_layout
from projects.ikem.visualization.skeletons import place

FEATURES, EXPLORE = 'tools/features.py', 'tools/explore.py'
HOSTILE = '</script><script>alert("x")</script>\'&<!--\u2028'


@pytest.fixture
def pretraining(prepared_ntu, tmp_path):
    return write_untrained(tiny(SKELETONCLR, prepared_ntu, tmp_path), tmp_path)


def read_page(path):
    """What a page shows; nothing of it is fetched."""
    text = path.read_text()
    assert not re.search(r'(src|href)=|https?://|\beval\b|innerHTML', text)
    (content,) = re.findall(r'id="data">(.*?)</script>', text, re.S)
    return json.loads(content)


def test_features_then_a_page(pretraining, prepared_ntu, tmp_path):
    npz, out = tmp_path / 'f.npz', tmp_path / 'page.html'
    text = succeed(FEATURES, *pretraining, '--split', 'all', '--out', npz)
    assert f'{NUM_CLIPS} clips' in text
    features = load_features(npz)
    assert list(features.streams) == ['joint', 'motion', 'bone']
    known = read_annotations(prepared_ntu)['annotations']
    assert features.names == [clip['frame_dir'] for clip in known]
    assert features.labels.tolist() == [clip['label'] for clip in known]

    table = tmp_path / 'all.csv'
    text = succeed(
        *(EXPLORE, npz, prepared_ntu, '--out', out, '--max-clips', 9),
        *('--streams', 'fused', 'raw joints', '--csv', table),
    )
    assert '9 clips of 24, drawn at random' in text
    page = read_page(out)
    assert len(page['names']) == 9 and page['total'] == NUM_CLIPS
    assert set(page['names']) < set(features.names)
    assert list(page['streams']) == ['fused', 'raw joints']
    rows = list(csv.DictReader(table.open()))
    assert [row['name'] for row in rows] == features.names
    assert {'doubt_fused', 'doubt_joints', 'nearest_joints'} < set(rows[0])


def test_a_page_of_a_checkpoint(pretraining, prepared_ntu, tmp_path):
    out = tmp_path / 'page.html'
    command = (EXPLORE, *pretraining, '--out', out)
    succeed(*command, '--streams', 'bone', '--split', 'xsub_train')
    page = read_page(out)
    assert list(page['streams']) == ['bone']
    split = read_annotations(prepared_ntu)['split']['xsub_train']
    assert page['names'] == split
    out.unlink()
    assert "'speed'" in fail(*command, '--streams', 'speed')
    assert "'none'" in fail(*command, '--split', 'none')
    assert 'npz' in fail(FEATURES, *pretraining, '--out', 'x.pkl')
    assert 'f.npz' in fail(EXPLORE, 'f.npz', prepared_ntu, '--out', out)
    assert not out.exists()


def test_features_of_another_folder(prepared_ntu, tmp_path):
    features = make_features(['nobody', 'clip00', 'clip01', 'clip02'])
    features.save(tmp_path / 'f.npz')
    command = (EXPLORE, tmp_path / 'f.npz', prepared_ntu, '--out', 'x.html')
    assert "'nobody'" in fail(*command)
    assert '--split' in fail(*command, '--split', 'all')


def make_features(names, **more):
    rng = np.random.default_rng(0)
    num = len(names)
    return Features(
        list(names),
        np.arange(num) % 3,
        dict(joint=rng.normal(size=(num, 4)).astype(np.float32)),
        **more,
    )


def test_clips_without_labels(prepared_ntu):
    names = [f'clip{i:02d}' for i in range(NUM_CLIPS)]
    features = make_features(names)._replace(labels=np.full(NUM_CLIPS, -1))
    content = explore(features, prepared_ntu, method='tsne')
    assert list(content['streams']) == ['joint', 'raw joints']
    for found in content['streams'].values():
        assert set(found['predicted']) == {-1} and not found['doubts']
        assert sorted(found['next']) == list(range(NUM_CLIPS))
        assert len(found['medoids']) == 8
    assert '<script' in render(content)
    with pytest.raises(ValueError, match='4 or more'):
        explore(features.take([0, 1]), prepared_ntu)


def test_names_are_only_texts(prepared_ntu):
    meta = read_annotations(prepared_ntu)
    names = [clip['frame_dir'] for clip in meta['annotations']][:8]
    features = make_features(
        names,
        fields={HOSTILE: np.array([HOSTILE] * 8)},
        classes=[HOSTILE, 'b', 'c'],
    )
    content = explore(features, prepared_ntu, method='tsne')
    content.update(title=HOSTILE, names=[HOSTILE] * 8)
    text = render(content)
    assert text.count('</script>') == text.count('<script') == 2
    assert '<!--' not in text
    (data,) = re.findall(r'id="data">(.*?)</script>', text, re.S)
    read = json.loads(data)
    assert read['names'][0] == read['title'] == read['classes'][0] == HOSTILE
    assert read['fields'] == {HOSTILE: [HOSTILE] * 8}


def test_joints_as_bytes():
    """Off by half a step, which is a 508th of the size of the clip."""
    rng = np.random.default_rng(0)
    keypoint = rng.normal(size=(3, 2, 6, 25, 3))
    keypoint[1, 1] = 0  # nobody
    keypoint[2, 1, 3:] = 0  # leaves
    moving = quantise(keypoint)
    assert moving.persons == [2, 1, 2] and moving.num_frames == 6
    start = 0
    for i, clip in enumerate(keypoint):
        x = place(clip[: moving.persons[i]])
        size = x.size
        code = moving.code[start : start + size].reshape(x.shape)
        start += size
        absent = np.isnan(x)
        np.testing.assert_array_equal(code == 255, absent)
        read = moving.low[i] + moving.step[i] * code
        tolerance = 0.501 * moving.step[i]
        assert np.abs(read - x)[~absent].max() <= tolerance
        size = (np.nanmax(x, (0, 1, 2)) - np.nanmin(x, (0, 1, 2))).max()
        assert moving.step[i] == pytest.approx(size / 254)
    assert start == len(moving.code)


def test_many_joints_have_less_frames():
    keypoint = np.random.default_rng(0).normal(size=(40, 2, 50, 25, 3))
    assert quantise(keypoint).num_frames == 25
    few = quantise(keypoint, max_bytes=60_000)
    assert few.num_frames == 10 and len(few.code) <= 60_000


def test_a_thousand_clips_are_below_5_mb():
    """The joints of two persons each; a stream takes less
    than 0.1 MB besides."""
    keypoint = np.random.default_rng(0).normal(size=(1000, 2, 4, 25, 3))
    code = quantise(np.repeat(keypoint, 7, axis=2)).as_json()['code']
    assert 3e6 < len(code) < 4.2e6


def test_sides_and_head():
    mean = np.zeros((25, 3))
    mean[:, 1] = np.arange(25) % 7
    layout = get_layout('ntu-25')
    for part, joints in layout.parts.items():
        side = -1 if part.startswith('left') else part.startswith('right')
        mean[list(joints), 0] = 0.2 * side  # x grows to the right
    mean[3, 1] = 9
    drawn = drawn_layout(layout, mean[None, None, None])
    assert drawn['head'] == 3
    for part, joints in layout.parts.items():
        side = ['trunk', 'left', 'right'].index(part.split('_')[0])
        assert {drawn['side'][v] for v in joints} == {side}
