"""Linear maps whose weights are handed in."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn


class Linear(nn.Linear):
    """`torch.nn.Linear` that draws no weights: torch's would come from its global generator, to be thrown away at once."""

    def reset_parameters(self) -> None:
        """Nothing: the weights are set by `linear`."""


def linear(inputs: int, outputs: int, gain: float, rng: np.random.Generator) -> Linear:
    """A linear map whose initial weights come from `rng`: normal, variance `gain**2 / inputs`; zero biases."""
    module = Linear(inputs, outputs)
    draw = rng.standard_normal((outputs, inputs), dtype=np.float32)
    with torch.no_grad():
        torch.mul(torch.from_numpy(draw), gain / math.sqrt(inputs), out=module.weight)
        module.bias.zero_()
    return module
