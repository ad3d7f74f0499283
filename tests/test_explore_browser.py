"""The page that moves, in a browser."""

import csv
import json
import pickle
import time

import browser
import numpy as np
import pytest

pytest.importorskip('sklearn')

from projects.ikem.datasets.prepare import prepare
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.sources import pose_pickle_source
from projects.ikem.evaluation.features import Features
from projects.ikem.explore import explore, write_page

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (browser.BROWSER and browser.DRIVER),
        reason='no chromium and chromedriver: apt-get install chromium-driver',
    ),
]
N = 30
HOSTILE = '</script><script>window.hacked = 1</script>"\'<img src=x>, b'
LABELS = ['sit', HOSTILE, 'bow']
HERE = 'const p = place({}), r = map.getBoundingClientRect();'
SPOT = HERE + 'return [Math.round(p[0] + r.left), Math.round(p[1] + r.top)]'


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """A pickle of clips of three kinds, one of a hostile name."""
    rng = np.random.default_rng(0)
    names = [f'clip{i}' for i in range(N - 1)] + [HOSTILE]
    annotations = []
    for i, name in enumerate(names):
        x = rng.normal(size=(1, 10, 25, 3), scale=0.2)
        x[..., 3, 1] += 1.5
        annotations.append(
            dict(
                frame_dir=name, label=LABELS[i % 3], keypoint=x, subject=i % 4
            )
        )
    path = tmp_path_factory.mktemp('clips') / 'clips.pkl'
    path.write_bytes(pickle.dumps(annotations))
    return path


def prepared(clips, out, **options):
    source = pose_pickle_source(clips, num_frames=10, up='y', **options)
    prepare(source, out)
    return read_annotations(out)


