"""A made-up data set in the files of NTU RGB+D.

It stands in for NTU RGB+D where that is not at hand: readers, preparation,
training and evaluation run on it unchanged, and a model has to look at motion
to solve it. Accuracies reached on it say nothing about NTU RGB+D.
"""

from .actions import ACTIONS, INTERACTIONS
from .clips import ClipName, ClipSummary, generate, make_clip, perform_clip
from .sensor import Recording
from .writer import write_skeleton

__all__ = [
    'ACTIONS',
    'INTERACTIONS',
    'ClipName',
    'ClipSummary',
    'Recording',
    'generate',
    'make_clip',
    'perform_clip',
    'write_skeleton',
]
