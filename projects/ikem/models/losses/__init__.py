from .barlow_twins import barlow_twins
from .functional import (
    by_width,
    contrast,
    embedding_statistics,
    explicit_exchange,
    implicit_exchange,
    info_nce,
    mean_over_sources,
)
from .mining import aimclr
from .modules import (
    ExplicitExchangeLoss,
    ImplicitExchangeLoss,
    InfoNCE,
    weighted,
)
from .similarity import (
    actclr,
    distribution_exchange,
    similarity_distribution,
)

__all__ = [
    'ExplicitExchangeLoss',
    'ImplicitExchangeLoss',
    'InfoNCE',
    'actclr',
    'aimclr',
    'barlow_twins',
    'by_width',
    'contrast',
    'distribution_exchange',
    'embedding_statistics',
    'explicit_exchange',
    'implicit_exchange',
    'info_nce',
    'mean_over_sources',
    'similarity_distribution',
    'weighted',
]
