"""Several networks as one, in torch; see `speciate.networks.Ensemble`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


# model.py
class Ensemble(nn.Module):
    """The mean of what networks give; a temperature above 1 makes the probabilities less sure.

    Args:
        members: The networks, for the same rows.
        outputs: How many numbers each gives.
        temperature: What outputs are divided by, but for how much class weights raise them.
    """

    raised: Tensor

    def __init__(self, members: Sequence[nn.Module], outputs: int, temperature: float = 1.0) -> None:
        super().__init__()
        self.members, self.temperature = nn.ModuleList(members), temperature
        self.register_buffer("raised", torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(rows, ...) to (rows, outputs)."""
        mean = torch.stack([member(x) for member in self.members]).mean(dim=0)
        return (mean - self.raised) / self.temperature + self.raised
