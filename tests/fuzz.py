"""Files that nobody meant to write, for property-based tests."""

import resource
from datetime import timedelta
from functools import wraps

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

SECONDS, KIBIBYTES = 20, 2**19  # that no small file may cost


def fuzz(**options):
    """Settings of a test by properties that writes each example to the same
    tmp_path; an example that takes long, or much memory, fails."""

    def decorate(test):
        inner = test.hypothesis.inner_test

        @wraps(inner)
        def watched(*args, **kwargs):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            inner(*args, **kwargs)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert after - before < KIBIBYTES

        test.hypothesis.inner_test = watched
        return settings(
            deadline=timedelta(seconds=SECONDS),
            suppress_health_check=[HealthCheck.function_scoped_fixture],
            **options,
        )(test)

    return decorate


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
