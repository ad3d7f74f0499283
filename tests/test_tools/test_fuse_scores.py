"""tools/analysis_tools/fuse_scores.py on predictions of tools/test.py."""

import re

import pytest
from commands import fail, succeed
from helpers import LINEAR, tiny
from mmengine.runner import Runner

from projects.ikem.evaluation.fusion import load_predictions

TOOL = 'tools/analysis_tools/fuse_scores.py'


@pytest.fixture(scope='module')
def dumps(prepared_ntu, tmp_path_factory):
    """Predictions of untrained models, of one and of three streams."""
    folder = tmp_path_factory.mktemp('dumps')
    metrics = {}
    for name in ('joint', 'bone', '3m'):
        cfg = tiny(LINEAR, prepared_ntu, folder)
        if name != '3m':
            cfg.model.data_preprocessor.modalities = [name]
        cfg.model.num_classes = 10
        cfg.experiment_name = f'fuse_scores_{name}'
        cfg.test_evaluator = [
            cfg.test_evaluator,
            dict(type='DumpPredictions', out_file_path=f'{folder}/{name}.npz'),
        ]
        metrics[name] = Runner.from_cfg(cfg).test()
    return folder, metrics


def table(text):
    """Top-1, top-5 and mean class accuracy of each row, by its title."""
    rows = re.findall(r'([\d.]+) +([\d.]+) +([\d.]+)  (\S+)$', text, re.M)
    return {title: tuple(map(float, numbers)) for *numbers, title in rows}


def test_streams_of_a_file_each(dumps, tmp_path):
    folder, metrics = dumps
    files = [folder / 'joint.npz', folder / 'bone.npz']
    out = tmp_path / 'fused.npz'
    text = succeed(TOOL, *files, '--weights', 2, 1, '--out', out)
    assert '12 samples' in text
    rows = table(text)
    assert list(rows) == [*map(str, files), 'fused']
    for name, file in zip(('joint', 'bone'), files):
        keys = ('top1', 'top5', 'mean1')
        expected = [100 * metrics[name][f'acc/{key}'] for key in keys]
        assert rows[str(file)] == pytest.approx(expected, abs=0.006)
    joint, bone, fused = (load_predictions(f).scores for f in (*files, out))
    assert fused == pytest.approx((2 * joint + bone) / 3)


def test_streams_of_one_file(dumps):
    folder, metrics = dumps
    file = folder / '3m.npz'
    streams = ('joint', 'motion', 'bone')
    rows = table(succeed(TOOL, file, file, file, '--stream', *streams))
    assert list(rows) == [*(f'{file}:{s}' for s in streams), 'fused']
    for stream in streams:
        assert rows[f'{file}:{stream}'][0] == pytest.approx(
            100 * metrics['3m'][f'acc/{stream}_top1'], abs=0.006
        )


def test_one_stream_name_for_all_files(dumps):
    file = dumps[0] / '3m.npz'
    rows = table(succeed(TOOL, file, file, '--stream', 'fused'))
    assert rows[f'{file}:fused'] == rows['fused']


def test_files_of_one_and_of_several_streams(dumps):
    files = dumps[0] / 'joint.npz', dumps[0] / '3m.npz'
    rows = table(succeed(TOOL, *files, '--stream', '-', 'fused'))
    assert list(rows) == [str(files[0]), f'{files[1]}:fused', 'fused']


@pytest.mark.parametrize(
    'args, reason',
    [
        (('joint.npz', '3m.npz'), 'several streams: .*--stream'),
        (('joint.npz', 'no.npz'), 'No such file'),
        (('joint.npz', 'bone.npz', '--weights', 1), '1 weights for 2'),
    ],
)
def test_errors_are_one_line(dumps, args, reason):
    assert re.search(reason, fail(TOOL, *args, cwd=dumps[0]))
