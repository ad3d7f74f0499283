import numpy as np
import pytest
from mmaction.models.utils import Graph

from projects.ikem import skeletons
from projects.ikem.skeletons import LAYOUTS, get_layout, register_layout


def test_ntu_tables_are_those_of_the_method():
    layout = get_layout('ntu-25')
    one_based = {v + 1: p + 1 for v, p in enumerate(layout.parents)}
    assert one_based == {
        1: 2, 2: 21, 3: 21, 4: 3, 5: 21, 6: 5, 7: 6, 8: 7, 9: 21, 10: 9,
        11: 10, 12: 11, 13: 1, 14: 13, 15: 14, 16: 15, 17: 1, 18: 17, 19: 18,
        20: 19, 21: 21, 22: 8, 23: 8, 24: 12, 25: 12
    }  # yapf: disable
    hinged = {
        v + 1: j + 1
        for v, j in enumerate(layout.hinges)
        if j != layout.parents[v]
    }
    assert hinged == {23: 22, 25: 24}
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


def test_own_layout():
    layout = get_layout(
        dict(name='stick', parents=[0, 0, 1], center=1, shoulders=(0, 2))
    )
    assert layout.num_joints == 3
    assert layout.hinges == (0, 0, 1)
    assert layout.graph == dict(num_node=3, inward=[(1, 0), (2, 1)], center=1)
    assert get_layout(layout) is layout


def test_registered_layout(monkeypatch):
    monkeypatch.setattr(skeletons, 'LAYOUTS', dict(LAYOUTS))
    tables = dict(name='stick', parents=[0, 0, 1], center=1, shoulders=(0, 2))
    layout = register_layout(**tables)
    assert get_layout('stick') is layout
    with pytest.raises(ValueError, match='a layout .stick. already'):
        register_layout(**tables)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(parents=[0, 1, 1]), 'exactly one joint'),
        (dict(hinges=[0, 0]), 'hinges has 2 entries'),
        (dict(center=3), r'no joints \[3\]'),
        (dict(shoulders=(0, -1)), r'no joints \[-1\]'),
    ],
)
def test_wrong_layout(change, message):
    tables = dict(name='x', parents=[0, 0, 1], center=1, shoulders=(0, 2))
    with pytest.raises(ValueError, match=message):
        get_layout({**tables, **change})


def test_unknown_layout():
    with pytest.raises(ValueError, match='unknown skeleton layout'):
        get_layout('ntu')
