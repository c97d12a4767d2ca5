"""From images, or plain rows of values, to the inputs of a network, in torch; see `speciate.data.image`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


# model.py
def image_inputs(
    rows: Any, shape: Sequence[int], divide: float, mean: Sequence[float], scale: Sequence[float]
) -> Tensor:
    """Rows to (rows, *shape) float32.

    Args:
        rows: Numbers (rows, ...), as a tensor or nested lists: images with the channels first, last or absent, or flat.
        shape: (channels, height, width) or (values,).
        divide: What raw values are divided by.
        mean: For each channel.
        scale: For each channel.

    Raises:
        ValueError: The rows do not have this shape.
    """
    shape = tuple(shape)
    try:
        x = torch.as_tensor(rows, dtype=torch.float64)
    except (TypeError, RuntimeError, ValueError) as error:
        raise ValueError(f"the rows are not numbers of one shape: {error}") from None
    if len(x) == 0:
        return torch.zeros(0, *shape)
    row = tuple(x.shape[1:])
    flat = len(row) == 1 or len(shape) == 1 or (1, *row) == shape
    if len(row) == 3 and row != shape and (row[2], *row[:2]) == shape:
        x = x.movedim(3, 1)
    elif row != shape and not (flat and math.prod(row) == math.prod(shape)):
        raise ValueError(f"a row of shape {row} does not fit a network for rows of shape {shape}")
    each = (-1,) + (1,) * (len(shape) - 1)
    center, spread = (torch.tensor(values, dtype=torch.float64).reshape(each) for values in (mean, scale))
    x = (x.reshape(len(x), *shape) / divide - center) / spread
    return x.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).clamp(-1e6, 1e6).float().contiguous()
