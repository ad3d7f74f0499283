import torch
from mmaction.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class GeooptSGD(torch.optim.SGD):
    """SGD with momentum whose first step is longer, as geoopt's RiemannianSGD
    takes it.

    The momentum buffer begins as the first gradient, without weight decay: of
    a momentum of 0.9 the first step is 1.9 times as long. HYSP's release
    trains with it, parameters that are all Euclidean.
    """

    @torch.no_grad()
    def step(self, closure=None):
        """Perform a step."""
        for group in self.param_groups:
            for p in group['params']:
                if (
                    p.grad is not None
                    and 'momentum_buffer' not in self.state[p]
                ):
                    self.state[p]['momentum_buffer'] = p.grad.clone()
        return super().step(closure)
