from typing import Iterator

from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.model import is_model_wrapper
from torch import nn
from torch.utils.data import Dataset


def unwrap(model: nn.Module) -> nn.Module:
    """The model itself, also where it is wrapped, as for several ranks."""
    return model.module if is_model_wrapper(model) else model


def dataset_parts(dataset: Dataset) -> Iterator[BaseDataset]:
    """The data sets that one is made of."""
    if isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            yield from dataset_parts(part)
    elif isinstance(dataset, BaseDataset):
        yield dataset
    elif hasattr(dataset, 'dataset'):  # such as a RepeatDataset
        yield from dataset_parts(dataset.dataset)
