"""Which work begins first."""

import pytest

from projects.ikem.reproduce.children import Children
from projects.ikem.reproduce.scheduler import execute


class Stub:
    """Work that does nothing."""

    def __init__(self, name, *needs):
        self.name = name
        self.needs = {need.name: need for need in needs}

    def is_current(self):
        return False

    def execute(self, children, say):
        return 0


@pytest.mark.parametrize('jobs, first', [(1, 'abcdef'), (2, 'da')])
def test_what_others_wait_for_begins_first(jobs, first, capsys):
    a, b, d = map(Stub, 'abd')
    c = Stub('c', a)
    e = Stub('e', d)
    works = [a, b, c, d, e, Stub('f', e)]
    ended = []
    execute(works, jobs, Children(1), ended.append)
    assert sorted(work.name for work in ended) == [*'abcdef']
    lines = capsys.readouterr().out.splitlines()
    began = [line.split()[2][0] for line in lines if 'started' in line]
    assert began[: len(first)] == [*first]
