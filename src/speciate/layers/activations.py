"""The activation functions that a layer may use, and the gain that suits each at the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

GAINS = {
    "linear": 1.0,
    "tanh": 5.0 / 3.0,
    "sigmoid": 4.0,  # its slope at 0 is 1/4
    "relu": math.sqrt(2.0),  # He et al. 2015, arXiv:1502.01852, equation 10
    "elu": 1.25,
    "gelu": math.sqrt(2.0),
    "silu": math.sqrt(2.0),
    "mish": math.sqrt(2.0),  # Misra 2019, arXiv:1908.08681; nearly relu, as the two before
    "selu": 1.0,  # Klambauer et al. 2017, arXiv:1706.02515, section 3, "Initialization"
}
"""Standard deviation of a unit's initial weights times the square root of its inputs, by activation."""


def activations() -> dict[str, type[nn.Module]]:
    """The modules of the activation functions, the identity for "linear"."""
    from torch import nn

    return {
        "linear": nn.Identity,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "relu": nn.ReLU,
        "elu": nn.ELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "mish": nn.Mish,
        "selu": nn.SELU,
    }


def activation(name: str) -> nn.Module:
    """A new module of an activation function."""
    return activations()[name]()
