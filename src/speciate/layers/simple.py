"""Layers without weights that change one thing: dropout, an activation, the shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import NEVER_NEGATIVE, Genes, Shape, Unitwise, one_of, only, share

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class DropoutLayer(Unitwise):
    """Each value is zero with a probability, in training only.

    Genes: `dropout` (probability, in [0, 1)).
    """

    kind = "dropout"
    genes = ("dropout",)

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return share(genes, "dropout")

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return only(inputs)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """With masks from the training's own stream."""
        from speciate.layers.dropout import Dropout

        return Dropout(float(genes["dropout"]))

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """In evaluation mode it always is."""
        return True


class Activation(Unitwise):
    """A function of every value.

    Genes: `activation` (a name in `GAINS`).
    """

    kind = "activation"
    genes = ("activation",)

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return one_of(genes, "activation", tuple(GAINS))

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return only(inputs)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own."""
        return activation(genes["activation"])

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """The linear one, and relu where nothing negative comes in."""
        return genes["activation"] == "linear" or (genes["activation"] == "relu" and positive)

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Behind relu and sigmoid, and behind the linear one if nothing negative comes in."""
        return genes["activation"] in NEVER_NEGATIVE or (genes["activation"] == "linear" and positive)


class Flatten(Unitwise):
    """All values in one row."""

    kind = "flatten"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(values,)`."""
        return (math.prod(only(inputs)),)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """The one of torch."""
        from torch import nn

        return nn.Flatten()

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """The values stay what they are; only what follows sees another shape."""
        return True
