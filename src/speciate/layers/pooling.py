"""Pooling: fewer places, from neighborhoods or from the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.base import Genes, Shape, Unitwise, image, one_of, whole

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

MODES = ("max", "mean")


class Pool(Unitwise):
    """The largest or the mean value of each square, squares side by side; what is left over at the edge is not used.

    Genes: `size` (side of the square, at least 2), `mode` ("max" or "mean").
    """

    kind = "pool"
    genes = ("mode", "size")

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return [*whole(genes, "size", 2), *one_of(genes, "mode", MODES)]

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


class GlobalPool(Unitwise):
    """The largest or the mean value of each channel.

    Genes: `mode` ("max" or "mean").
    """

    kind = "global_pool"
    genes = ("mode",)

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return one_of(genes, "mode", MODES)

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels,)`."""
        return image(inputs)[:1]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own, flattened."""
        from torch import nn

        pool = nn.AdaptiveMaxPool2d(1) if genes["mode"] == "max" else nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(pool, nn.Flatten())
