from .mobius_linear import MobiusLinear

__all__ = ['MobiusLinear']
