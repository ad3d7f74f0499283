"""What a training logged."""

import re
from datetime import datetime
from pathlib import Path
from typing import List

from projects.ikem.engine.logs import read_logs

_STAMP = re.compile(r'^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - ', re.M)


def read_history(work_dir: Path, metric: str) -> List[float]:
    """A logged value over the epochs.

    Args:
        work_dir (Path): The training's folder.
        metric (str): Name of the value.

    Returns:
        list[float]: The values in the order of the epochs.

    Raises:
        FileNotFoundError: If there is no log.
        ValueError: If no such value was logged.
    """
    logged = read_logs(work_dir)
    if metric not in logged:
        raise ValueError(
            f'{work_dir} logged no {metric}; it has '
            f'{", ".join(sorted(n for n in logged if "/" in n)) or "nothing"}'
        )
    return list(logged[metric].values())


def logged_seconds(work_dir: Path) -> float:
    """Wall time of a training, of all its parts if it was resumed.

    A part lasts from the time that mmengine names its folder by to the last
    line of its log that has a time.

    Args:
        work_dir (Path): The training's folder.
    """
    return sum(
        _seconds(log)
        for log in work_dir.glob('*/*.log')
        if log.stem == log.parent.name
    )


def _seconds(log: Path) -> float:
    begin = datetime.strptime(log.stem, '%Y%m%d_%H%M%S')
    stamps = _STAMP.findall(log.read_text(errors='replace'))
    if not stamps:
        return 0
    end = datetime.strptime(stamps[-1], '%Y/%m/%d %H:%M:%S')
    return (end - begin).total_seconds()
