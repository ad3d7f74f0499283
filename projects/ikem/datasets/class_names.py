"""Names of the classes of published data sets."""

import json
from pathlib import Path
from typing import List, Optional

from .synthetic.actions import ACTIONS


def known_classes(dataset: str, num_classes: int) -> Optional[List[str]]:
    """Names of the classes of a data set.

    Args:
        dataset (str): Its name in a prepared folder, such as ``'ntu60'``.
        num_classes (int): How many it has.

    Returns:
        list[str] | None: The names; None of a data set of another name.
    """
    path = Path(__file__).parent / 'data' / 'action_names.json'
    names = json.loads(path.read_text())
    names['ntu60'] = names['ntu120'] = names.pop('ntu')
    names['synthetic'] = list(ACTIONS)
    known = names.get(dataset, [])[:num_classes]
    return known if len(known) == num_classes else None
