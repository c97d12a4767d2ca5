"""What a layer type is: genes, a rule for shapes, a module, and how its weights are carried over to a changed network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:  # torch takes over a second to import, and spaces only need the genes and shapes
    from torch import nn

Shape = tuple[int, ...]
"""The shape of one example, without the batch axis: (units,), or (channels, height, width)."""

Genes = Mapping[str, Any]
"""Values of a layer's genes by name."""

Tensors = Mapping[str, np.ndarray]
"""A layer's tensors, by the last part of their names in its state dictionary."""


class LayerType(ABC):
    """One kind of layer. Instances hold no state: genes are handed in.

    Every layer is of one of three sorts, which is what inheritance goes by: a `Map` has units of its own and weights from
    every unit that comes in; a `Unitwise` layer treats every unit (or channel) alone; a `Merge` joins several inputs.

    Attributes:
        kind: The name used in genomes.
        genes: The names of the genes a layer of this kind has.
    """

    kind: ClassVar[str]
    genes: ClassVar[tuple[str, ...]] = ()

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        return []

    @abstractmethod
    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """The output's shape for the inputs' shapes.

        Raises:
            ValueError: The layer cannot take these inputs.
        """

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """How many trainable parameters the layer has, without building it."""
        return 0

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """How many multiplications an example takes in the layer's products; what else it does is not counted."""
        return 0

    @abstractmethod
    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """A freshly initialized module; random numbers come from `rng` alone."""

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Whether no output is ever negative, if `positive` says that of the inputs."""
        return False


class Map(LayerType):
    """A layer with units of its own: its weights are (units, inputs, ...), its biases (units,)."""

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """Whether it can hand on what comes in, given enough units; `positive` says that none of that is ever negative."""
        activation = genes.get("activation")
        return activation == "linear" or (activation == "relu" and positive)

    def resized(self, weight: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Weights (units, inputs, ...) with the trailing axes of `like`."""
        return weight

    def identity(self, count: int, like: np.ndarray) -> np.ndarray:
        """Weights that hand on `count` units, (count, count, ...) with the trailing axes of `like`."""
        return np.eye(count)

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Behind relu and sigmoid."""
        return genes.get("activation") in NEVER_NEGATIVE


class Unitwise(LayerType):
    """A layer that treats every unit or channel alone; its tensors, if any, are (units, ...)."""

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """Whether it can begin as a layer that, in evaluation mode, hands on what comes in."""
        return False

    def neutral(self, fresh: Tensors) -> Mapping[str, np.ndarray]:
        """The tensors with which it begins as the identity, where it can be that."""
        return dict(fresh)

    def resized(self, name: str, tensor: np.ndarray, like: np.ndarray) -> np.ndarray:
        """A tensor (units, ...) with the trailing axes of `like`."""
        return tensor

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """As what comes in, by default."""
        return positive


class Merge(LayerType):
    """A layer of any number of inputs and no genes. Images must agree in height and width."""

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the inputs, but for the units or channels."""
        if not inputs:
            raise ValueError("nothing comes in")
        if len({shape[1:] for shape in inputs}) > 1:
            raise ValueError(f"its inputs differ in more than their width: {', '.join(map(str, inputs))}")
        return (self.width([shape[0] for shape in inputs]), *inputs[0][1:])

    @abstractmethod
    def width(self, widths: Sequence[int]) -> int:
        """Units or channels that come out."""


NEVER_NEGATIVE = frozenset({"relu", "sigmoid"})
"""Activations whose outputs are never negative: behind one, a relu is the identity."""


def only(inputs: Sequence[Shape]) -> Shape:
    """The only input.

    Raises:
        ValueError: There is none, or more than one.
    """
    if len(inputs) != 1:
        raise ValueError(f"it takes one input, got {len(inputs)}")
    return inputs[0]


def image(inputs: Sequence[Shape]) -> tuple[int, int, int]:
    """The only input as (channels, height, width).

    Raises:
        ValueError: It is not an image.
    """
    shape = only(inputs)
    if len(shape) != 3:
        raise ValueError(f"it takes an image (channels, height, width), got the shape {shape}")
    return shape


def whole(genes: Genes, name: str, low: int = 1, odd: bool = False) -> list[str]:
    """What is wrong with a gene that has to be a whole number of at least `low`."""
    value = genes[name]
    if type(value) is int and value >= low and (value % 2 or not odd):
        return []
    return [f"{name} must be an {'odd ' if odd else ''}integer of at least {low}, got {value!r}"]


def share(genes: Genes, name: str) -> list[str]:
    """What is wrong with a gene that has to be in [0, 1)."""
    value = genes[name]
    return (
        []
        if type(value) in (int, float) and 0 <= value < 1
        else [f"{name} must be a number in [0, 1), got {value!r}"]
    )


def one_of(genes: Genes, name: str, options: Sequence[str]) -> list[str]:
    """What is wrong with a gene that has to be one of a few names."""
    value = genes[name]
    return [] if value in options else [f"{name} must be one of {', '.join(options)}, got {value!r}"]
