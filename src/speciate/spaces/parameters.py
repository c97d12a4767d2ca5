"""The space of plain parameters: genomes without layers, for functions and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from speciate.errors import ConfigurationError
from speciate.signatures import is_own
from speciate.spaces.base import Space
from speciate.spaces.genes import Gene
from speciate.spaces.genome import NetworkGenome


@dataclass(frozen=True)
class ParameterSpace(Space):
    """A fixed set of named parameters, each with its range.

    Args:
        hyper: The ranges by name, at least one.
    """

    hyper: Mapping[str, Gene]
    operators: Mapping[str, float]

    def __init__(self, hyper: Mapping[str, Gene]) -> None:
        if not hyper:
            raise ConfigurationError("a parameter space needs at least one parameter")
        object.__setattr__(self, "hyper", dict(sorted(hyper.items())))
        object.__setattr__(
            self, "operators", MappingProxyType({f"change_{name}": 1.0 for name in self.hyper})
        )
        object.__setattr__(self, "ranges_only", all(map(is_own, self.hyper.values())))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (dict(self.hyper),))

    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """Every parameter drawn from its range."""
        return NetworkGenome(hyper=tuple((name, gene.sample(rng)) for name, gene in self.hyper.items()))

    def problems(self, genome: NetworkGenome) -> list[str]:
        """Why a genome does not belong to the space; empty if it does."""
        return self._hyper_problems(genome) + (["it has layers"] if genome.nodes else [])

    def to_json(self) -> dict[str, Any]:
        """The space as JSON."""
        return {"hyper": {n: g.to_json() for n, g in self.hyper.items()}, "operators": dict(self.operators)}
