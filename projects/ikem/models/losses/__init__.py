from .functional import explicit_exchange, implicit_exchange, info_nce

__all__ = ['explicit_exchange', 'implicit_exchange', 'info_nce']
