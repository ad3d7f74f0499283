from .functional import (
    embedding_statistics,
    explicit_exchange,
    implicit_exchange,
    info_nce,
)
from .modules import ExplicitExchangeLoss, ImplicitExchangeLoss, InfoNCE

__all__ = [
    'ExplicitExchangeLoss',
    'ImplicitExchangeLoss',
    'InfoNCE',
    'embedding_statistics',
    'explicit_exchange',
    'implicit_exchange',
    'info_nce',
]
