"""What a space is: samples genomes and knows whether one is valid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from speciate.layers import Shape
from speciate.spaces.genes import Gene
from speciate.spaces.genome import NetworkGenome


class Space(ABC):
    """A set of genomes. It never trains, selects or draws.

    Attributes:
        hyper: The ranges of the hyper-parameters, by name.
        operators: The mutation operators and their weights; a child is made by one of them.
        layers: The ranges of the genes of each allowed layer kind; none where genomes have no layers.
        depth: Fewest and most layers.
        merges: Most layers that join several paths.
        fixed: Marks of layers that every genome has and nothing may change.
        input_shape: Shape of one example, where the space knows it.
        ranges_only: Whether every path of as many layers as allowed, with genes in range, belongs to the space.
    """

    hyper: Mapping[str, Gene]
    operators: Mapping[str, float]
    layers: Mapping[str, Mapping[str, Gene]] = MappingProxyType({})
    depth: tuple[int, int] = (0, 0)
    merges: int = 0
    fixed: frozenset[str] = frozenset()
    input_shape: Shape | None = None
    ranges_only: bool = False

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """A random genome of the space."""

    @abstractmethod
    def problems(self, genome: NetworkGenome) -> list[str]:
        """Why a genome does not belong to the space; empty if it does."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The space as JSON, for the run's configuration and fingerprint."""

    def recipes(self) -> Mapping[str, NetworkGenome]:
        """Genomes of the space, by name, that the field would write down: a search may begin with them, the first ones first."""
        return {}

    def counted(self, genome: NetworkGenome) -> tuple[int, int]:
        """How many layers and how many merges of a genome count toward `depth` and `merges`."""
        return 0, 0

    def including(self, genome: NetworkGenome, input_shape: Shape | None = None) -> Self:
        """The space, wide enough for a network that was made elsewhere."""
        return self

    def freezing(self, genome: NetworkGenome) -> Self:
        """The space of networks that have all layers of a genome as they are, with others on top."""
        return self

    def summary(self) -> str:
        """What may be evolved, in one line for people."""
        return ", ".join(self.hyper)

    def admits(self, child: NetworkGenome, parent: NetworkGenome) -> bool:
        """Whether a child is in the space and has left its parent's fixed layers, and what they take in, as they were."""
        if child is parent:
            return True
        return not self.problems(child) and self._fixed_part(child) == self._fixed_part(parent)

    def _fixed_part(self, genome: NetworkGenome) -> list[object]:
        return (
            [(n, genome.sources[n.mark]) for n in genome.nodes if n.mark in self.fixed] if self.fixed else []
        )

    def __contains__(self, genome: NetworkGenome) -> bool:
        """Whether a genome belongs to the space."""
        return not self.problems(genome)

    def _hyper_problems(self, genome: NetworkGenome) -> list[str]:
        found = []
        if genome.hyper_parameters.keys() != self.hyper.keys():
            found.append(
                f"hyper-parameters must be {sorted(self.hyper)}, got {sorted(genome.hyper_parameters)}"
            )
        for name, value in genome.hyper:
            if name in self.hyper and value not in self.hyper[name]:
                found.append(f"{name} must be in {self.hyper[name]}, got {value!r}")
        return found
