"""What a space is: samples genomes and knows whether one is valid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from speciate.spaces.genes import Gene
from speciate.spaces.genome import NetworkGenome


class Space(ABC):
    """A set of genomes. It never trains, selects or draws.

    Attributes:
        hyper: The ranges of the hyper-parameters, by name.
        operators: The mutation operators and their weights; a child is made by one of them.
    """

    hyper: Mapping[str, Gene]
    operators: Mapping[str, float]

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """A random genome of the space."""

    @abstractmethod
    def problems(self, genome: NetworkGenome) -> list[str]:
        """Why a genome does not belong to the space; empty if it does."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The space as JSON, for the run's configuration and fingerprint."""

    def __contains__(self, genome: NetworkGenome) -> bool:
        """Whether a genome belongs to the space."""
        return not self.problems(genome)

    def _hyper_problems(self, genome: NetworkGenome) -> list[str]:
        found = []
        if set(genome.hyper_parameters) != set(self.hyper):
            found.append(
                f"hyper-parameters must be {sorted(self.hyper)}, got {sorted(genome.hyper_parameters)}"
            )
        for name, value in genome.hyper:
            if name in self.hyper and value not in self.hyper[name]:
                found.append(f"{name} must be in {self.hyper[name]}, got {value!r}")
        return found
