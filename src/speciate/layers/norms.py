"""Normalization: over the batch, or over the units of one example."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from speciate.layers.base import Genes, Shape, Tensors, Unitwise, only

if TYPE_CHECKING:
    from torch import nn

EPSILON = 1e-5
"""What both add to a variance: torch's default."""


class BatchNorm(Unitwise):
    """Every unit or channel with mean 0 and variance 1 over the batch, then scaled and shifted.

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1.
    """

    kind = "batch_norm"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return only(inputs)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A scale and a shift a unit."""
        return 2 * inputs[0][0]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Scale 1, shift 0, statistics of nothing seen yet."""
        from speciate.layers.normalization import batch_norm

        return batch_norm(inputs[0])

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """In evaluation mode, while its statistics are those of nothing seen yet."""
        return True

    def neutral(self, fresh: Tensors) -> Mapping[str, np.ndarray]:
        """A scale that undoes the division by `sqrt(1 + EPSILON)`."""
        return {**fresh, "weight": np.full_like(fresh["weight"], math.sqrt(1 + EPSILON))}

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """It shifts."""
        return False


class LayerNorm(Unitwise):
    """All units of an example with mean 0 and variance 1 together, then each scaled and shifted; one scale a channel.

    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, equation 3; for images group normalization with one group (Wu & He 2018,
    arXiv:1803.08494, section 3.1).
    """

    kind = "layer_norm"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return only(inputs)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A scale and a shift a unit or channel."""
        return 2 * inputs[0][0]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Scale 1, shift 0."""
        from torch import nn

        shape = inputs[0]
        return nn.LayerNorm(shape[0]) if len(shape) == 1 else nn.GroupNorm(1, shape[0])

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """It centers."""
        return False
