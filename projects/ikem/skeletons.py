"""Skeleton layouts: which joints there are and how bones connect them.

A layout is data, not code: graph, modalities and preprocessing read the same
tables, so an own skeleton is one more table, given by name or as a dict.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union


@dataclass(frozen=True)
class SkeletonLayout:
    """Joints, bones and hinges of a skeleton of V joints, all 0-based.

    Args:
        name (str): Name of the layout, stored with prepared data.
        parents (tuple[int]): Parent of each joint, V entries. The root is its
            own parent. Bone v is ``x_v - x_parent(v)``.
        center (int): Joint that clips are centred on, and centre of the
            spatial partition of ST-GCN.
        shoulders (tuple[int, int]): Left and right shoulder joint.
        edges (tuple[tuple[int, int]], optional): Inward edges (joint, its
            neighbour towards the centre) of the graph. Defaults to the bones.
        hinges (tuple[int], optional): Bone ``j(i)`` that bone i is hinged to,
            V entries; the root with itself. Defaults to the parents.
        torso (tuple[int, int, int], optional): Joints (a, b, c) spanning the
            virtual torso bone ``normalize((x_a - x_b) x (x_c - x_b))``, which
            takes the root's slot among the bones. Without it that slot is 0
            and hinges on the root have no axis.
        parts (dict[str, tuple[int]], optional): Joints of each body part.
        mirror (tuple[int], optional): The joint of the other side of the
            body for each joint, V entries; itself in the middle.

    Raises:
        ValueError: If a table has the wrong length or names no joint, or
            ``mirror`` is no reflection.
    """

    name: str
    parents: Tuple[int, ...]
    center: int
    shoulders: Tuple[int, int]
    edges: Optional[Tuple[Tuple[int, int], ...]] = None
    hinges: Optional[Tuple[int, ...]] = None
    torso: Optional[Tuple[int, int, int]] = None
    # a dict has no hash
    parts: Optional[Dict[str, Tuple[int, ...]]] = field(
        default=None, hash=False
    )
    mirror: Optional[Tuple[int, ...]] = None

    def __post_init__(self) -> None:
        def set_field(key, value):  # the class is frozen
            object.__setattr__(self, key, value)

        for key in ('parents', 'shoulders', 'hinges', 'torso', 'mirror'):
            if getattr(self, key) is not None:
                set_field(key, tuple(getattr(self, key)))
        if self.hinges is None:
            set_field('hinges', self.parents)
        if self.edges is None:
            set_field(
                'edges',
                tuple((v, p) for v, p in enumerate(self.parents) if v != p),
            )
        set_field('edges', tuple(tuple(edge) for edge in self.edges))
        if self.parts is not None:
            set_field('parts', {k: tuple(v) for k, v in self.parts.items()})
        self._check()

    def _check(self) -> None:
        roots = [v for v, p in enumerate(self.parents) if v == p]
        if len(roots) != 1:
            raise ValueError(
                f'layout {self.name!r}: exactly one joint must be its own '
                f'parent (the root), got {roots}'
            )
        for key in ('hinges', 'mirror'):
            table = getattr(self, key)
            if table is not None and len(table) != self.num_joints:
                raise ValueError(
                    f'layout {self.name!r}: {key} has {len(table)} entries '
                    f'for {self.num_joints} joints'
                )
        if len(self.shoulders) != 2 or len(self.torso or (0, 0, 0)) != 3:
            raise ValueError(
                f'layout {self.name!r}: shoulders are two joints, torso three'
            )
        used = [
            *self.parents,
            *self.hinges,
            self.center,
            *self.shoulders,
            *(self.torso or ()),
            *(v for edge in self.edges for v in edge),
            *(v for part in (self.parts or {}).values() for v in part),
            *(self.mirror or ()),
        ]
        wrong = [v for v in used if type(v) is not int]
        if wrong:
            raise ValueError(
                f'layout {self.name!r}: joints are integers, got {wrong[0]!r}'
            )
        wrong = sorted({v for v in used if not 0 <= v < self.num_joints})
        if wrong:
            raise ValueError(
                f'layout {self.name!r}: no joints {wrong}; joints are '
                f'numbered 0 to {self.num_joints - 1}'
            )
        for v in range(self.num_joints):
            path = [v]
            while self.parents[path[-1]] not in path:
                path.append(self.parents[path[-1]])
            if path[-1] != roots[0]:
                raise ValueError(
                    f'layout {self.name!r}: joint {v} does not hang on the '
                    f'root {roots[0]}, its parents go round in a circle'
                )
        empty = [name for name, part in (self.parts or {}).items() if not part]
        if empty:
            raise ValueError(
                f'layout {self.name!r}: parts {empty} have no joints'
            )
        if self.mirror is not None:
            self._check_mirror()

    def _check_mirror(self) -> None:
        wrong = [v for v, w in enumerate(self.mirror) if self.mirror[w] != v]
        if wrong:
            raise ValueError(
                f'layout {self.name!r}: mirrored twice, joints {wrong} are '
                'others: mirror must pair joints, or map them to themselves'
            )
        left, right = self.shoulders
        if self.mirror[left] != right:
            raise ValueError(
                f'layout {self.name!r}: mirror maps the left shoulder {left} '
                f'to joint {self.mirror[left]}, not to the right one, {right}'
            )

    def require(self, table: str) -> Any:
        """Get a table that not all layouts have.

        Args:
            table (str): ``'parts'``, ``'mirror'`` or ``'torso'``.

        Raises:
            ValueError: If this layout has none.
        """
        value = getattr(self, table)
        if value is None:
            raise ValueError(
                f'the skeleton layout {self.name!r} has no {table}: add '
                f'`{table}` to the arguments of its SkeletonLayout'
            )
        return value

    @property
    def num_joints(self) -> int:
        """int: V, the number of joints."""
        return len(self.parents)

    @property
    def root(self) -> int:
        """int: The joint that is its own parent."""
        return next(v for v, p in enumerate(self.parents) if v == p)

    @property
    def root_first(self) -> Tuple[int, ...]:
        """tuple[int]: All joints but the root, each after its parent."""
        order = [self.root]
        for v in order:  # grows
            children = [w for w, p in enumerate(self.parents) if p == v != w]
            order += children
        return tuple(order[1:])

    @property
    def graph(self) -> Dict:
        """dict: The layout as mmaction2's ``Graph`` takes it."""
        return dict(
            num_node=self.num_joints,
            inward=list(self.edges),
            center=self.center,
        )


