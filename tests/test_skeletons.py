import numpy as np
import pytest
from mmaction.models.utils import Graph

from projects.ikem import skeletons
from projects.ikem.skeletons import LAYOUTS, get_layout, register_layout

STICK = dict(name='stick', parents=[0, 0, 1], center=1, shoulders=(0, 2))


def test_ntu_tables_are_those_of_the_method():
    layout = get_layout('ntu-25')
    one_based = {v + 1: p + 1 for v, p in enumerate(layout.parents)}
    assert one_based == {
        1: 2, 2: 21, 3: 21, 4: 3, 5: 21, 6: 5, 7: 6, 8: 7, 9: 21, 10: 9,
        11: 10, 12: 11, 13: 1, 14: 13, 15: 14, 16: 15, 17: 1, 18: 17, 19: 18,
        20: 19, 21: 21, 22: 8, 23: 8, 24: 12, 25: 12
    }  # yapf: disable
    hinges = {v + 1: j + 1 for v, j in enumerate(layout.hinges)}
    assert hinges == {**one_based, 23: 22, 25: 24}
    assert {(22, 23), (23, 8), (24, 25), (25, 12)} <= {
        (v + 1, p + 1) for v, p in layout.edges
    }


def test_ntu_graph_differs_from_the_toolbox_at_the_hands_alone():
    ours = Graph(get_layout('ntu-25').graph, mode='stgcn_spatial').A
    theirs = Graph('nturgb+d', mode='stgcn_spatial').A
    joints = np.argwhere(((ours > 0) != (theirs > 0)).any(0))
    hands = {7, 11, 21, 22, 23, 24}
    assert set(joints.flatten().tolist()) == hands


@pytest.mark.parametrize('name', LAYOUTS)
def test_all_joints_hang_on_the_root(name):
    layout = get_layout(name)
    for v in range(layout.num_joints):
        for _ in range(layout.num_joints):
            v = layout.parents[v]
        assert v == layout.root
    assert len(layout.edges) == layout.num_joints - 1


def test_parts_and_mirror_of_ntu_are_those_of_the_peers():
    """ActCLR's parts and AimCLR's flip, joints counted from 1."""
    for name in ('ntu-25', 'ntu-25-crossclr'):
        layout = get_layout(name)
        parts = {k: {v + 1 for v in part} for k, part in layout.parts.items()}
        assert parts == dict(
            trunk={1, 2, 3, 4, 21},
            left_arm={5, 6, 7, 8, 22, 23},
            right_arm={9, 10, 11, 12, 24, 25},
            left_leg={13, 14, 15, 16},
            right_leg={17, 18, 19, 20},
        )
        pairs = {(v + 1, w + 1) for v, w in enumerate(layout.mirror) if v < w}
        assert pairs == {
            *((5, 9), (6, 10), (7, 11), (8, 12), (22, 24), (23, 25)),
            *((13, 17), (14, 18), (15, 19), (16, 20)),
        }


def test_parts_and_mirror_of_kinect():
    layout = get_layout('kinect-20')
    assert layout.parts['trunk'] == (0, 1, 2, 3)
    assert layout.mirror == tuple(
        v if v < 4 else v + 4 if v // 4 in (1, 3) else v - 4 for v in range(20)
    )


@pytest.mark.parametrize('name', LAYOUTS)
def test_the_mirror_is_one_of_the_skeleton(name):
    """The mirror image of a bone is a bone, also of hinges and edges."""
    layout = get_layout(name)
    mirror = layout.mirror
    for v in range(layout.num_joints):
        assert mirror[mirror[v]] == v
        for table in (layout.parents, layout.hinges):
            assert table[mirror[v]] == mirror[table[v]]
    mirrored = {(mirror[v], mirror[w]) for v, w in layout.edges}
    assert mirrored == set(layout.edges)
    for part, joints in layout.parts.items():
        side, _, limb = part.partition('_')
        other = dict(left='right', right='left').get(side)
        image = f'{other}_{limb}' if limb else part
        assert {mirror[v] for v in joints} == set(layout.parts[image])


@pytest.mark.parametrize('name', LAYOUTS)
def test_each_joint_is_of_one_part(name):
    layout = get_layout(name)
    joints = [v for part in layout.parts.values() for v in part]
    assert sorted(joints) == list(range(layout.num_joints))


def test_tables_that_a_method_needs():
    for table in ('parts', 'mirror', 'torso'):
        with pytest.raises(ValueError, match=f"'stick'.*{table}"):
            get_layout(STICK).require(table)
    layout = get_layout(dict(STICK, parts=dict(all=[0, 1, 2])))
    assert layout.require('parts') == dict(all=(0, 1, 2))


def test_layouts_are_hashable_and_compared_by_their_tables():
    plain, same = get_layout(STICK), get_layout(STICK)
    assert plain == same and hash(plain) == hash(same)
    assert plain != get_layout(dict(STICK, parts=dict(all=[0, 1, 2])))
    assert plain != get_layout(dict(STICK, mirror=[2, 1, 0]))
    assert len({*LAYOUTS.values()}) == len(LAYOUTS)


def test_own_layout():
    layout = get_layout(STICK)
    assert layout.num_joints == 3
    assert layout.hinges == (0, 0, 1)
    assert layout.graph == dict(num_node=3, inward=[(1, 0), (2, 1)], center=1)
    assert get_layout(layout) is layout


def test_registered_layout(monkeypatch):
    monkeypatch.setattr(skeletons, 'LAYOUTS', dict(LAYOUTS))
    layout = register_layout(**STICK)
    assert get_layout('stick') is layout
    with pytest.raises(ValueError, match='a layout .stick. already'):
        register_layout(**STICK)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(parents=[0, 1, 1]), 'exactly one joint'),
        (dict(parents=[0, 2, 1]), 'circle'),
        (dict(center=1.5), 'integers'),
        (dict(shoulders=(0,)), 'two joints'),
        (dict(torso=(0, 1)), 'three'),
        (dict(hinges=[0, 0]), 'hinges has 2 entries'),
        (dict(center=3), r'no joints \[3\]'),
        (dict(shoulders=(0, -1)), r'no joints \[-1\]'),
        (dict(parts=dict(arm=(1, 3))), r'no joints \[3\]'),
        (dict(parts=dict(arm=())), 'arm.*no joints'),
        (dict(mirror=(2, 1)), 'mirror has 2 entries'),
        (dict(mirror=(2, 1, 3)), r'no joints \[3\]'),
        (dict(mirror=(1, 2, 0)), 'mirrored twice'),
        (dict(mirror=(2, 2, 0)), 'mirrored twice'),
        (dict(mirror=(0, 1, 2)), 'left shoulder 0'),
    ],
)
def test_wrong_layout(change, message):
    with pytest.raises(ValueError, match=message):
        get_layout({**STICK, **change})


def test_unknown_layout():
    with pytest.raises(ValueError, match='unknown skeleton layout'):
        get_layout('ntu')
