"""Pictures of clips, features and results, as matplotlib Figures.

The functions take arrays and return Figures or animations, which
:func:`panels.write` saves; nothing is shown or kept by pyplot.
"""