def _replaced(table: Tuple[int, ...], entries: Dict[int, int]) -> Tuple:
    return tuple(entries.get(i, value) for i, value in enumerate(table))


def _mirrored(parts: Dict[str, Tuple[int, ...]]) -> Tuple[int, ...]:
    """The mirror of parts that list left and right joints in one order."""
    mirror = {v: v for part in parts.values() for v in part}
    for limb in ('arm', 'leg'):
        left, right = parts[f'left_{limb}'], parts[f'right_{limb}']
        mirror.update(zip(left + right, right + left))
    return tuple(mirror[v] for v in sorted(mirror))


# NTU RGB+D (Kinect v2); the data set's documentation counts joints from 1.
# fmt: off
_NTU_PARENTS = (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16,
                17, 18, 20, 7, 7, 11, 11)
_KINECT_PARENTS = (1, 2, 2, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16,
                   17, 18)
# fmt: on
# The bones of the thumbs are hinged to those of the finger tips.
_NTU_HINGES = _replaced(_NTU_PARENTS, {22: 21, 24: 23})
# CrosSCLR hangs the finger tips on the thumbs.
_NTU_TIP_ON_THUMB = _replaced(_NTU_PARENTS, {21: 22, 23: 24})
_NTU_EDGES = tuple((v, p) for v, p in enumerate(_NTU_TIP_ON_THUMB) if v != p)
_NTU_PARTS = dict(
    trunk=(0, 1, 2, 3, 20),
    left_arm=(4, 5, 6, 7, 21, 22),
    right_arm=(8, 9, 10, 11, 23, 24),
    left_leg=(12, 13, 14, 15),
    right_leg=(16, 17, 18, 19),
)
_KINECT_PARTS = dict(
    trunk=(0, 1, 2, 3),
    left_arm=(4, 5, 6, 7),
    right_arm=(8, 9, 10, 11),
    left_leg=(12, 13, 14, 15),
    right_leg=(16, 17, 18, 19),
)
_NTU_MIRROR = _mirrored(_NTU_PARTS)
_KINECT_MIRROR = _mirrored(_KINECT_PARTS)

