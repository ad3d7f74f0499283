from .algorithms import (
    CPM,
    HYSP,
    IKEM,
    PSTL,
    ActCLR,
    AimCLR,
    CrosSCLR,
    PretrainingModel,
    RelationalDistillation,
    SkeletonCLR,
)
from .backbones import SlimSTGCN
from .batch_transforms import PartTransfer, RegionSwap
from .classifiers import SkeletonClassifier
from .data_preprocessor import ModalityDataPreprocessor
from .encoder import Embedded, Encoders, Projectors
from .exchange import (
    DistributionExchange,
    ExplicitExchange,
    ImplicitExchange,
)
from .exchange_space import ExchangeSpace
from .heads import MobiusLinear
from .losses import ExplicitExchangeLoss, ImplicitExchangeLoss, InfoNCE
from .necks import BarlowTwinsProjector, BatchNormMLP, MLPProjector

__all__ = [
    'ActCLR',
    'AimCLR',
    'BarlowTwinsProjector',
    'BatchNormMLP',
    'CPM',
    'CrosSCLR',
    'DistributionExchange',
    'Embedded',
    'Encoders',
    'ExchangeSpace',
    'ExplicitExchange',
    'ExplicitExchangeLoss',
    'HYSP',
    'IKEM',
    'PSTL',
    'ImplicitExchange',
    'ImplicitExchangeLoss',
    'InfoNCE',
    'MLPProjector',
    'MobiusLinear',
    'ModalityDataPreprocessor',
    'PartTransfer',
    'PretrainingModel',
    'Projectors',
    'RegionSwap',
    'RelationalDistillation',
    'SkeletonCLR',
    'SkeletonClassifier',
    'SlimSTGCN',
]
