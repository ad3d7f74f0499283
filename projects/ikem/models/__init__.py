from .algorithms import (
    IKEM,
    CrosSCLR,
    RelationalDistillation,
    SkeletonCLR,
)
from .backbones import SlimSTGCN
from .classifiers import SkeletonClassifier
from .data_preprocessor import ModalityDataPreprocessor
from .exchange import ExplicitExchange, ImplicitExchange
from .necks import MLPProjector

__all__ = [
    'CrosSCLR',
    'ExplicitExchange',
    'IKEM',
    'ImplicitExchange',
    'MLPProjector',
    'ModalityDataPreprocessor',
    'RelationalDistillation',
    'SkeletonCLR',
    'SkeletonClassifier',
    'SlimSTGCN',
]
