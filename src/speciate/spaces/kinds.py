"""Spaces by name: what makes one that is fitted to data, and which networks and examples it is for."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from speciate.errors import ConfigurationError
from speciate.layers import LAYERS, Shape
from speciate.registry import Registry
from speciate.spaces.base import Space
from speciate.spaces.genome import DEFAULTS, NetworkGenome
from speciate.spaces.network import NetworkSpace


class SpaceKind(ABC):
    """What makes spaces of one kind.

    Attributes:
        examples: What the examples have to be; empty for anything.
    """

    examples: str = ""

    def suits(self, input_shape: Shape) -> bool:
        """Whether there is such a space for examples of a shape."""
        return True

    def made_for(self, input_shape: Shape) -> bool:
        """Whether it is what examples of a shape are searched in where nothing else is said."""
        return False

    def holds(self, genome: NetworkGenome) -> bool:
        """Whether a network made elsewhere has a place in such a space."""
        return True

    @abstractmethod
    def make(
        self,
        *,
        input_shape: Shape,
        rows: int,
        outputs: int,
        operators: Mapping[str, float] | str,
        bins: Sequence[int] = (),
        **sizes: Any,
    ) -> Space:
        """A space for the data.

        Args:
            input_shape: Shape of one example.
            rows: Training rows.
            outputs: Classes, or 1.
            operators: Weights of the mutation operators, or the name of a table.
            bins: Numbers of bins that each number of the inputs may be spread over, beside none.
            sizes: `depth` and `units`, where they are given.
        """


class MlpKind(SpaceKind):
    """Stacks of dense layers."""

    def holds(self, genome: NetworkGenome) -> bool:
        """Dense layers in a row."""
        return _is_stack(genome)

    def make(self, *, input_shape: Shape, **options: Any) -> NetworkSpace:
        """`NetworkSpace.mlp`."""
        return NetworkSpace.mlp(features=math.prod(input_shape), **options)


class ConvKind(SpaceKind):
    """Layers for images in a row."""

    examples = "images"

    def suits(self, input_shape: Shape) -> bool:
        """Images are (channels, height, width)."""
        return len(input_shape) == 3

    def holds(self, genome: NetworkGenome) -> bool:
        """Any path."""
        return genome.is_path

    def make(self, *, bins: Sequence[int] = (), **options: Any) -> NetworkSpace:
        """`NetworkSpace.conv`; images have no use for bins."""
        return NetworkSpace.conv(**options)


class GraphKind(SpaceKind):
    """Layers that split and merge."""

    def make(self, **options: Any) -> NetworkSpace:
        """`NetworkSpace.graph`."""
        return NetworkSpace.graph(**options)


class TableKind(SpaceKind):
    """Stacks of dense layers as they suit tables, numbers in bins or as waves, with recipes."""

    examples = "tables"

    def suits(self, input_shape: Shape) -> bool:
        """The rows of a table are vectors."""
        return len(input_shape) == 1

    made_for = suits

    def holds(self, genome: NetworkGenome) -> bool:
        """Dense layers in a row, or behind one that belongs in front."""
        return genome.is_path and all(n.kind == "dense" or LAYERS[n.kind].in_front for n in genome.layers)

    def make(self, *, input_shape: Shape, **options: Any) -> NetworkSpace:
        """`NetworkSpace.table`."""
        return NetworkSpace.table(features=math.prod(input_shape), **options)


def _is_stack(genome: NetworkGenome) -> bool:
    return genome.is_path and {node.kind for node in genome.layers} <= {"dense"}


class OwnKind(SpaceKind):
    """A space of one's own.

    Args:
        made: A space, or a function that makes one; it takes those of the arguments of `make` that it names.
    """

    def __init__(self, made: Any) -> None:
        self.made = made

    def make(self, **options: Any) -> Space:
        """Call the function.

        Raises:
            ConfigurationError: It cannot take a size that was given, or what it gives is no space.
        """
        found = self.made
        if not isinstance(found, Space):
            parameters = inspect.signature(found).parameters
            every = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
            for name in ("depth", "units"):
                if name in options and name not in parameters and not every:
                    raise ConfigurationError(f"the space does not take {name}", where=f"--{name}")
            found = found(**{k: v for k, v in options.items() if every or k in parameters})
        if not isinstance(found, Space):
            raise ConfigurationError(f"a space must be a speciate.NetworkSpace, got a {type(found).__name__}")
        return found


SPACES: Registry[Any] = Registry("speciate.spaces", "space", ("speciate.spaces.kinds",))
"""The kinds of spaces by name, the simplest first; those of others are spaces, or functions that make one."""

for _name, _kind in (
    ("mlp", MlpKind()),
    ("conv", ConvKind()),
    ("graph", GraphKind()),
    ("table", TableKind()),
):
    SPACES.add(_name, _kind)


def space_kind(name: str) -> SpaceKind:
    """The kind of a name.

    Raises:
        ConfigurationError: There is none.
    """
    found = SPACES.find(name)
    return found if isinstance(found, SpaceKind) else OwnKind(found)


def default_kind(genome: NetworkGenome | None, input_shape: Shape) -> str:
    """The name of the kind that examples of a shape are searched in where nothing else is said.

    Args:
        genome: The network that the search starts from, if it does. It goes on in the simplest kind of space, unless it knows
            hyper-parameters (`DEFAULTS`) that this may not have.
        input_shape: The shape.
    """
    made = (name for name in SPACES if space_kind(name).made_for(input_shape))
    name = next(made, None) or simplest_kind(None, input_shape)
    known = genome is None or not DEFAULTS.keys().isdisjoint(genome.hyper_parameters)
    if known and (genome is None or space_kind(name).holds(genome)):
        return name
    return simplest_kind(genome, input_shape)


def simplest_kind(genome: NetworkGenome | None, input_shape: Shape) -> str:
    """The name of the simplest kind of space that has a place for a network, and for examples of a shape."""
    kinds = {name: space_kind(name) for name in SPACES}
    return next(n for n, k in kinds.items() if k.suits(input_shape) and (genome is None or k.holds(genome)))
