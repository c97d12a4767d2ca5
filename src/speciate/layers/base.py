"""What a layer type is: genes, a rule for shapes, and a module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # torch takes over a second to import, and spaces only need the genes and shapes
    import numpy as np
    from torch import nn

Shape = tuple[int, ...]
"""The shape of one example, without the batch axis."""

Genes = Mapping[str, Any]
"""Values of a layer's genes by name."""


class LayerType(ABC):
    """One kind of layer. Instances hold no state: genes are handed in.

    Attributes:
        kind: The name used in genomes.
        genes: The names of the genes a layer of this kind has.
    """

    kind: ClassVar[str]
    genes: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""

    @abstractmethod
    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """The output's shape for the inputs' shapes.

        Raises:
            ValueError: The layer cannot take these inputs.
        """

    @abstractmethod
    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """How many trainable parameters the layer has, without building it."""

    @abstractmethod
    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """A freshly initialized module; random numbers come from `rng` alone."""
