from .functional import (
    contrast,
    embedding_statistics,
    explicit_exchange,
    implicit_exchange,
    info_nce,
    mean_over_sources,
)
from .modules import ExplicitExchangeLoss, ImplicitExchangeLoss, InfoNCE

__all__ = [
    'ExplicitExchangeLoss',
    'ImplicitExchangeLoss',
    'InfoNCE',
    'contrast',
    'embedding_statistics',
    'explicit_exchange',
    'implicit_exchange',
    'info_nce',
    'mean_over_sources',
]
