"""One page to explore a set of clips in; ``tools/explore.py``."""

from .build import explore, write_page

__all__ = ['explore', 'write_page']
