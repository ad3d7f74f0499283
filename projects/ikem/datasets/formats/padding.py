"""Where a padded clip ends."""

import numpy as np


def num_frames_of(keypoint: np.ndarray) -> int:
    """Frames of a clip before its padding: zeros, or itself once more.

    ST-GCN's arrays are zero behind the end of a clip; 2s-AGCN's repeat it up
    to their 300 frames.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C).
    """
    shown = np.flatnonzero(keypoint.any(axis=(0, 2, 3)))
    if not len(shown):
        return 0
    num = int(shown[-1]) + 1
    x = keypoint[:, :num]
    # a repetition shows the first frame again
    starts = np.flatnonzero((x[:, 1:] == x[:, :1]).all(axis=(0, 2, 3))) + 1
    for period in starts:
        if (x[:, period:] == x[:, :-period]).all():
            return int(period)
    return num
