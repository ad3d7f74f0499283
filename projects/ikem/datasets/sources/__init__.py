from .arrays import crossclr_source, npz_source
from .base import Source, preprocessing_chain
from .own import kinect_source, pose_pickle_source
from .published import ntu_source, nwucla_source, pkummd_source

__all__ = [
    'Source',
    'crossclr_source',
    'kinect_source',
    'npz_source',
    'ntu_source',
    'nwucla_source',
    'pkummd_source',
    'pose_pickle_source',
    'preprocessing_chain',
]
