"""Batch normalization that also takes a batch of one example."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class BatchNorm1d(nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d`, but a batch of one is normalized as in evaluation mode instead of being refused.

    The last step of a training may have one example left.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, units) to the same shape."""
        return super().forward(x) if not self.training or len(x) > 1 else _evaluated(self, x)


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`, with the same exception for one example of one place."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same shape."""
        several = x.numel() > x.shape[1]
        return super().forward(x) if not self.training or several else _evaluated(self, x)


def _evaluated(module: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    statistics = module.running_mean, module.running_var
    return functional.batch_norm(x, *statistics, module.weight, module.bias, eps=module.eps)


def batch_norm(shape: tuple[int, ...]) -> nn.Module:
    """For examples of a shape: (units,) or (channels, height, width)."""
    return BatchNorm1d(shape[0]) if len(shape) == 1 else BatchNorm2d(shape[0])
