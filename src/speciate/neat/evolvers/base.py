"""What every evolver of networks without gradients does: propose a generation, be told its fitness, propose the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from speciate.errors import UsageError
from speciate.neat.networks import FloatArray, TableNetworks
from speciate.neat.population import Population
from speciate.neat.tasks.base import Task, refuse_unknown
from speciate.registry import Registry, own_source
from speciate.signatures import arguments


class Evolver(ABC):
    """Generations of networks; higher fitness is better.

    Every random decision comes from `speciate.rng` and depends on the seed, the generation and the fitness of those before, so an
    evolver that is told the same goes on alike: nothing else is stored of it.

    Attributes:
        name: By which it is chosen; that of the class in lower case unless it says otherwise.
        label: What people call it; the name unless it says otherwise.
        population_size: How many individuals a generation has.
        generation: How many generations have been told.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    population_size: int
    generation: int

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.name = vars(cls).get("name", cls.__name__.lower())
        cls.label = vars(cls).get("label", cls.name)

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """Names of the settings that `for_task` takes: here, the keyword-only arguments of the constructor."""
        return tuple(name for name, p in arguments(cls).items() if p.kind is p.KEYWORD_ONLY)

    @classmethod
    def for_task(cls, task: Task, population_size: int, seed: int, **settings: Any) -> Self:
        """An evolver made to measure for a task, whose constructor takes the same arguments unless this is overridden.

        Args:
            task: Decides on inputs, outputs, the outputs' activation and whether networks are recurrent.
            population_size: Individuals in a generation.
            seed: The run's seed.
            settings: Those that are given.
        """
        return cls(task, population_size, seed, **settings)  # type: ignore[call-arg]

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What decides the proposals beside population and seed, as JSON: the settings that are given."""
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
        return plain | own_source(cls)

    @abstractmethod
    def ask(self) -> Population:
        """The current generation; the same one until its fitness is told."""

    def networks(self) -> TableNetworks:
        """The current generation's networks."""
        return self.ask().networks()

    def facts(self) -> dict[str, NDArray[Any]]:
        """What is known of each individual of the current generation: numbers (population_size,) by name.

        `copied`, where there is such a thing, says which ones are unchanged copies of individuals of the generation before.
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


EVOLVERS: Registry[type[Evolver]] = Registry("speciate.evolvers", "algorithm", ("speciate.neat.evolvers",))
"""Evolvers by name."""

evolver = EVOLVERS.decorator("evolver")


def evolver_by_name(
    name: str, task: Task, population_size: int = 150, seed: int = 0, **settings: Any
) -> Evolver:
    """An evolver for a task.

    Args:
        name: Of an evolver.
        task: What its networks are to be good at.
        population_size: Individuals in a generation.
        seed: The run's seed.
        settings: See the class.

    Raises:
        ConfigurationError: There is no such evolver, or a setting is unknown or out of range.
    """
    kind = EVOLVERS.find(name)
    refuse_unknown(f"algorithm {name}", settings, kind.settings())
    return kind.for_task(task, population_size, seed, **settings)