LAYOUTS = {
    layout.name: layout
    for layout in (
        SkeletonLayout(
            'ntu-25',
            parents=_NTU_PARENTS,
            center=20,
            shoulders=(4, 8),
            edges=_NTU_EDGES,
            hinges=_NTU_HINGES,
            torso=(1, 8, 4),
            parts=_NTU_PARTS,
            mirror=_NTU_MIRROR,
        ),
        # The bones of CrosSCLR and of the released three-modality model.
        SkeletonLayout(
            'ntu-25-crossclr',
            parents=_NTU_TIP_ON_THUMB,
            center=20,
            shoulders=(4, 8),
            parts=_NTU_PARTS,
            mirror=_NTU_MIRROR,
        ),
        # Kinect v1 as in NW-UCLA: 0 hip centre, 1 spine, 2 shoulder centre,
        # 3 head, then left arm, right arm, left leg, right leg, four each.
        SkeletonLayout(
            'kinect-20',
            parents=_KINECT_PARENTS,
            center=2,
            shoulders=(4, 8),
            torso=(1, 8, 4),
            parts=_KINECT_PARTS,
            mirror=_KINECT_MIRROR,
        ),
    )
}


def register_layout(**tables) -> SkeletonLayout:
    """Make an own layout known by its name.

    Args:
        **tables: Arguments of :class:`SkeletonLayout`.

    Raises:
        ValueError: If there is a layout of that name, or a table does not
            fit.
    """
    layout = SkeletonLayout(**tables)
    if layout.name in LAYOUTS:
        raise ValueError(
            f'there is a layout {layout.name!r} already: choose another name'
        )
    LAYOUTS[layout.name] = layout
    return layout


def read_layout(name: str) -> Union[str, Dict]:
    """Get a layout as prepared folders say it: by name, or as a dict.

    Args:
        name (str): Name of a layout, or a json file with the arguments of
            :class:`SkeletonLayout`.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the name is unknown, or the file holds no layout.
    """
    if not name.endswith('.json'):
        return get_layout(name).name
    try:
        tables = json.loads(Path(name).read_bytes())
        SkeletonLayout(**tables)
    except OSError:
        raise
    # whatever is wrong with the tables
    except Exception as error:
        raise ValueError(f'{name} holds no skeleton layout: {error}') from None
    return tables


def get_layout(layout: Union[str, dict, SkeletonLayout]) -> SkeletonLayout:
    """Get a layout by name, or make one from a dict of its fields.

    Args:
        layout (str | dict | SkeletonLayout): ``'ntu-25'``,
            ``'ntu-25-crossclr'``, ``'kinect-20'``, or the arguments of
            :class:`SkeletonLayout`.

    Raises:
        ValueError: If the name is unknown or a table does not fit.
    """
    if isinstance(layout, SkeletonLayout):
        return layout
    if isinstance(layout, dict):
        return SkeletonLayout(**layout)
    if layout not in LAYOUTS:
        raise ValueError(
            f'unknown skeleton layout {layout!r}: known are '
            f'{sorted(LAYOUTS)}; give an own one as a dict of the arguments '
            'of SkeletonLayout (to the tools as a json file), or import what '
            'registers it (--imports)'
        )
    return LAYOUTS[layout]
