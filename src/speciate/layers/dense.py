"""A fully connected layer: linear map, activation, dropout."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import Genes, LayerType, Shape

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class Dense(LayerType):
    """`dropout(activation(W x + b))`, with x flattened first if it has more than one axis.

    Genes: `units` (outputs, at least 1), `activation` (a name in `GAINS`), `dropout` (probability, in [0, 1)).
    """

    kind = "dense"
    genes = ("activation", "dropout", "units")

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        found = []
        units, dropout = genes["units"], genes["dropout"]
        if type(units) is not int or units < 1:
            found.append(f"units must be an integer of at least 1, got {units!r}")
        if genes["activation"] not in GAINS:
            found.append(f"activation must be one of {', '.join(GAINS)}, got {genes['activation']!r}")
        if type(dropout) not in (int, float) or not 0 <= dropout < 1:
            found.append(f"dropout must be a number in [0, 1), got {dropout!r}")
        return found

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(units,)`, whatever the input's shape."""
        if len(inputs) != 1:
            raise ValueError(f"a dense layer takes one input, got {len(inputs)}")
        return (int(genes["units"]),)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (math.prod(inputs[0]) + 1) * int(genes["units"])

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
