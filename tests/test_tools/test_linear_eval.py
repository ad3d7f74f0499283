"""tools/benchmark/linear_eval.py, as a command."""

import re

import pytest
from commands import fail, succeed
from helpers import IKEM_3M, LINEAR, tiny_options

TOOL = 'tools/benchmark/linear_eval.py'


@pytest.fixture
def options(prepared_ntu):
    lr = 'optim_wrapper.optimizer.lr=0.5'
    return tiny_options(prepared_ntu, 'model.pretrained=None', lr)


def test_the_loops_agree(options, tmp_path):
    epochs = ('--epochs', '3', '--ordinary-epochs', '2')
    text = succeed(TOOL, LINEAR, *epochs, *options, cwd=tmp_path)
    assert '3 epochs' in text and 'extrapolated' in text
    assert re.search(r'^ratio: [\d.]+$', text, re.M)
    accuracies = re.findall(
        r'acc/(\w+)_top1 +\S+ +([\d.]+) \S+ ([\d.]+)', text
    )
    assert [a[0] for a in accuracies] == ['joint', 'motion', 'bone', 'fused']
    assert all(ordinary == cached for _, ordinary, cached in accuracies)
    (difference,) = re.findall(r'difference of logits: (\S+)', text)
    assert float(difference) < 1e-5
    assert not list(tmp_path.glob('work_dirs'))


def test_more_ordinary_epochs_than_epochs_are_refused(options):
    epochs = ('--epochs', '3', '--ordinary-epochs', '4')
    line = fail(TOOL, LINEAR, *epochs, *options, returncode=2)
    assert '--ordinary-epochs' in line


def test_a_pretraining_is_refused(options):
    assert 'ikem-3m' in fail(TOOL, IKEM_3M, *options)
