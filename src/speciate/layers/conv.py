"""A convolution: linear map of every neighborhood, activation."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import Genes, Map, Shape, image, one_of, whole

if TYPE_CHECKING:
    from torch import nn


class Conv(Map):
    """`activation(W * x + b)` for images, padded with zeros so that a stride of 1 keeps height and width.

    Genes: `channels` (outputs, at least 1), `kernel` (side of the neighborhood, odd), `stride` (at least 1), `activation` (a
    name in `GAINS`).
    """

    kind = "conv"
    genes = ("activation", "channels", "kernel", "stride")

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        numbers = [*whole(genes, "channels"), *whole(genes, "kernel", odd=True), *whole(genes, "stride")]
        return [*numbers, *one_of(genes, "activation", tuple(GAINS))]

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels, ceil(height / stride), ceil(width / stride))`."""
        _, height, width = image(inputs)
        return (int(genes["channels"]), *strided(height, width, int(genes["stride"])))

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (image(inputs)[0] * int(genes["kernel"]) ** 2 + 1) * int(genes["channels"])

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One a weight and place."""
        places = math.prod(self.shape(genes, inputs))
        return places * inputs[0][0] * int(genes["kernel"]) ** 2

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / (channels in * kernel**2) (He et al. 2015, arXiv:1502.01852), zero biases."""
        from torch import nn

        from speciate.layers.convolution import convolution

        parts: OrderedDict[str, nn.Module] = OrderedDict()
        name, kernel, stride = genes["activation"], int(genes["kernel"]), int(genes["stride"])
        parts["conv"] = convolution(inputs[0][0], int(genes["channels"]), kernel, stride, GAINS[name], rng)
        if name != "linear":
            parts["activation"] = activation(name)
        return nn.Sequential(parts)

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """Besides, it must not skip places."""
        return genes["stride"] == 1 and super().can_be_identity(genes, positive)

    def resized(self, weight: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The kernel with zeros around it, or its middle."""
        return centered(weight, like.shape[-1])

    def identity(self, count: int, like: np.ndarray) -> np.ndarray:
        """Each channel as it is: a one in the middle of its own kernel."""
        return centered(np.eye(count)[:, :, None, None], like.shape[-1])


def strided(height: int, width: int, stride: int) -> tuple[int, int]:
    """Height and width after a padded layer of a stride."""
    return -(-height // stride), -(-width // stride)


def centered(weight: np.ndarray, kernel: int) -> np.ndarray:
    """Kernels (..., k, k) as (..., kernel, kernel): with zeros around them, or the middle of them; both sides are odd."""
    more = (kernel - weight.shape[-1]) // 2
    if more >= 0:
        return np.pad(weight, [(0, 0)] * (weight.ndim - 2) + [(more, more)] * 2)
    return weight[..., -more:more, -more:more]
