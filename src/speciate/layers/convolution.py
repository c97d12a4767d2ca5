"""Convolutions whose weights are handed in."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn


class Conv2d(nn.Conv2d):
    """`torch.nn.Conv2d` that draws no weights: torch's would come from its global generator, to be thrown away at once."""

    def reset_parameters(self) -> None:
        """Nothing: the weights are set by `convolution`."""


def convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int,
    gain: float,
    rng: np.random.Generator,
    groups: int = 1,
) -> Conv2d:
    """A convolution whose weights come from `rng`: normal, variance `gain**2 / inputs of a unit`; zero biases."""
    module = Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups)
    draw = rng.standard_normal(tuple(module.weight.shape), dtype=np.float32)
    fan = inputs // groups * kernel**2
    with torch.no_grad():
        torch.mul(torch.from_numpy(draw), gain / math.sqrt(fan), out=module.weight)
        if module.bias is not None:
            module.bias.zero_()
    return module
