"""A depthwise convolution: every channel is filtered alone."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import NEVER_NEGATIVE, Genes, Shape, Tensors, Unitwise, image, one_of, whole
from speciate.layers.conv import centered, strided

if TYPE_CHECKING:
    from torch import nn


class Depthwise(Unitwise):
    """`activation(w * x + b)` with one kernel a channel, padded with zeros.

    Genes: `kernel` (side of the neighborhood, odd), `stride` (at least 1), `activation` (a name in `GAINS`).
    """

    kind = "depthwise"
    genes = ("activation", "kernel", "stride")

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        numbers = [*whole(genes, "kernel", odd=True), *whole(genes, "stride")]
        return [*numbers, *one_of(genes, "activation", tuple(GAINS))]

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels, ceil(height / stride), ceil(width / stride))`."""
        channels, height, width = image(inputs)
        return (channels, *strided(height, width, int(genes["stride"])))

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (int(genes["kernel"]) ** 2 + 1) * image(inputs)[0]

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One a weight and place."""
        return math.prod(self.shape(genes, inputs)) * int(genes["kernel"]) ** 2

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / kernel**2, zero biases."""
        from torch import nn

        from speciate.layers.convolution import convolution

        parts: OrderedDict[str, nn.Module] = OrderedDict()
        channels, name = inputs[0][0], genes["activation"]
        kernel, stride = int(genes["kernel"]), int(genes["stride"])
        parts["conv"] = convolution(channels, channels, kernel, stride, GAINS[name], rng, groups=channels)
        if name != "linear":
            parts["activation"] = activation(name)
        return nn.Sequential(parts)

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """If it skips no places and its activation leaves alone what it is given."""
        suits = genes["activation"] == "linear" or (genes["activation"] == "relu" and positive)
        return suits and genes["stride"] == 1

    def neutral(self, fresh: Tensors) -> Mapping[str, np.ndarray]:
        """A one in the middle of each kernel."""
        weight = centered(np.ones((len(fresh["weight"]), 1, 1, 1)), fresh["weight"].shape[-1])
        return {"weight": weight, "bias": np.zeros_like(fresh["bias"])}

    def resized(self, name: str, tensor: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The kernel with zeros around it, or its middle."""
        return centered(tensor, like.shape[-1]) if tensor.ndim == 4 else tensor

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Behind relu and sigmoid."""
        return genes["activation"] in NEVER_NEGATIVE
