"""One page of what a run or a suite of runs did; ``tools/report.py``."""

from .page import write_report

__all__ = ['write_report']
