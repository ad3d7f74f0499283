"""What command lines need before they import anything that takes seconds.

Nothing here imports torch or mmengine while it is imported, so that ``--help``
and wrong arguments are answered at once; ``projects.ikem`` cannot be the room
for it, since importing any part of that registers everything.
"""

from .places import reach_projects

reach_projects()
