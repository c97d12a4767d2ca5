"""Pooling: fewer places, from neighborhoods or from the whole image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.layers.base import (
    Genes,
    Shape,
    Unitwise,
    image,
    joined,
    layer,
    one_of,
    square,
    take,
    whole,
)

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader

MODES = ("max", "mean")


class Pooling(Unitwise):
    """A layer without weights that has a gene `mode` ("max" or "mean")."""

    part_name = "pool"

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None."""
        return 0

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None."""
        return 0


@layer
class Pool(Pooling):
    """The largest or the mean value of each square, squares side by side; what is left over at the edge is not used.

    Genes: `size` (side of the square, at least 2), `mode`.
    """

    kind = "pool"
    genes: ClassVar = {"mode": one_of(MODES), "size": whole(2)}

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

    def reads(self) -> Mapping[type[nn.Module], Callable[[Reader, Any], None]]:
        """Pools of squares side by side."""
        from torch import nn

        return {nn.MaxPool2d: partial(_read, mode="max"), nn.AvgPool2d: partial(_read, mode="mean")}

    def words(self, genes: dict[str, str]) -> str:
        """Such as `max pool 2×2`."""
        return joined(take(genes, "mode"), "pool", square(take(genes, "size")))

    def line(self, genes: Genes) -> str:
        """Such as `max pool 2`."""
        return joined(genes.get("mode"), "pool", genes.get("size"))


@layer
class GlobalPool(Pooling):
    """The largest or the mean value of each channel.

    Genes: `mode`.
    """

    kind = "global_pool"
    genes: ClassVar = {"mode": one_of(MODES)}

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(channels,)`."""
        return image(inputs)[:1]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own, flattened."""
        from torch import nn

        pool = nn.AdaptiveMaxPool2d(1) if genes["mode"] == "max" else nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(pool, nn.Flatten())

    def reads(self) -> Mapping[type[nn.Module], Callable[[Reader, Any], None]]:
        """Adaptive pools to one place."""
        from torch import nn

        return {
            nn.AdaptiveMaxPool2d: partial(_read_global, mode="max"),
            nn.AdaptiveAvgPool2d: partial(_read_global, mode="mean"),
        }

    def words(self, genes: dict[str, str]) -> str:
        """Such as `global mean pool`."""
        return joined("global", take(genes, "mode"), "pool")

    def line(self, genes: Genes) -> str:
        """Such as `global mean pool`."""
        return joined("global", genes.get("mode"), "pool")


def _read(reader: Reader, module: nn.Module, mode: str) -> None:
    from speciate.layers.reading import UnfitError, require, side

    channels, height, width = reader.image()
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
        reader.add(Pool.kind, {"size": size, "mode": mode}, {}, (channels, height // size, width // size))


def _read_global(reader: Reader, module: nn.Module, mode: str) -> None:
    from speciate.layers.reading import UnfitError

    channels, _, _ = reader.image()
    size = module.output_size
    if size not in (1, (1, 1)) or getattr(module, "return_indices", False):
        raise UnfitError(f"its output has {size} places", "use an output_size of 1")
    reader.add(GlobalPool.kind, {"mode": mode}, {}, (channels,))
    reader.pooled = True
