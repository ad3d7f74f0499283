"""Panels as pictures and movies, and the modalities in them."""

import io
import shutil

import numpy as np
import pytest
import torch
from matplotlib.quiver import Quiver
from PIL import Image

from projects.ikem.models.modalities import MODALITIES, derive_modalities
from projects.ikem.skeletons import LAYOUTS
from projects.ikem.visualization.clips import augmented_views
from projects.ikem.visualization.modalities import (
    liveliest_frame,
    modality_panels,
)
from projects.ikem.visualization.panels import joint_panel, movie, still, write
from projects.ikem.visualization.skeletons import Clip

LAYOUT = LAYOUTS['ntu-25']


def clip(persons=1, frames=6):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(persons, frames, 25, 3))
    return Clip('name: class', x, LAYOUT, 1.5)


def pixels(panels):
    """Red, green and blue of what is drawn of the first frame."""
    file = io.BytesIO()
    still([panels], 0).savefig(file)
    return np.asarray(Image.open(file).convert('RGB')).astype(int)


@pytest.mark.parametrize('three_d', [False, True])
def test_all_modalities_are_drawn(three_d):
    panels = modality_panels(clip(2))
    names = [p.title.split('\n')[0].replace(' ', '_') for p in panels]
    assert names == list(MODALITIES)
    figure = still([panels], 2, three_d, 'of all')
    assert len(figure.axes) == len(MODALITIES)
    assert all(ax.collections for ax in figure.axes)
    assert [text.get_text() for text in figure.texts] == ['of all']


@pytest.mark.parametrize('name', ['motion', 'acceleration', 'bone'])
def test_arrows_are_the_modality_by_one_factor(name):
    one = clip()
    ax = still([modality_panels(one, [name])], 2).axes[0]
    (arrows,) = [c for c in ax.collections if isinstance(c, Quiver)]
    drawn = np.stack((arrows.U, arrows.V), 1)
    x = torch.from_numpy(one.keypoint)[None]
    value = derive_modalities(x, [name], LAYOUT, torch.tensor([1.5]))[name]
    value = np.delete(value[0, 0, 2].numpy(), LAYOUT.root, axis=0)
    value = value[:, :2] * (-1, 1)
    drawn = np.delete(drawn, LAYOUT.root, axis=0)
    factor = (drawn * value).sum() / (value**2).sum()
    assert np.allclose(drawn, factor * value)  # one factor for all


def test_discs_tell_bending_from_straightening():
    """A bending elbow is orange, a straightening one blue."""
    pictures = []
    for angles in ((0.2, 0.9, 0.9), (0.9, 0.2, 0.2)):
        x = np.zeros((1, 3, 25, 3))
        x[..., 0] = np.arange(25)
        for t, angle in enumerate(angles):
            x[0, t, 9] = x[0, t, 8] + (1, 0, 0)
            x[0, t, 10] = x[0, t, 9] + (np.cos(angle), np.sin(angle), 0)
        panels = modality_panels(Clip('', x, LAYOUT), ['angular_velocity'])
        pictures.append(pixels(panels))
    warm = [(p[..., 0] - p[..., 2]).sum() for p in pictures]
    assert warm[0] > 0 > warm[1]


def test_what_does_not_move_has_no_arrows():
    one = clip()
    quiet = one._replace(keypoint=np.tile(one.keypoint[:, :1], (6, 1, 1)))
    counts = []
    for each in (one, quiet):
        ax = still([modality_panels(each, ['motion'])], 0).axes[0]
        (arrows,) = [c for c in ax.collections if isinstance(c, Quiver)]
        counts.append(len(arrows.get_offsets()))
    assert counts[0] > 0 == counts[1]


def test_the_liveliest_frame():
    x = np.tile(clip().keypoint[:, :1], (1, 6, 1, 1))
    x[0, 2] += 5  # together: the joint they are centred on trembles
    x[0, 4:, 7] += 1
    assert liveliest_frame(Clip('', x, LAYOUT)) == 3


def test_limits_stay_and_all_frames_differ(tmp_path):
    panels = [joint_panel(clip()), *modality_panels(clip(), ['motion'])]
    animation = movie([panels], frame_rate=10)
    axes = animation._fig.axes

    def places():
        return [
            (ax.get_xlim(), ax.get_ylim(), ax.get_position().bounds)
            for ax in axes
        ]

    before, counts = places(), set()
    for t in (0, 3, 5):
        animation._func(t)
        counts.add(len(axes[0].collections))
        assert places() == before
    assert counts == {3}  # floor, bones and joints of this frame alone
    write(animation, tmp_path / 'x.gif', dpi=30)
    with Image.open(tmp_path / 'x.gif') as image:
        assert image.n_frames == 6
        assert image.info['duration'] == 100
        frames = set()
        for t in range(6):
            image.seek(t)
            frames.add(image.convert('L').tobytes())
    assert len(frames) == 6


def pipeline(amplitude=0.5, num_views=2):
    shear = dict(type='RandomShear', amplitude=amplitude)
    return [
        dict(type='MultiView', transforms=[shear], num_views=num_views),
        dict(type='PackSkeleton'),
    ]


def test_views_are_sheared_and_differ():
    one = clip(2)
    absent = one.keypoint.copy()
    absent[1] = 0
    one = one._replace(keypoint=absent)
    first, second = augmented_views(one, pipeline())
    assert first.keypoint.shape == second.keypoint.shape == absent.shape
    assert not np.allclose(first.keypoint, second.keypoint)
    assert not first.keypoint[1].any()
    again = augmented_views(one, pipeline())[0]
    assert np.array_equal(first.keypoint, again.keypoint)
    other = augmented_views(one, pipeline(), seed=1)[0]
    assert not np.allclose(first.keypoint, other.keypoint)
    # they are what the config says
    plain = augmented_views(one, pipeline(amplitude=0, num_views=3))
    assert [view.title[-1] for view in plain] == ['1', '2', '3']
    for view in plain:
        np.testing.assert_array_equal(view.keypoint, absent.astype(np.float32))


def test_no_ffmpeg(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    with pytest.raises(RuntimeError, match='x.mp4.*ffmpeg'):
        write(still([[joint_panel(clip())]], 0), tmp_path / 'x.mp4')
    assert not any(tmp_path.iterdir())
