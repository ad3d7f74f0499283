"""Linear evaluation on features that are extracted once."""

import random
from typing import Dict, List, Tuple

import numpy as np
import torch
from mmaction.registry import LOOPS
from mmengine.dist import (
    all_gather,
    all_gather_object,
    get_rank,
    get_world_size,
)
from mmengine.runner import EpochBasedTrainLoop
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from projects.ikem.datasets.ordered_map import with_progress
from projects.ikem.engine.unwrap import dataset_parts, unwrap


class FeatureDataset(Dataset):
    """Features of clips in memory.

    Args:
        features (dict[str, Tensor]): Features of shape (num, D) by modality.
        data_samples (list): The clips' data samples.
        metainfo (dict): ``metainfo`` of the data set of the clips.
    """

    def __init__(
        self, features: Dict[str, Tensor], data_samples: List, metainfo: Dict
    ) -> None:
        self.features = features
        self.data_samples = data_samples
        self.metainfo = metainfo

    def __len__(self) -> int:
        return len(self.data_samples)

    def __getitem__(self, index: int) -> int:
        return index  # see collate: one gather a batch

    def collate(self, indices: List[int]) -> Dict:
        """The batch of some clips."""
        return dict(
            inputs={u: f[indices] for u, f in self.features.items()},
            # not copies: what a prediction sets, the next one sets anew
            data_samples=[self.data_samples[i] for i in indices],
        )


@torch.no_grad()
def extract_features(
    model: nn.Module, dataloader: DataLoader, progress: bool = False
) -> FeatureDataset:
    """Extract the features of all clips of a dataloader.

    The ranks share the work and all get the whole result. Clips pass through
    the model in batches of the dataloader's size; of a batch the features
    alone are kept. The global random state is neither used nor changed.

    Args:
        model (nn.Module): Model whose ``'tensor'`` mode returns features of
            shape (N, D) by modality.
        dataloader (DataLoader): Loader of the clips.
        progress (bool): Whether the first rank shows the progress. Defaults
            to False.

    Returns:
        FeatureDataset: The features, on the model's device.
    """
    model = unwrap(model)
    dataset = dataloader.dataset
    rank, ranks = get_rank(), get_world_size()
    # all ranks take the same number of clips; the surplus is cut off below
    share = [
        (rank + i * ranks) % len(dataset)
        for i in range(-(-len(dataset) // ranks))
    ]
    loader = DataLoader(
        Subset(dataset, share),
        batch_size=dataloader.batch_size,
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        generator=torch.Generator(),
    )
    was_training = model.training
    model.eval()
    batches, data_samples = [], []
    show = progress and rank == 0
    for batch in with_progress(loader, len(loader)) if show else loader:
        batch = model.data_preprocessor(batch, False)
        batches.append(model(**batch, mode='tensor'))
        data_samples += [sample.cpu() for sample in batch['data_samples']]
    model.train(was_training)
    features = {
        u: _interleave(all_gather(torch.cat([b[u] for b in batches])))
        for u in batches[0]
    }
    shares = all_gather_object(data_samples)
    data_samples = [sample for turn in zip(*shares) for sample in turn]
    num = len(dataset)
    return FeatureDataset(
        {u: f[:num] for u, f in features.items()},
        data_samples[:num],
        getattr(dataset, 'metainfo', {}),
    )


def _interleave(shares: List[Tensor]) -> Tensor:
    return torch.stack(shares, 1).flatten(0, 1)


def cache_features(model: nn.Module, dataloader: DataLoader) -> DataLoader:
    """A loader of the features of another loader's clips, in its order."""
    features = extract_features(model, dataloader, progress=True)
    return DataLoader(
        features,
        batch_size=dataloader.batch_size,
        sampler=dataloader.sampler,
        drop_last=dataloader.drop_last,
        collate_fn=features.collate,
    )


def is_random(dataset: Dataset, num_clips: int = 8) -> bool:
    """Whether a clip is not the same each time.

    Args:
        dataset (Dataset): The clips. The random state is left as it is.
        num_clips (int): How many are tried. Defaults to 8.
    """
    states = random.getstate(), np.random.get_state()
    epoch_states = {
        part: part.epoch_state.state.clone()
        for part in dataset_parts(dataset)
        if hasattr(part, 'epoch_state')
    }
    with torch.random.fork_rng(devices=[]):
        drawn = []
        for seed in range(2):
            random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
            for part in epoch_states:
                part.set_epoch(seed, 0)
            clips = range(min(num_clips, len(dataset)))
            drawn.append([_joints(dataset[i]) for i in clips])
    for part, state in epoch_states.items():
        part.epoch_state.state.copy_(state)
    random.setstate(states[0]), np.random.set_state(states[1])
    return any(not torch.equal(*pair) for pair in zip(*drawn))


def _joints(clip: Dict) -> Tensor:
    inputs = clip['inputs']
    if isinstance(inputs, dict):
        inputs = torch.stack(list(inputs.values()))
    return torch.as_tensor(inputs)


def frozen_state(model: nn.Module) -> Dict[str, Tensor]:
    """Parameters without gradient and all buffers, by name."""
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    return {k: v for k, v in model.state_dict().items() if k not in trained}


@LOOPS.register_module()
class FrozenFeatureTrainLoop(EpochBasedTrainLoop):
    """Epochs over features that are extracted once before the first one.

    For models with frozen encoders and clips without augmentation, such as
    linear evaluation with :class:`SkeletonClassifier`. Order of the clips,
    hooks, optimiser and validation are those of ``EpochBasedTrainLoop``.

    Raises:
        ValueError: If the encoders are not frozen or recalibrate, or clips are
            augmented.
        RuntimeError: If they changed nevertheless, by a single bit.
    """

    def run(self) -> nn.Module:
        """Extract the features, then train."""
        model = unwrap(self.runner.model)
        if not getattr(model, 'frozen', False):
            raise ValueError(
                'FrozenFeatureTrainLoop needs a model with frozen encoders: '
                'set model.frozen=True, or train_cfg.type='
                'EpochBasedTrainLoop to train them'
            )
        if getattr(model, 'recalibrate', False):
            raise ValueError(
                'model.recalibrate=True changes features while the heads are '
                'trained, which are extracted once here: set train_cfg.type='
                'EpochBasedTrainLoop'
            )
        for loop in self._loops():
            if is_random(loop.dataloader.dataset):
                raise ValueError(
                    'the pipeline augments clips at random, of which features '
                    'that are extracted once would be one draw for ever: take '
                    'the random transforms out of the pipeline, or set '
                    'train_cfg.type=EpochBasedTrainLoop'
                )
            self.runner.logger.info(
                f'extracting the features of {len(loop.dataloader.dataset)} '
                'clips'
            )
            loop.dataloader = cache_features(model, loop.dataloader)
        before = {k: v.clone() for k, v in frozen_state(model).items()}
        super().run()
        for name, value in frozen_state(model).items():
            if not torch.equal(value, before[name]):
                raise RuntimeError(
                    f'{name} is frozen but changed while the heads were '
                    'trained on features of before: look for a hook that '
                    'writes to it, or use EpochBasedTrainLoop'
                )
        return self.runner.model

    def _loops(self) -> Tuple:
        val_loop = self.runner.val_loop
        return (self,) if val_loop is None else (self, val_loop)
