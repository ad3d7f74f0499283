"""What trainings logged."""

import json
from pathlib import Path
from typing import Dict


def read_logs(work_dir: Path) -> Dict[str, Dict[int, float]]:
    """Values that mmengine's local backend wrote, by name and epoch.

    Of an epoch with several entries, as of a training that was resumed, the
    last one counts.

    Args:
        work_dir (Path): Folder of a training.

    Returns:
        dict[str, dict[int, float]]: Values by epoch, in order, by name.

    Raises:
        FileNotFoundError: If there is no log.
    """
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(
            f'{work_dir} has no */vis_data/scalars.json: give the --work-dir '
            'of a training'
        )
    values: Dict[str, Dict[int, float]] = {}
    for log in logs:
        # what follows the last line break was cut off by the end of a run
        for line in log.read_text().split('\n')[:-1]:
            entry = json.loads(line)
            # validation logs the epoch as its step
            epoch = entry.get('epoch', entry.get('step'))
            for name, value in entry.items():
                values.setdefault(name, {})[epoch] = value
    return {name: dict(sorted(v.items())) for name, v in values.items()}
