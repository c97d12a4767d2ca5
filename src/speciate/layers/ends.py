"""The two ends of every network: where the example comes in, and the linear head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from speciate.layers.base import Genes, LayerType, Map, Shape, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader


@layer
class Input(LayerType):
    """The example itself."""

    kind = "input"
    mixes = False
    weightless = True
    reads = ("Identity",)
    part_name = ""

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """The shape of the example, which is handed in as the only input."""
        return inputs[0]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """The identity."""
        from torch import nn

        return nn.Identity()

    def read(self, reader: Reader, module: Any) -> None:
        """The identity makes no layer."""


@layer
class Output(Map):
    """The linear head: class logits, or the value of a regression.

    Its width belongs to the task, so it is handed in as a second "input" shape rather than kept in the genome.
    """

    kind = "output"
    part_name = "head"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(outputs,)`."""
        if len(inputs) != 2:
            raise ValueError(f"it takes one input, got {len(inputs) - 1}")
        return inputs[1]

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """Weights and biases."""
        return (math.prod(inputs[0]) + 1) * math.prod(inputs[1])

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One for each weight."""
        return math.prod(inputs[0]) * math.prod(inputs[1])

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Zero weights: every network starts from the same uncertain answer, and the first steps are not spent on undoing a random one."""
        from torch import nn

        from speciate.layers.modules import linear

        head = linear(math.prod(inputs[0]), math.prod(inputs[1]), 0.0, rng)
        return nn.Sequential(nn.Flatten(), head) if len(inputs[0]) > 1 else head
