"""Where a padded clip ends."""

import numpy as np


def num_frames_of(keypoint: np.ndarray) -> int:
    """Frames of a clip before its padding: zeros, or itself once more.

    ST-GCN's arrays are zero behind the end of a clip; 2s-AGCN's repeat each
    person, from the first frame that shows it, up to their 300 frames.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C).
    """
    return max((_frames_of_person(x) for x in keypoint), default=0)


def _frames_of_person(x: np.ndarray) -> int:
    shown = np.flatnonzero(x.any(axis=(1, 2)))
    if not len(shown):
        return 0
    num = int(shown[-1]) + 1
    x = x[:num]
    # a repetition shows the first frame again
    starts = np.flatnonzero((x[1:] == x[:1]).all(axis=(1, 2))) + 1
    for period in starts:
        if (x[period:] == x[:-period]).all() and x[1:period].any():
            return int(period)
    return num
