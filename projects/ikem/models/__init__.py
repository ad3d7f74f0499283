from .algorithms import SkeletonCLR
from .backbones import SlimSTGCN
from .classifiers import SkeletonClassifier
from .data_preprocessor import ModalityDataPreprocessor
from .necks import MLPProjector

__all__ = [
    'MLPProjector',
    'ModalityDataPreprocessor',
    'SkeletonCLR',
    'SkeletonClassifier',
    'SlimSTGCN',
]
