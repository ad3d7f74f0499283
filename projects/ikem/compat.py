"""What the pinned stack (mmengine 0.10.7, mmaction2 1.2.0) gets wrong.

``mend()`` runs when ``projects.ikem`` is imported. Each mend says what it
mends, looks first whether that is broken here, and can be deleted when the
versions we support no longer need it.
"""

import atexit
import functools
import gc
import importlib.metadata
import importlib.util
import inspect
import os.path as osp
import sys
import types
import warnings
from unittest import mock


def mend() -> None:
    """Apply all mends; those that find upstream whole do nothing.

    Raises:
        ImportError: If no mmcv is installed.
    """
    require_mmcv()
    mend_missing_drn()
    mend_installed_packages()
    mend_cpu_processes()
    mend_local_checkpoints()
    mend_compile()
    mend_own_configs()


def require_mmcv() -> None:
    """Say what to install: mmcv and mmcv-lite provide the same module, so
    neither can be a hard requirement."""
    if importlib.util.find_spec('mmcv') is None:
        raise ImportError(
            'mmcv is not installed: run `pip install '
            '"mmcv-lite>=2.0.0,<2.2.0"` (enough for skeletons), or install '
            'the full mmcv if you need its ops'
        )
    # mmcv-lite recommends the full mmcv, for a module that nothing here uses
    warnings.filterwarnings(
        'ignore', message='Fail to import ``MultiScaleDeformableAttention``'
    )


def mend_missing_drn() -> None:
    """The wheel of mmaction2 1.2.0 lacks ``mmaction.models.localizers.drn``,
    so that ``import mmaction.models`` fails.

    Upstream: open-mmlab/mmaction2#2714. Delete when a release has it.
    """
    package = osp.dirname(importlib.util.find_spec('mmaction').origin)
    if osp.isdir(osp.join(package, 'models', 'localizers', 'drn')):
        return

    class DRN:
        """Stand-in for the localizer that this mmaction2 came without."""

        def __init__(self, *args, **kwargs) -> None:
            raise ImportError(
                'DRN is missing in this installation of mmaction2 '
                '(open-mmlab/mmaction2#2714): install mmaction2 from source'
            )

    name = 'mmaction.models.localizers.drn'
    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    package.drn, module.DRN = module, DRN
    sys.modules.setdefault(package.__name__, package)
    sys.modules.setdefault(module.__name__, module)


def mend_installed_packages() -> None:
    """mmengine looks packages up with ``pkg_resources``, which setuptools
    >= 82 no longer has, so that ``mmaction::`` bases of configs fail.

    Delete when mmengine uses importlib.metadata.
    """
    import mmengine.config.config as config
    import mmengine.hub.hub as hub
    import mmengine.utils as utils
    import mmengine.utils.package_utils as package_utils

    uses_it = 'pkg_resources' in package_utils.is_installed.__code__.co_names
    if not uses_it or importlib.util.find_spec('pkg_resources') is not None:
        return
    for module in (package_utils, utils, config, hub):
        for mended in (is_installed, get_installed_path):
            if hasattr(module, mended.__name__):
                setattr(module, mended.__name__, mended)


def _module_of(package: str) -> str:
    """Top-level module of an installed distribution, else the same name."""
    try:
        text = importlib.metadata.distribution(package).read_text(
            'top_level.txt'
        )
    except importlib.metadata.PackageNotFoundError:
        text = None
    return text.split()[0] if text else package


def is_installed(package: str) -> bool:
    """Whether a distribution or module is installed.

    Args:
        package (str): Name of the distribution or module.
    """
    spec = importlib.util.find_spec(_module_of(package))
    return spec is not None and spec.origin is not None


