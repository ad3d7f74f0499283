from .algorithms import IKEM, CrosSCLR, SkeletonCLR
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
    'SkeletonCLR',
    'SkeletonClassifier',
    'SlimSTGCN',
]
