"""What a training logged."""

import json
from datetime import datetime
from pathlib import Path
from typing import Dict, List


def read_history(work_dir: Path, metric: str) -> List[float]:
    """A logged value over the epochs.

    A training that was resumed has several logs; of an epoch that is in more
    than one the last entry counts.

    Args:
        work_dir (Path): The training's folder.
        metric (str): Name of the value.

    Returns:
        list[float]: The values in the order of the epochs.

    Raises:
        ValueError: If no such value was logged.
    """
    epochs: Dict[int, float] = {}
    names = set()
    for log in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            names |= set(entry)
            if metric in entry:
                # validation logs the epoch as its step
                epochs[entry.get('epoch', entry['step'])] = entry[metric]
    if not epochs:
        raise ValueError(
            f'{work_dir} logged no {metric}; it has '
            f'{", ".join(sorted(n for n in names if "/" in n)) or "nothing"}'
        )
    return [epochs[epoch] for epoch in sorted(epochs)]


def logged_seconds(work_dir: Path) -> float:
    """Wall time of a training, of all its parts if it was resumed.

    A part lasts from the time that mmengine names its folder by to the last
    line of its log.

    Args:
        work_dir (Path): The training's folder.
    """
    return sum(
        log.stat().st_mtime
        - datetime.strptime(log.stem, '%Y%m%d_%H%M%S').timestamp()
        for log in work_dir.glob('*/*.log')
        if log.stem == log.parent.name
    )
