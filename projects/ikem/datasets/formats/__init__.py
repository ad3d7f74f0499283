from .crossclr import list_clips, read_clip
from .errors import FormatError
from .ntu import read_skeleton
from .nwucla import read_nwucla
from .pose_pickle import load_pose_pickles, read_annotation

__all__ = [
    'FormatError',
    'list_clips',
    'load_pose_pickles',
    'read_annotation',
    'read_clip',
    'read_nwucla',
    'read_skeleton',
]
