from .functional import info_nce

__all__ = ['info_nce']
