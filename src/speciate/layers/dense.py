"""A fully connected layer: linear map, activation, dropout."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import Genes, Map, Shape, one_of, only, share, whole

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class Dense(Map):
    """`dropout(activation(W x + b))`, with x flattened first if it has more than one axis.

    Genes: `units` (outputs, at least 1), `activation` (a name in `GAINS`), `dropout` (probability, in [0, 1)).
    """

    kind = "dense"
    genes = ("activation", "dropout", "units")

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return [*whole(genes, "units"), *one_of(genes, "activation", tuple(GAINS)), *share(genes, "dropout")]

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(units,)`, whatever the input's shape."""
        only(inputs)
        return (int(genes["units"]),)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (math.prod(inputs[0]) + 1) * int(genes["units"])

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One a weight."""
        return math.prod(inputs[0]) * int(genes["units"])

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / inputs (He et al. 2015, arXiv:1502.01852), zero biases."""
        from torch import nn

        from speciate.layers.dropout import Dropout
        from speciate.layers.linear import linear

        gain = GAINS[genes["activation"]]
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        if len(inputs[0]) > 1:
            parts["flatten"] = nn.Flatten()
        parts["linear"] = linear(math.prod(inputs[0]), int(genes["units"]), gain, rng)
        if genes["activation"] != "linear":
            parts["activation"] = activation(genes["activation"])
        if genes["dropout"] > 0:
            parts["dropout"] = Dropout(float(genes["dropout"]))
        return nn.Sequential(parts)
