"""A fully connected layer: linear map, activation, dropout."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.layers.activations import GAINS, activation
from speciate.layers.base import Genes, Map, Shape, layer, one_of, only, share, whole

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader


@layer
class Dense(Map):
    """`dropout(activation(W x + b))`, with x flattened first if it has more than one axis.

    Genes: `units` (outputs, at least 1), `activation` (a name in `GAINS`), `dropout` (probability, in [0, 1)).
    """

    kind = "dense"
    genes: ClassVar = {"activation": one_of(GAINS), "dropout": share, "units": whole()}
    fits_anywhere = True
    width_gene = "units"
    reads = ("Linear",)
    part_name = "linear"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(units,)`, whatever the input's shape."""
        only(inputs)
        return (int(genes["units"]),)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (math.prod(inputs[0]) + 1) * int(genes["units"])

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One for each weight."""
        return math.prod(inputs[0]) * int(genes["units"])

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Normal weights of variance gain**2 / inputs (He et al. 2015, arXiv:1502.01852), zero biases."""
        from torch import nn

        from speciate.layers.modules import Dropout, linear

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

    def read(self, reader: Reader, module: Any) -> None:
        """A linear map of vectors; its activation and its dropout follow."""
        from speciate.layers.reading import UnfitError, array

        if len(reader.incoming) == 3:
            raise UnfitError("it would be applied to each row of an image", "put Flatten() before it")
        reader.settled()
        reader.check(module.in_features)
        reader.flat = False  # a dense layer flattens what it gets
        units = int(module.out_features)
        tensors = {"weight": array(module.weight, 0, 0), "bias": array(module.bias, 0, units)}
        reader.add(self.kind, {"units": units, "activation": "linear", "dropout": 0.0}, tensors, (units,))
