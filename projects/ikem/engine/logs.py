"""What trainings logged."""

import json
from pathlib import Path
from typing import Dict


def read_logs(work_dir: Path) -> Dict[str, Dict[int, float]]:
    """Numbers that mmengine's local backend wrote, by name and epoch.

    Of an epoch with several entries, as of a training that was resumed, the
    last one counts.

    Args:
        work_dir (Path): Folder of a training.

    Returns:
        dict[str, dict[int, float]]: Values by epoch, in order, by name.

    Raises:
        FileNotFoundError: If there is no log.
        ValueError: If a log is damaged; names the line.
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
        for number, line in enumerate(log.read_bytes().split(b'\n')[:-1], 1):
            try:
                entry = json.loads(line)
                # validation logs the epoch as its step
                epoch = int(entry.get('epoch', entry.get('step')))
            except Exception as error:  # whatever the line holds
                raise ValueError(
                    f'{log}:{number} is no entry of a log: {error}'
                ) from error
            for name, value in entry.items():
                if isinstance(value, (int, float)):
                    values.setdefault(name, {})[epoch] = value
    return {name: dict(sorted(v.items())) for name, v in values.items()}
