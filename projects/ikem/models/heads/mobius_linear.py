import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..losses.hyperbolic import artanh, clip, exp0, mobius_add, norm


@MODELS.register_module()
class MobiusLinear(nn.Module):
    """Linear classifier in the Poincare ball, as HYSP evaluates by.

    Of ``x = exp0(f)`` the logits are ``clip(tanh(|W x| / |x| artanh(|x|)) W x
    / |W x| (+) b)``, a point of the ball of ``out_features`` dimensions, which
    goes into the cross-entropy as it is: with 60 classes the loss lies
    between 3.11 and chance, 4.09. It takes a learning rate of 10. Computed in
    float64.

    Args:
        in_features (int): Channels of a feature.
        out_features (int): Classes K.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """``W ~ N(0, 1 / (100 sqrt(2 K D)))``, ``b = exp0(N(0, 1) / 400)``."""
        std = (2 * self.weight.numel()) ** -0.5 / 100
        self.weight.normal_(std=std)
        self.bias.copy_(exp0(torch.randn_like(self.bias) / 400))

    init_weights = reset_parameters

    def forward(self, f: Tensor) -> Tensor:
        """Logits of features (N, D), of shape (N, K)."""
        x = exp0(f)
        y = x @ self.weight.to(x).T
        # |W x| / |x| times the hyperbolic length of x
        length = norm(y) / norm(x) * artanh(norm(x))
        product = length.clamp(max=15).tanh() * y / norm(y)
        return clip(mobius_add(product, self.bias.to(x)))
