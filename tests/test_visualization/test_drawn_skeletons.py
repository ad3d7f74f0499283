"""Skeletons in the Axes: what is drawn, where, and what is not."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from projects.ikem.skeletons import LAYOUTS
from projects.ikem.visualization.skeletons import (
    BLUE,
    ORANGE,
    Clip,
    bones,
    draw_floor,
    draw_skeletons,
    find_look,
    limits,
    place,
    set_limits,
    strips,
)

LAYOUT = LAYOUTS['ntu-25']


def clip(layout=LAYOUT, persons=2, frames=6, seed=0):
    rng = np.random.default_rng(seed)
    shape = (persons, frames, layout.num_joints, 3)
    return Clip('a clip', rng.normal(size=shape), layout, 1.5)


def axes(three_d=False):
    return Figure().add_subplot(projection='3d' if three_d else None)


def lines(ax):
    kinds = (LineCollection, Line3DCollection)
    return [c for c in ax.collections if isinstance(c, kinds)]


@pytest.mark.parametrize('layout', LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize('three_d', [False, True])
def test_each_person_has_its_bones_and_joints(layout, three_d):
    ax = axes(three_d)
    x = place(clip(layout).keypoint)
    draw_skeletons(ax, x[:, 0], layout)
    joints = [c for c in ax.collections if c not in lines(ax)]
    ax.figure.draw_without_rendering()  # 3D lines have no segments before
    assert [len(c.get_segments()) for c in lines(ax)] == [
        layout.num_joints - 1
    ] * 2
    assert [len(c.get_offsets()) for c in joints] == [layout.num_joints] * 2


def test_left_and_right_in_two_hues_and_a_head():
    x = clip(persons=1, frames=40).keypoint / 100
    for part, joints in LAYOUT.parts.items():
        side = -1 if part.startswith('left') else part.startswith('right')
        x[..., list(joints), 0] += side  # x grows to the right
    x[..., 3, 1] += 2
    look = find_look(LAYOUT, x)
    assert look.head == 3
    ax = axes()
    draw_skeletons(ax, x[:, 0], LAYOUT, look=look)
    (dots,) = [c for c in ax.collections if c not in lines(ax)]
    shades = [to_hex(c).upper() for c in dots.get_facecolor()]
    for part, joints in LAYOUT.parts.items():
        expected = {'left': BLUE, 'right': ORANGE}.get(part.split('_')[0])
        assert {shades[v] for v in joints} == {expected or '#333333'}
    assert dots.get_sizes().argmax() == 3
    draw_floor(ax, x)
    (floor,) = lines(ax)[-1].get_segments()
    assert floor[:, 1] == pytest.approx([x[..., 1].min()] * 2)


def test_bones_join_their_joints_as_the_sensor_sees_them():
    ax = axes()
    x = clip(persons=1).keypoint[:, 0]
    draw_skeletons(ax, x, LAYOUT)
    (drawn,) = lines(ax)
    for segment, (v, p) in zip(drawn.get_segments(), bones(LAYOUT)):
        assert np.allclose(segment[0], (-x[0, v, 0], x[0, v, 1]))
        assert np.allclose(segment[1], (-x[0, p, 0], x[0, p, 1]))


@pytest.mark.parametrize('three_d', [False, True])
def test_up_is_up(three_d):
    ax = axes(three_d)
    set_limits(ax, limits(clip().keypoint))
    low, high = (ax.get_zlim if three_d else ax.get_ylim)()
    assert low < high


def test_an_absent_person_is_not_drawn():
    x = clip(persons=2).keypoint
    x[1, 2:] = 0  # leaves
    placed = place(x)
    for frame, persons in ((0, 2), (3, 1)):
        ax = axes()
        draw_skeletons(ax, placed[:, frame], LAYOUT)
        assert len(lines(ax)) == persons


def test_an_absent_person_does_not_widen_the_picture():
    alone = clip(persons=1).keypoint
    with_nobody = np.concatenate((alone, np.zeros_like(alone)))
    assert np.array_equal(limits(place(alone)), limits(place(with_nobody)))


def test_persons_stand_side_by_side():
    x = clip(persons=3).keypoint
    placed = place(x)
    assert np.array_equal(placed[0], x[0])
    for left, right in zip(placed, placed[1:]):
        assert right[..., 0].max() < left[..., 0].min()  # x grows to the left
    moved = placed - x
    assert np.ptp(moved, axis=(1, 2)).max() < 1e-12  # as a whole
    assert not moved[..., 1:].any()


def test_nobody_to_see():
    with pytest.raises(ValueError, match='shows nobody'):
        limits(place(np.zeros((2, 4, 25, 3))))


def test_strips_show_frames_from_the_first_to_the_last():
    one = clip(persons=1, frames=9)
    figure = strips([one, one], num_frames=3)
    assert len(figure.axes) == 2
    drawn = [c.get_segments() for c in lines(figure.axes[0])]
    shapes = [np.array(s) - s[0][0] for s in drawn]
    wanted = one.keypoint[0, [0, 4, 8]][:, bones(LAYOUT), :2] * (-1, 1)
    for shape, segments in zip(shapes, wanted):
        assert np.allclose(shape, segments - segments[0, 0])
    starts = [s[0][0][0] - w[0, 0, 0] for s, w in zip(drawn, wanted)]
    assert starts == sorted(starts)  # from left to right
    figure.draw_without_rendering()
