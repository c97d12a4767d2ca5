"""The modules of merges."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Sum(nn.Module):
    """`gain[0] * first + gain[1] * second + ...`, channels that an input lacks being zero.

    Args:
        inputs: How many.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(inputs))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each (batch, channels, ...), to (batch, most channels, ...)."""
        width = max(x.shape[1] for x in inputs)
        total: Tensor | None = None
        for gain, x in zip(self.gain, inputs, strict=True):
            if x.shape[1] < width:
                x = functional.pad(x, [0, 0] * (x.ndim - 2) + [0, width - x.shape[1]])
            total = gain * x if total is None else total + gain * x
        assert total is not None
        return total

    def extra_repr(self) -> str:
        """How many inputs."""
        return f"inputs={len(self.gain)}"


class Join(nn.Module):
    """All channels of the first input, then those of the second, and so on."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each (batch, channels, ...), to (batch, all channels, ...)."""
        return torch.cat(inputs, dim=1)
