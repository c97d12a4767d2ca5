"""From standardized numbers to what they are in bins, in torch; see `speciate.data.encoding`."""

from __future__ import annotations

import torch
from torch import Tensor, nn


# model.py
class Bins(nn.Module):
    """Each number spread over bins: (rows, numbers) to (rows, width).

    Output i is (number - low[i]) * slope[i], between least[i] and most[i]; source[i] says which number.

    Args:
        width: How many numbers come out.
    """

    source: Tensor
    low: Tensor
    slope: Tensor
    least: Tensor
    most: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("source", torch.zeros(width, dtype=torch.int64))
        for name in ("low", "slope", "least", "most"):
            self.register_buffer(name, torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """(rows, numbers) to (rows, width)."""
        spread = (x.index_select(1, self.source) - self.low) * self.slope
        return torch.minimum(torch.maximum(spread, self.least), self.most)
