import os

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before torch is imported
# Tests and their processes run on the CPU, also where there is a GPU, which
# several ranks could not share; test_cuda.py has processes that see it.
# (setdefault: workers of xdist inherit what is hidden already).
os.environ.setdefault(
    'HIDDEN_CUDA_DEVICES', os.environ.get('CUDA_VISIBLE_DEVICES', '0')
)
os.environ['CUDA_VISIBLE_DEVICES'] = ''

import commands  # noqa: E402, F401  imports all and spares yapf
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402

from projects.ikem.datasets.prepared import PreparedWriter  # noqa: E402
from projects.ikem.datasets.splits import with_label_fractions  # noqa: E402

NUM_CLIPS, NUM_FRAMES = 24, 16


@pytest.fixture(autouse=True)
def seed():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True, scope='session')
def mmaction_scope():
    DefaultScope.get_instance('tests', scope_name='mmaction')


def write_prepared(
    folder,
    layout='ntu-25',
    num_joints=25,
    num_person=2,
    num_frames=NUM_FRAMES,
    num_classes=3,
):
    """A prepared folder of random clips, half of them for validation."""
    rng = np.random.default_rng(0)
    with PreparedWriter(
        folder,
        dataset='random',
        layout=layout,
        num_classes=num_classes,
        max_clips=NUM_CLIPS,
    ) as writer:
        for i in range(NUM_CLIPS):
            x = rng.normal(size=(num_person, num_frames, num_joints, 3))
            x[1:] *= i % 2  # every other clip has one person alone
            writer.append(
                x.astype(np.float32),
                f'clip{i:02d}',
                i % num_classes,
                num_frames + i,
            )
        names = [f'clip{i:02d}' for i in range(NUM_CLIPS)]
        halves = names[: NUM_CLIPS // 2], names[NUM_CLIPS // 2 :]
        split = {
            f'{split}_{part}': half
            for split in ('xsub', 'xview', 'xset', 'xview_dedup')
            for part, half in zip(('train', 'val'), halves)
        }
        labels = {
            clip['frame_dir']: clip['label'] for clip in writer.annotations
        }
        writer.commit(with_label_fractions(split, labels))
    return str(folder)


@pytest.fixture(scope='session')
def prepared_ntu(tmp_path_factory):
    return write_prepared(tmp_path_factory.mktemp('data') / 'ntu')


@pytest.fixture(scope='session')
def prepared_nwucla(tmp_path_factory):
    return write_prepared(
        tmp_path_factory.mktemp('data') / 'nwucla',
        layout='kinect-20',
        num_joints=20,
        num_person=1,
    )
