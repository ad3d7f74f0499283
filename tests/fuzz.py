"""Files that nobody meant to write, for property-based tests."""

from functools import partial

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# For tests that write each example to the same tmp_path.
fuzz = partial(
    settings,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def damaged(data: bytes) -> st.SearchStrategy:
    """Any bytes, and the given ones cut off, or with a few bytes replaced,
    removed or inserted."""
    edit = st.tuples(
        st.integers(0, len(data)), st.integers(0, 9), st.binary(max_size=9)
    )

    def apply(edits):
        result = data
        for position, removed, inserted in edits:
            end = position + removed
            result = result[:position] + inserted + result[end:]
        return result

    return st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(data)).map(lambda length: data[:length]),
        st.lists(edit, min_size=1, max_size=4).map(apply),
    )


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class SharedDtype:
    """The dtype of an array, which is changed when the array is there."""

    def __reduce__(self):
        state = (4, '|', None, None, None, 64, 1, 0, dict(array=self.array))
        return np.dtype, ('S8', False, True), state


class LongerArray:
    """An array whose pickle makes it reach beyond its memory."""

    def __init__(self):
        self.dtype = SharedDtype()
        self.dtype.array = self

    def __reduce__(self):
        rebuild, args, _ = np.zeros(1).__reduce__()
        return rebuild, args, (1, (1,), self.dtype, False, b'abcdefgh')
