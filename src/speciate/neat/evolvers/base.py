"""What every evolver of networks without gradients does: propose a generation, be told its fitness, propose the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from speciate.errors import UsageError
from speciate.neat.networks import FloatArray, Networks
from speciate.neat.population import Rows


class Individuals(Protocol):
    """A generation, or a part of one: what is sent to where it is evaluated."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def take(self, rows: Rows) -> Self:
        """Those in these rows."""
        ...

    def networks(self) -> Networks:
        """Their networks."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays by name."""
        ...


class Evolver(ABC):
    """Generations of networks; higher fitness is better.

    Every random decision comes from `speciate.rng` and depends on the seed and the generation alone, so an evolver that is
    brought back by `restore` goes on as if nothing had happened.

    Attributes:
        population_size: How many individuals a generation has.
        generation: How many generations have been told.
    """

    population_size: int
    generation: int

    @abstractmethod
    def ask(self) -> Individuals:
        """The current generation; the same one until its fitness is told."""

    def networks(self) -> Networks:
        """The current generation's networks."""
        return self.ask().networks()

    def facts(self) -> dict[str, NDArray[Any]]:
        """What is known of each individual of the current generation: numbers (population_size,) by name.

        `copied`, where there is such a thing, says who is an unchanged copy of one of the generation before.
        """
        return {}

    def tell(self, fitness: FloatArray) -> None:
        """Learn the current generation's fitness, and make the next one.

        Args:
            fitness: (population_size,); what is not a finite number counts as worse than everything else.

        Raises:
            UsageError: It has another shape.
        """
        values = np.array(fitness, np.float64)
        if values.shape != (self.population_size,):
            raise UsageError(
                f"fitness has shape {values.shape}, not ({self.population_size},)",
                where="Evolver.tell",
                hint="give one number for each individual of the generation",
            )
        finite = np.isfinite(values)
        values[~finite] = values[finite].min() - 1.0 if finite.any() else 0.0
        self._tell(values)
        self.generation += 1

    @abstractmethod
    def _tell(self, fitness: FloatArray) -> None:
        """Make the next generation; fitness is finite."""

    @abstractmethod
    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a state of `to_arrays` of an evolver with the same arguments."""


def nested(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays with a prefix to their names."""
    return {f"{name}.{key}": value for key, value in arrays.items()}


def within(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays with this prefix, without it."""
    return {
        key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")
    }
