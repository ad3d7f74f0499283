"""Suites: the tables of the paper from their runs; ``tools/reproduce.py``."""

from .reproduce import reproduce

__all__ = ['reproduce']