def get_installed_path(package: str) -> str:
    """Folder of an installed package.

    Args:
        package (str): Name of the distribution or module.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    if not is_installed(package):
        raise ModuleNotFoundError(f'{package} is not installed')
    return osp.dirname(importlib.util.find_spec(_module_of(package)).origin)


def mend_cpu_processes() -> None:
    """mmengine's launchers call ``torch.cuda.set_device``, ask for NCCL and
    hand ``device_ids`` to DDP, so that several processes need GPUs.

    Upstream: open-mmlab/mmengine#1245 (CPU launch). With CUDA at hand
    upstream's code runs as it is.
    """
    import mmengine.dist.utils as dist
    import torch
    from mmengine.model import MMDistributedDataParallel

    if getattr(dist, '_ikem_mended', False) or torch.cuda.is_available():
        return

    def with_gloo(init):

        @functools.wraps(init)
        def init_on_cpu(backend, **kwargs):
            # gloo's threads abort a process that ends while they run
            atexit.register(_destroy_process_group)
            with mock.patch.object(torch.cuda, 'set_device'):
                return init('gloo', **kwargs)

        return init_on_cpu

    dist._init_dist_pytorch = with_gloo(dist._init_dist_pytorch)
    dist._init_dist_slurm = with_gloo(dist._init_dist_slurm)
    dist._ikem_mended = True

    init = MMDistributedDataParallel.__init__

    @functools.wraps(init)
    def init_without_devices(self, module, *args, device_ids=None, **kwargs):
        on_cpu = all(p.device.type == 'cpu' for p in module.parameters())
        init(
            self,
            module,
            *args,
            device_ids=None if on_cpu else device_ids,
            **kwargs,
        )

    MMDistributedDataParallel.__init__ = init_without_devices


def _destroy_process_group() -> None:
    from torch import distributed

    if distributed.is_initialized():
        gc.collect()  # what still holds the group, such as a DDP model
        distributed.destroy_process_group()


def mend_local_checkpoints() -> None:
    """mmengine 0.10.7 calls ``torch.load`` without ``weights_only``: torch >=
    2.6 then refuses mmengine's own checkpoints, older ones execute whatever a
    file holds. What it downloads is executed on all of them. Ours admits what
    mmengine writes and nothing else.

    Upstream: open-mmlab/mmengine#1606. Keep the restriction in any case.
    """
    from mmengine.runner import CheckpointLoader, checkpoint

    from projects.ikem.checkpoint import load_from_local, load_url

    CheckpointLoader.register_scheme('', load_from_local, force=True)
    checkpoint.load_url = load_url  # of all that mmengine downloads


def mend_compile() -> None:
    """mmengine compiles ``train_step`` as one: its context managers, data
    samples and optimiser break the graph in dozens of places, some of them
    compiled again for each batch. Models with a ``compile`` of their own say
    what is worth it.

    Delete when mmengine calls ``model.compile``.
    """
    from mmengine.runner import Runner
    from torch import nn

    compile_target = Runner._maybe_compile

    @functools.wraps(compile_target)
    def maybe_compile(self, target: str) -> None:
        from projects.ikem.engine.unwrap import unwrap  # mends come first

        options, model = self.cfg.get('compile'), unwrap(self.model)
        theirs = type(model).compile is nn.Module.compile
        if theirs or options is None or options is False:
            return compile_target(self, target)
        options = {} if options is True else options
        require_compiler(options)
        model.compile(**options)
        self.logger.info('compiling the backbones: the first steps take long')

    Runner._maybe_compile = maybe_compile


def require_compiler(options: dict) -> None:
    """Say in a line what torch says in hundreds if it cannot compile.

    Args:
        options (dict): Arguments of ``torch.compile``.

    Raises:
        ValueError: If they are none.
        RuntimeError: If a function of one line cannot be compiled.
    """
    import torch
    from mmengine.device import get_device

    known = list(inspect.signature(torch.compile).parameters)[1:]
    if not isinstance(options, dict) or not set(options) <= set(known):
        raise ValueError(
            f'compile is True, False or a dict with some of {known}, got '
            f'{options!r}'
        )
    backend = options.get('backend', 'inductor')
    backends = torch.compiler.list_backends(exclude_tags=())
    if isinstance(backend, str) and backend not in backends:
        raise ValueError(
            f'compile.backend is one of {backends}, got {backend!r}'
        )
    try:
        torch.compile(torch.neg, **options)(torch.ones(1, device=get_device()))
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise RuntimeError(
            f'compile={options or True} does not work here ({reason}): '
            'install a C++ compiler such as g++, or leave compile out'
        ) from None


def mend_own_configs() -> None:
    """mmengine has a fixed table of packages whose configs can be bases; and
    of such a base it takes the package for the scope of registries, which
    ours is not.
    """
    from mmengine.config import Config
    from mmengine.config.utils import MODULE2PACKAGE

    from ikem_cli.places import SCOPE, find_config

    if 'ikem' in MODULE2PACKAGE:
        return
    MODULE2PACKAGE['ikem'] = 'ikem'  # for mmengine.hub.get_config
    get_cfg_path = Config._get_cfg_path

    @functools.wraps(get_cfg_path)
    def get_path_of_ours(cfg_path: str, filename: str):
        if not cfg_path.startswith(SCOPE):
            return get_cfg_path(cfg_path, filename)
        found = find_config(cfg_path)
        if found == cfg_path:
            raise FileNotFoundError(
                f'{cfg_path} is no config of ikem: `ikem configs` lists them'
            )
        return found, None

    Config._get_cfg_path = staticmethod(get_path_of_ours)
