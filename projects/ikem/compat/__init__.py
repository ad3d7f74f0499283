"""What the pinned stack (mmengine 0.10.7, mmaction2 1.2.0) gets wrong, alone
or beside what else an environment holds.

``mend()`` runs when ``projects.ikem`` is imported. Each mend says what it
mends, looks first whether that is broken here, and can be deleted when the
versions we support no longer need it.
"""

from .checkpoints import mend_local_checkpoints
from .compiler import mend_compile, require_compiler
from .configs import mend_own_configs
from .packages import mend_installed_packages
from .processes import mend_cpu_processes
from .removed import mend_collect_env, mend_find_loader
from .toolboxes import (
    mend_missing_drn,
    mend_multimodal_models,
    require_toolboxes,
)

__all__ = ['mend', 'require_compiler']


def mend() -> None:
    """Apply all mends; those that find upstream whole do nothing.

    Raises:
        ImportError: If torch, mmengine, mmcv or mmaction2 is not installed.
    """
    require_toolboxes()
    mend_missing_drn()
    mend_multimodal_models()
    mend_find_loader()
    mend_collect_env()
    mend_installed_packages()
    mend_cpu_processes()
    mend_local_checkpoints()
    mend_compile()
    mend_own_configs()
