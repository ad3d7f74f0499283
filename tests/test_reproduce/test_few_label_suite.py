"""tools/few_labels.py; training has a stand-in except in the last test."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import fail, succeed
from helpers import LINEAR, ROOT, SKELETONCLR_JOINT, tiny, write_untrained
from mmengine.config import Config

pytest.importorskip('sklearn')

from ikem_cli.choices import FEW_LABEL_ROWS
from projects.ikem.datasets.label_subsets import LabelAmount
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.evaluation.baselines import prepared_baselines
from projects.ikem.evaluation.features import load_features
from projects.ikem.evaluation.few_labels import frozen_accuracies
from projects.ikem.report.suite_sections import runs_of
from projects.ikem.reproduce import few_labels
from projects.ikem.reproduce.children import Children, Stopped
from projects.ikem.reproduce.options import forget_configs
from projects.ikem.work_dir import WorkDir

TOOL = 'tools/few_labels.py'
QUICK = [row for row in FEW_LABEL_ROWS if row not in ('finetuned', 'scratch')]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forget_configs()


@pytest.fixture
def data(prepared_ntu):
    shutil.copytree(prepared_ntu, 'data')
    return 'data'


def write_model(cfg=SKELETONCLR_JOINT, layout='ntu-25'):
    """A pre-training, or another model: its config and its checkpoint."""
    cfg = tiny(cfg, 'elsewhere', '.')
    cfg.model.data_preprocessor.layout = layout
    config, checkpoint = write_untrained(cfg, Path.cwd())
    return str(config), str(checkpoint)


@pytest.fixture
def pretraining():
    return write_model()


def table():
    return json.loads(Path('out/table_few-labels.json').read_text())


def values(row, column):
    return table()['rows'][row][column]['last']['values']


def test_quick_rows(data, pretraining):
    """The same labels for all, others for each seed; features are those of
    the encoders, mean and deviation those of the seeds."""
    args = [data, *pretraining, '--per-class', 1, 2, '--seeds', 0, 3]
    args += ['--rows', *QUICK, '--work-dir', 'out']
    output = succeed(TOOL, *args)
    assert '9 done, 0 present' in output
    meta = read_annotations(data)
    split = meta['split']
    features = load_features('out/features/features.npz')
    assert features.names == [c['frame_dir'] for c in meta['annotations']]
    (z,) = features.streams.values()
    z = torch.nn.functional.normalize(torch.from_numpy(z), dim=1).numpy()
    row = {name: i for i, name in enumerate(features.names)}
    train, val = (
        [row[n] for n in split[f'xsub_{p}']] for p in ('train', 'val')
    )
    for n, column in ((1, '1perclass'), (2, '2perclass')):
        for seed, suffix in ((0, ''), (3, '_seed3')):
            name = f'xsub_train_{column}{suffix}'
            assert len(split[name]) == 3 * n
            labels = np.full(len(train), -1)
            for i, k in enumerate(train):
                if features.names[k] in split[name]:
                    labels[i] = features.labels[k]
            expected = frozen_accuracies(
                z[train], labels, z[val], features.labels[val]
            )
            pair = [(name, 'xsub_val')]
            (joints,) = prepared_baselines(data, pair).values()
            for key, value in {**expected, **joints}.items():
                title = {
                    'linear': 'linear, frozen features',
                    'knn1': 'nearest neighbour, frozen features',
                    'propagation': 'label propagation, frozen features',
                    'ridge': 'ridge on joints',
                    'nn1': 'nearest neighbour on joints',
                }[key]
                measured = values(title, column)[str(seed)]
                assert measured == pytest.approx(value)
    cell = table()['rows']['ridge on joints']['1perclass']['last']
    both = list(cell['values'].values())
    assert cell['mean'] == pytest.approx(np.mean(both))
    assert cell['deviation'] == pytest.approx(np.std(both, ddof=1))
    text = Path('out/table_few-labels.md').read_text()
    assert '12 clips of xsub_train: 3 (1perclass), 6 (2perclass)' in text
    assert text in output and Path('out/table_few-labels.csv').is_file()
    # it goes on where it was: another column alone is new
    output = succeed(TOOL, *args[:3], '--fractions', 0.5, 1, *args[6:])
    assert '8 done, 1 present' in output
    assert set(values('ridge on joints', '100pct')) == {'0', '3'}


class Stand:
    """The command with a stand-in for training."""

    def __init__(self, data, pretraining, **kwargs):
        self.task = dict(
            data=data,
            config=pretraining[0],
            checkpoint=pretraining[1],
            amounts=[LabelAmount(per_class=n) for n in (1, 2)],
            seeds=[0, 1],
            epochs=3,
            **kwargs,
        )

    def run(self, **changes):
        forget_configs()  # as a new process would
        return few_labels.measure_few_labels(
            few_labels.FewLabels(**{**self.task, **changes}),
            Path('out').resolve(),
            Path.cwd(),
            ['python', 'x'],
            trainer=ROOT / 'tests/test_reproduce/trainer.py',
        )


def finished():
    folders = [p.parent for p in Path('out').glob('**/record.json')]
    return {
        str(f.relative_to('out')): WorkDir(f).record.get('finished')
        for f in folders
        if 'stale' not in f.parts
    }


def test_trainings(data, pretraining):
    command = Stand(data, pretraining)
    assert command.run() == 0
    before = finished()
    assert len(before) == 1 + 2 * 2 * 4
    # 0.1 / 2 at the last of three epochs, and seed / 100
    for title in ('fine-tuned', 'from scratch'):
        measured = values(title, '1perclass')
        assert measured == pytest.approx({'0': 5.0, '1': 6.0})
    cfg = Config.fromfile('out/classifier.py')
    assert cfg.model.num_classes == 3 and not cfg.model.frozen
    assert cfg.train_cfg.max_epochs == cfg.train_cfg.val_interval == 3
    assert cfg.train_dataloader.dataset.data_root == data
    words = {
        name: WorkDir(Path('out', name)).record['command']
        for name in before
        if 'finetuned' in name or 'scratch' in name
    }
    for name, said in words.items():
        seed, column = name[4], name.split('_')[1]
        labels = LabelAmount(int(column[0])).split('xsub_train', int(seed))
        assert f'train_dataloader.dataset.split={labels}' in said
        assert f'randomness.seed={seed}' in said
        checkpoints = [w for w in said if w.startswith('model.pretrained=')]
        assert checkpoints == ['model.pretrained=tiny.pth'] * (
            'finetuned' in name
        )
    sentences = table()['below']
    assert '1perclass: fine-tuned 5.5, from scratch 5.5' in sentences[0]

    # nothing is run again; what another checkpoint changes is
    assert command.run() == 0 and finished() == before
    checkpoint = torch.load('tiny.pth', weights_only=False)
    checkpoint['state_dict'] = {
        k: v + 0.01 if v.is_floating_point() else v
        for k, v in checkpoint['state_dict'].items()
    }
    torch.save(checkpoint, 'tiny.pth')
    assert command.run(rows=['finetuned', 'scratch', 'knn', 'nn']) == 0
    changed = {name for name, t in finished().items() if t != before[name]}
    kept = set(before) - changed
    assert kept == {n for n in before if 'scratch' in n or 'joints' in n}

    # other epochs change trainings alone
    before = finished()
    options = ['optim_wrapper.optimizer.lr=0.5']
    assert command.run(epochs=2, options=options) == 0
    changed = {name for name, t in finished().items() if t != before[name]}
    assert changed == set(words)
    measured = values('from scratch', '2perclass')
    assert measured == pytest.approx({'0': 50.0, '1': 51.0})
    assert 'trainings have 2 epochs' in table()['note']
    assert command.run(options=['train_cfg.max_epochs=1']) == 0
    assert 'trainings have 1 epochs' in table()['note']
    runs = {run.name for run in runs_of(Path('out'))}
    assert runs == set(words)  # and none that was moved aside


def test_the_config_follows_the_pretraining(data):
    """Three modalities; the preprocessor and the test pipeline are those of
    the pre-training."""
    cfg = tiny('ikem/' + IKEM, 'elsewhere', '.')
    cfg.model.data_preprocessor.update(use_time_scale=False, keep_joints=True)
    pipeline = [dict(type='PackSkeleton', num_persons=2)]
    cfg.test_dataloader.dataset.pipeline = pipeline
    files = [str(path) for path in write_untrained(cfg, Path.cwd())]
    task = few_labels.FewLabels(data, *files, [LabelAmount(1)], [0])
    suite, works = few_labels.plan_few_labels(
        task, Path('out').resolve(), Path.cwd()
    )
    cfg = Config.fromfile('out/classifier.py')
    preprocessor = cfg.model.data_preprocessor
    assert preprocessor.modalities == ['joint', 'motion', 'bone']
    assert not preprocessor.use_time_scale
    assert 'keep_joints' not in preprocessor
    assert cfg.val_dataloader.dataset.pipeline == pipeline
    (result,) = suite.tables.values()
    assert result.rows[0].metric == 'acc/fused_top1'
    names = [work.name for work in works]
    assert names[0] == 'features' and len(names) == 5


def test_stopped_while_clips_are_encoded(data, pretraining):
    task = few_labels.FewLabels(data, *pretraining, [LabelAmount(1)], [0])
    _, works = few_labels.plan_few_labels(
        task, Path('out').resolve(), Path.cwd()
    )
    children = Children(1)
    children.stop()
    with pytest.raises(Stopped):
        works[0].execute(children, print)
    assert works[0].stale() is None and not works[0].is_current()
    works[0].execute(Children(1), print)
    assert works[0].is_current()


IKEM = 'ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'


@pytest.mark.parametrize(
    'args, named',
    [
        (['--per-class', 5], 'data: 5 clips of each class are wanted, but'),
        (['--fractions', 2], '(0, 1], got 2'),
        (['--per-class', 1, '--train', 'no'], "no split 'no'"),
        (['--per-class', 1, '--val', 'xview_train'], 'are in xsub_train and'),
        (
            ['--per-class', 1, '--cfg-options', 'modl.x=1'],
            "has no 'modl'",
        ),
        (
            ['--per-class', 1, '--cfg-options', 'model.pretrained=x.pth'],
            'model.pretrained is set for each training: leave it out',
        ),
        (['--per-class', 1, '--work-dir', 'a b'], 'blank'),
        (['--per-class', 1, '--train', 'a b'], '--train=a b'),
    ],
)
def test_arguments_that_do_not_fit(data, pretraining, args, named):
    before = read_annotations(data)['split']
    assert named in fail(TOOL, data, *pretraining, *args)
    assert read_annotations(data)['split'] == before
    assert not Path('work_dirs/few_labels/tiny/features').exists()


def test_folders_and_splits_of_any_name(data, pretraining):
    """A work dir with a dot, `all` that is not all, no labels here and there,
    blanks in the path of the data."""
    meta = read_annotations(data)
    names = [clip['frame_dir'] for clip in meta['annotations']]
    parts = dict(train=names[:16], val=names[16:], all=names[:3])
    meta['split'] = parts
    for clip in [*meta['annotations'][3:5], meta['annotations'][20]]:
        clip['label'] = -1
    Path(data, 'annotations.json').write_text(json.dumps(meta))
    Path(data).rename('my data')
    work_dir = Path('runs/lr0.1')
    work_dir.mkdir(parents=True)
    for file in pretraining:
        shutil.move(file, work_dir)
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'tiny.pth'))
    args = ['my data', work_dir, '--train', 'train', '--val', 'val']
    args += ['--per-class', 2, '--seeds', 0, '--rows', *QUICK]
    assert '3 done, 0 present' in succeed(TOOL, *args)
    folder = Path('work_dirs/few_labels/lr0.1')
    text = (folder / 'table_few-labels.md').read_text()
    assert 'Labels of the 16 clips of train: 6 (2perclass)' in text
    features = load_features(folder / 'features/features.npz')
    assert features.names == names
    assert (features.labels == -1).sum() == 3


def test_files_that_do_not_fit(data, pretraining, prepared_nwucla):
    config, checkpoint = pretraining
    few = ('--per-class', 1)
    line = fail(TOOL, data, config, *few)
    assert 'give a checkpoint as well' in line
    assert 'no.py is no config' in fail(TOOL, data, 'no.py', checkpoint, *few)
    assert 'no.pth' in fail(TOOL, data, config, 'no.pth', *few)
    assert 'absent is missing' in fail(TOOL, 'absent', *pretraining, *few)
    assert 'last_checkpoint' in fail(TOOL, data, config, 'data', *few)
    line = fail(TOOL, prepared_nwucla, *pretraining, *few)
    assert "'kinect-20'" in line and "'ntu-25'" in line
    line = fail(TOOL, data, *write_model(LINEAR), *few)
    assert 'builds a SkeletonClassifier: give the config of a pre-' in line
    path = Path(data, 'annotations.json')
    meta = json.loads(path.read_text())
    for clip in meta['annotations'][12:]:
        clip['label'] = -1
    path.write_text(json.dumps(meta))
    line = fail(TOOL, data, *write_model(), *few)
    assert 'no clip of xsub_val of data has a label' in line


@pytest.mark.long
def test_all_of_it_from_a_work_dir(data):
    cfg = tiny(SKELETONCLR_JOINT, data, 'run')
    cfg.dump('tiny.py')
    succeed('tools/train.py', 'tiny.py', '--work-dir', 'run')
    args = [data, 'run', '--per-class', 2, '--seeds', 1, '--epochs', 2]
    output = succeed(TOOL, *args)
    assert '5 done, 0 present' in output
    assert 'from scratch' in output and '/tiny' not in output
    assert '0 done, 5 present' in succeed(TOOL, *args)
    text = Path('work_dirs/few_labels/run/seed1/finetuned_2perclass')
    assert (
        "split 'xsub_train_2perclass_seed1'"
        in (text / 'output.log').read_text()
    )
