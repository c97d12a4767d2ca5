"""Convolutions: of all channels together, and of each alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from speciate.layers.activations import GAINS
from speciate.layers.base import (
    NEVER_NEGATIVE,
    Genes,
    Map,
    Shape,
    Tensors,
    Unitwise,
    image,
    layer,
    leaves_alone,
    one_of,
    whole,
)
from speciate.layers.words import joined, square, take

if TYPE_CHECKING:
    from torch import nn

    from speciate.layers.reading import Reader


@layer
class Conv(Map):
    """`activation(W * x + b)` for images, padded with zeros so that a stride of 1 keeps height and width.

    Genes: `channels` (outputs, at least 1), `kernel` (side of the neighborhood, odd), `stride` (at least 1), `activation` (a
    name in `GAINS`).
    """

    kind = "conv"
    genes: ClassVar = {
        "activation": one_of(GAINS),
        "channels": whole(),
        "kernel": whole(odd=True),
        "stride": whole(),
    }
    width_gene = "channels"
    size_genes = frozenset({"kernel"})
    reads = ("Conv2d",)
    part_name = "conv"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels, ceil(height / stride), ceil(width / stride))`."""
        return (int(genes["channels"]), *strided(inputs, genes))

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (image(inputs)[0] * int(genes["kernel"]) ** 2 + 1) * int(genes["channels"])

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One for each weight and place."""
        return math.prod(self.shape(genes, inputs)) * inputs[0][0] * int(genes["kernel"]) ** 2

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / (channels in * kernel**2) (He et al. 2015, arXiv:1502.01852), zero biases."""
        from speciate.layers.modules import convolution

        kernel, stride = int(genes["kernel"]), int(genes["stride"])
        return convolution(inputs[0][0], int(genes["channels"]), kernel, stride, genes["activation"], rng)

    def read(self, reader: Reader, module: Any) -> None:
        """A convolution of one group; one with a group for each channel becomes `Depthwise`."""
        from speciate.layers.reading import UnfitError, array, require, side

        _, height, width = reader.image()
        reader.check(module.in_channels)
        kernel, stride = side(module, "kernel_size"), side(module, "stride")
        if kernel % 2 == 0:
            raise UnfitError(f"its kernel has the even side {kernel}", "use an odd kernel_size")
        require(module, padding_mode="zeros", dilation=(1, 1))
        words: dict[object, object] = {"same": kernel // 2, "valid": 0}
        padding = words.get(module.padding, module.padding)
        if padding not in (kernel // 2, (kernel // 2, kernel // 2)):
            raise UnfitError(
                f"its padding is {module.padding}", f"use padding={kernel // 2}, half the kernel"
            )
        channels = int(module.out_channels)
        genes = {"kernel": kernel, "stride": stride, "activation": "linear"}
        if module.groups != 1 and not module.groups == module.in_channels == channels:
            raise UnfitError(
                f"it has {module.groups} groups", "use one group, or one for each channel and as many outputs"
            )
        tensors = {"weight": array(module.weight, 0, 0), "bias": array(module.bias, 0, channels)}
        shape = (channels, -(-height // stride), -(-width // stride))
        if module.groups == 1:
            reader.add(self.kind, {**genes, "channels": channels}, tensors, shape)
        else:
            reader.add(Depthwise.kind, genes, tensors, shape)

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """Besides, it must not skip places."""
        return genes["stride"] == 1 and super().can_be_identity(genes, positive)

    def resized(self, weight: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The kernel with zeros around it, or its middle."""
        return centered(weight, like.shape[-1])

    def identity(self, count: int, like: np.ndarray) -> np.ndarray:
        """Each channel as it is: a one in the middle of its own kernel."""
        return centered(np.eye(count)[:, :, None, None], like.shape[-1])

    def words(self, genes: dict[str, str]) -> str:
        """Such as `32 channels 3×3 relu`."""
        channels = take(genes, "channels")
        many = "" if not channels else f"{channels} channel" if channels == "1" else f"{channels} channels"
        return joined(many or "conv", square(take(genes, "kernel")), take(genes, "activation"))

    def line(self, genes: Genes) -> str:
        """Such as `conv 32 3×3 /2 relu`."""
        return joined("conv", genes.get("channels"), *_filter(genes))


@layer
class Depthwise(Unitwise):
    """`activation(w * x + b)` with one kernel for each channel, padded with zeros.

    Genes: `kernel` (side of the neighborhood, odd), `stride` (at least 1), `activation` (a name in `GAINS`).
    """

    kind = "depthwise"
    genes: ClassVar = {"activation": one_of(GAINS), "kernel": whole(odd=True), "stride": whole()}
    part_name = "conv"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels, ceil(height / stride), ceil(width / stride))`."""
        return (image(inputs)[0], *strided(inputs, genes))

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (int(genes["kernel"]) ** 2 + 1) * image(inputs)[0]

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One for each weight and place."""
        return math.prod(self.shape(genes, inputs)) * int(genes["kernel"]) ** 2

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / kernel**2, zero biases."""
        from speciate.layers.modules import convolution

        channels, kernel, stride = inputs[0][0], int(genes["kernel"]), int(genes["stride"])
        return convolution(channels, channels, kernel, stride, genes["activation"], rng, groups=channels)

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """If it skips no places and its activation leaves alone what it is given."""
        return leaves_alone(genes["activation"], positive) and genes["stride"] == 1

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

    def words(self, genes: dict[str, str]) -> str:
        """Such as `depthwise 3×3 relu`."""
        return joined("depthwise", square(take(genes, "kernel")), take(genes, "activation"))

    def line(self, genes: Genes) -> str:
        """Such as `depthwise 3×3 /2 relu`."""
        return joined("depthwise", *_filter(genes))


def _filter(genes: Genes) -> tuple[object, ...]:
    stride = genes.get("stride", 1)
    return square(str(genes.get("kernel"))), "" if stride == 1 else f"/{stride}", genes.get("activation")


def strided(inputs: Sequence[Shape], genes: Genes) -> tuple[int, int]:
    """Height and width after a padded layer with a stride.

    Raises:
        ValueError: What comes in is not one image.
    """
    _, height, width = image(inputs)
    stride = int(genes["stride"])
    return -(-height // stride), -(-width // stride)


def centered(weight: np.ndarray, kernel: int) -> np.ndarray:
    """Kernels (..., k, k) as (..., kernel, kernel): with zeros around them, or the middle of them; both sides are odd."""
    more = (kernel - weight.shape[-1]) // 2
    if more >= 0:
        return np.pad(weight, [(0, 0)] * (weight.ndim - 2) + [(more, more)] * 2)
    return weight[..., -more:more, -more:more]
