"""Several processes without GPUs."""

import atexit
import functools
import gc
from unittest import mock


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
