"""Pooling: fewer places, from neighborhoods or from the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.layers.base import Genes, Shape, Unitwise, image, layer, one_of, whole
from speciate.layers.words import joined, square, take

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader

MODES = ("max", "mean")


@layer
class Pool(Unitwise):
    """The largest or the mean value of each square, squares side by side; what is left over at the edge is not used.

    Genes: `size` (side of the square, at least 2), `mode`.
    """

    kind = "pool"
    weightless = True
    part_name = "pool"
    genes: ClassVar = {"mode": one_of(MODES), "size": whole(2)}
    reads = ("MaxPool2d", "AvgPool2d")

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels, height // size, width // size)`."""
        channels, height, width = image(inputs)
        size = int(genes["size"])
        if min(height, width) < size:
            raise ValueError(f"squares of {size} x {size} do not fit into {height} x {width} places")
        return (channels, height // size, width // size)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own."""
        from torch import nn

        size = int(genes["size"])
        return nn.MaxPool2d(size) if genes["mode"] == "max" else nn.AvgPool2d(size)

    def read(self, reader: Reader, module: Any) -> None:
        """A pool of squares side by side."""
        from speciate.layers.reading import UnfitError, require, side

        channels, height, width = reader.image()
        mode = mode_of(module)
        size, stride = side(module, "kernel_size"), side(module, "stride")
        if size != stride:
            raise UnfitError(f"its squares of {size} are {stride} apart", f"use stride={size}")
        if side(module, "padding"):
            raise UnfitError("it pads the image", "use padding=0")
        require(module, ceil_mode=False)
        if mode == "max":
            require(module, dilation=1, return_indices=False)
        else:
            require(module, divisor_override=None)
        if min(height, width) < size:
            raise UnfitError(f"squares of {size} do not fit into {height} x {width} places", "")
        if size > 1:
            reader.add(self.kind, {"size": size, "mode": mode}, {}, (channels, height // size, width // size))

    def words(self, genes: dict[str, str]) -> str:
        """Such as `max pool 2×2`."""
        return joined(take(genes, "mode"), "pool", square(take(genes, "size")))

    def line(self, genes: Genes) -> str:
        """Such as `max pool 2`."""
        return joined(genes.get("mode"), "pool", genes.get("size"))


@layer
class GlobalPool(Unitwise):
    """The largest or the mean value of each channel.

    Genes: `mode`.
    """

    kind = "global_pool"
    weightless = True
    part_name = "pool"
    genes: ClassVar = {"mode": one_of(MODES)}
    reads = ("AdaptiveMaxPool2d", "AdaptiveAvgPool2d")

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels,)`."""
        return image(inputs)[:1]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own, flattened."""
        from torch import nn

        pool = nn.AdaptiveMaxPool2d(1) if genes["mode"] == "max" else nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(pool, nn.Flatten())

    def read(self, reader: Reader, module: Any) -> None:
        """An adaptive pool to one place."""
        from speciate.layers.reading import UnfitError

        channels, _, _ = reader.image()
        size = module.output_size
        if size not in (1, (1, 1)) or getattr(module, "return_indices", False):
            raise UnfitError(f"its output has {size} places", "use an output_size of 1")
        reader.add(self.kind, {"mode": mode_of(module)}, {}, (channels,))
        reader.pooled = True

    def words(self, genes: dict[str, str]) -> str:
        """Such as `global mean pool`."""
        return joined("global", take(genes, "mode"), "pool")

    def line(self, genes: Genes) -> str:
        """Such as `global mean pool`."""
        return joined("global", genes.get("mode"), "pool")


def mode_of(module: nn.Module) -> str:
    """The mode of a pool of torch, from the name of its class."""
    return "max" if "Max" in type(module).__name__ else "mean"
