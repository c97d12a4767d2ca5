"""Several networks as one, in torch; see `speciate.networks.Ensemble`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


# model.py
class Ensemble(nn.Module):
    """The mean of what networks say: of probabilities, or of values. A temperature above 1 makes probabilities less sure.

    Args:
        members: The networks, for the same rows.
        outputs: How many classes there are, each with its logit; 1 for a value.
        temperature: What the logarithms of the mean probabilities are divided by, before class weights raise them.
    """

    raised: Tensor

    def __init__(self, members: Sequence[nn.Module], outputs: int, temperature: float = 1.0) -> None:
        super().__init__()
        self.members, self.temperature = nn.ModuleList(members), temperature
        self.register_buffer("raised", torch.zeros(outputs))

    def __repr__(self) -> str:
        return f"the mean of what {len(self.members)} networks say of standardized inputs; members[0] is the first"

    def forward(self, x: Tensor) -> Tensor:
        """(rows, ...) to (rows, outputs)."""
        said = torch.stack([member(x) for member in self.members])
        if len(self.raised) == 1:
            return said.mean(dim=0)
        logs = torch.log_softmax(said - self.raised, dim=2)
        mean = torch.logsumexp(logs, dim=0) - math.log(len(self.members))
        return mean / self.temperature + self.raised
