"""From standardized numbers to what they are in bins, in torch; see `speciate.data.encoding`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


# model.py
def in_bins(inputs: Tensor, edges: Sequence[Sequence[float]]) -> Tensor:
    """Inputs (rows, inputs), each in as many bins as it has edges but one, or as it is without edges, to (rows, more)."""
    columns = []
    for column, ends in zip(inputs.T, edges, strict=True):
        if not ends:
            columns.append(column[:, None])
            continue
        at = torch.tensor(ends)
        low, high = torch.zeros(len(at) - 1), torch.ones(len(at) - 1)
        low[0], high[-1] = -1.0, 2.0
        slopes = (1 / at.double().diff()).clamp(max=1e30).float()
        columns.append(((column[:, None] - at[:-1]) * slopes).clamp(low, high))
    return torch.cat(columns, dim=1).contiguous()
