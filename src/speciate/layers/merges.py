"""Merges: several paths become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.base import Genes, Merge, Shape

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class Add(Merge):
    """The sum of the inputs, each times a learned gain; the narrower ones are filled up with zeros.

    The gain is what lets a new path begin unheard (Bachlechner et al. 2020, "ReZero is All You Need", arXiv:2003.04887,
    equation 1); zeros fill up shortcuts as in He et al. 2015, arXiv:1512.03385, section 3.3, option A.
    """

    kind = "add"

    def width(self, widths: Sequence[int]) -> int:
        """The largest."""
        return max(widths)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A gain an input."""
        return len(inputs)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Gains of 1."""
        from speciate.layers.merging import Sum

        return Sum(len(inputs))


class Concat(Merge):
    """The inputs side by side: all units of the first, then all of the second, and so on."""

    kind = "concat"

    def width(self, widths: Sequence[int]) -> int:
        """The sum."""
        return sum(widths)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Without parameters."""
        from speciate.layers.merging import Join

        return Join()

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """As what comes in."""
        return positive
