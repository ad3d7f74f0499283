from .functional import (
    embedding_statistics,
    explicit_exchange,
    implicit_exchange,
    info_nce,
)

__all__ = [
    'embedding_statistics',
    'explicit_exchange',
    'implicit_exchange',
    'info_nce',
]