@pytest.fixture(scope='module')
def page(clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp('page')
    known = prepared(clips, folder / 'data')
    labels = np.array([a['label'] for a in known['annotations']])
    rng = np.random.default_rng(0)
    features = Features(
        [a['frame_dir'] for a in known['annotations']],
        labels,
        {
            u: (3 * np.eye(3)[labels] + rng.normal(size=(N, 3))).astype('f')
            for u in ('joint', 'bone')
        },
        dict(subject=np.arange(N) % 4),
        known['classes'],
    )
    write_page(
        explore(features, folder / 'data', method='tsne'), folder / 'p.html'
    )
    return folder / 'p.html'


@pytest.fixture
def session(tmp_path):
    opened = browser.Browser(tmp_path / 'browser')
    yield opened
    opened.close()


@pytest.fixture
def at(session, page):
    """The page, opened."""
    session.open(page)
    session.wait('return document.querySelectorAll(".card").length')
    yield session
    assert session.errors() == []
    assert not session.run('return window.hacked')


def texts(session, selector):
    return session.run(
        f'return [...document.querySelectorAll({json.dumps(selector)})]'
        '.map((e) => e.textContent)'
    )


def clips_of(session, selector):
    return session.run(
        f'return [...document.querySelectorAll("{selector}")]'
        '.map((card) => card.clip)'
    )


def spot(session, clip):
    return session.run(SPOT.format(clip))


def pixels(session):
    return session.run(
        'return document.querySelector("#peek canvas").toDataURL()'
    )


def test_hovered_points_move_and_light_their_neighbours(at):
    at.pointer(spot(at, N - 1))
    at.wait('return !document.querySelector("#peek").hidden')
    assert texts(at, '#peek span')[0] == HOSTILE
    assert at.run('return state.hover') == N - 1
    near = at.run('return stream().neighbours[state.hover]')
    lit = clips_of(at, '.card.lit')
    medoids = at.run('return stream().medoids')
    assert set(lit) == set(medoids) & {N - 1, *near}
    at.wait('return document.querySelector("#peek canvas").width > 0')
    time.sleep(0.2)
    one = pixels(at)
    time.sleep(0.4)
    assert pixels(at) != one  # it moves
    at.keys(' ')
    time.sleep(0.2)
    one = pixels(at)
    time.sleep(0.3)
    assert pixels(at) == one
    at.keys('.')
    time.sleep(0.2)
    assert pixels(at) != one


def test_pinned_clips_turn(at):
    for clip in (3, 4):
        at.pointer(spot(at, clip), 'down', 'up')
    assert at.run('return state.pinned') == [3, 4]
    assert texts(at, '#panel .card span')[:2] == ['clip3', 'clip4']
    x, y = at.run(
        'const r = document.querySelector("#panel .skeleton")'
        '.getBoundingClientRect(); return [r.x + 40, r.y + 40].map(Math.round)'
    )
    before = at.run('return state.yaw')
    at.pointer((x, y), 'down', (x + 60, y), 'up')
    assert at.run('return state.yaw') > before + 0.5
    assert at.run('return state.pinned') == [3, 4]
    at.pointer((x, y), 'down', 'up')
    assert at.run('return state.pinned') == [4]


def test_filters(at):
    at.run(
        'const s = byId("search"); s.value = "CLIP1"; s.oninput({target: s})'
    )
    assert texts(at, '#count') == [f'11 of {N} clips']
    at.run('const s = byId("search"); s.value = ""; s.oninput({target: s})')
    at.run(
        'const c = byId("colour"); c.value = "field: subject"; c.onchange()'
    )
    assert texts(at, '.chip') == ['all', '08', '18', '27', '37']
    at.run('document.querySelectorAll(".chip")[3].click()')
    assert texts(at, '#count') == [f'7 of {N} clips']
    at.run('const c = byId("stream"); c.value = "bone"; c.onchange()')
    at.wait('return points === DATA.streams.bone.points', 5)


def test_a_cell_of_the_confusions_opens_its_clips(at):
    at.run('byId("tab-confusion").click()')
    cells = at.run('return confusionOf().map((c) => [c.y, c.p, c.clips])')
    assert sum(len(clips) for *_, clips in cells) == N
    at.wait('return document.querySelector(".matrix").width > 100')
    y, p, clips = cells[0]
    x = at.run(
        'const r = document.querySelector(".matrix").getBoundingClientRect();'
        'const a = r.width / 3;'
        f'return [r.x + a * ({p} + .5), r.y + a * ({y} + .5)].map(Math.round)'
    )
    at.pointer(tuple(x), 'down', 'up')
    assert clips_of(at, '#panel .card') == clips


@pytest.mark.parametrize('name', ['wave, "both" hands', HOSTILE + '\u00e9'])
def test_lassoed_clips_get_a_name_that_prepare_reads(
    at, clips, tmp_path, name
):
    box = at.run(
        'const r = map.getBoundingClientRect();'
        'return [r.left, r.top, r.right, r.bottom].map(Math.round)'
    )
    left, top, right, bottom = box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2
    half = (left + right) // 2
    at.keys('l')
    at.pointer(
        *((left, top), 'down', (half, top), (half, bottom), (left, bottom)),
        'up',
    )
    chosen = at.run('return [...state.selected]')
    inside = at.run(
        'return DATA.names.map((_, i) => i)'
        f'.filter((i) => place(i)[0] < {half - box[0]})'
    )
    assert chosen == inside and 0 < len(chosen) < N
    at.run(
        f'byId("group-name").value = {json.dumps(name)};'
        'document.querySelector("#panel form button").click()'
    )
    at.run('byId("download").click()')
    file = at.downloads / 'labels.csv'
    for _ in range(50):
        if file.exists():
            break
        time.sleep(0.1)
    rows = list(csv.DictReader(file.open(newline='')))
    assert len(rows) == N and rows[-1]['name'] == HOSTILE
    again = prepared(clips, tmp_path / 'again', labels=str(file))
    for i, clip in enumerate(again['annotations']):
        expected = name if i in chosen else LABELS[i % 3]
        assert again['classes'][clip['label']] == expected
        assert clip['fields']['subject'] == str(i % 4)


@pytest.mark.parametrize(
    'width, height', [(390, 844), (1280, 800), (3840, 2160)]
)
def test_sizes(session, page, width, height):
    session.open(page, width, height)
    session.wait('return document.querySelectorAll(".card").length')
    assert session.run('return document.documentElement.scrollWidth') <= width
    assert session.run(
        'return map.clientWidth > 0.5 * Math.min(innerWidth, 700)'
    )
    assert session.run('return map.clientHeight') > 250
    assert session.errors() == []


def test_a_finger(tmp_path, page):
    phone = browser.Browser(tmp_path / 'browser', dark=True, touch=True)
    try:
        phone.open(page, 390, 844)
        phone.wait('return document.querySelectorAll(".card").length')
        clip = phone.run(
            'return DATA.names.map((_, i) => i)'
            '.find((i) => clipAt(...place(i)) === i)'
        )
        phone.pointer(spot(phone, clip), 'down', 'up', kind='touch')
        assert phone.run('return [state.hover, state.pinned.length]') == [
            clip,
            0,
        ]
        phone.pointer(spot(phone, clip), 'down', 'up', kind='touch')
        assert phone.run('return state.pinned') == [clip]
        assert phone.errors() == []
    finally:
        phone.close()


def test_keys_alone(at):
    at.run('map.focus()')
    at.keys('\ue014')  # right
    first = at.run('return state.hover')
    assert first >= 0
    at.keys('\ue013\ue015')  # up, down
    at.keys('\ue007')  # enter
    assert len(at.run('return state.pinned')) == 1
    at.keys('?')
    assert at.run('return byId("help").open')
