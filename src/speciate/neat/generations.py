"""An evolver of tables as an algorithm: a candidate is a slice of a generation."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from speciate.algorithms import Algorithm, Proposal
from speciate.neat.evolvers.base import Evolver, Individuals
from speciate.records import Candidate, Evaluation, Slice


class Generations(Algorithm):
    """Proposes generations in slices of a fixed size, and makes the next one when all of them are told.

    The size of a slice is part of a run: it does not depend on how many workers there are. The evolver's state is not stored;
    it follows from the seed and the fitness of all earlier generations, and is made again from them when a run goes on.

    Args:
        name: Name of the algorithm.
        evolver: Makes the evolver of a run from its seed.
        population_size: Members of a generation.
        brood: Most members of a slice, at least 1.
        options: What decides the proposals beside that, as JSON.
        go_on: Whether to go on when a member has solved the task.
    """

    def __init__(
        self,
        name: str,
        evolver: Callable[[int], Evolver],
        population_size: int,
        *,
        brood: int,
        options: Mapping[str, Any],
        go_on: bool = False,
    ) -> None:
        self.name, self.population_size, self.brood, self.go_on = name, population_size, brood, go_on
        self._make, self._options = evolver, dict(options)

    def __deepcopy__(self, memo: dict[int, Any]) -> Generations:
        return copy.copy(self)  # all state is made by `_reset`, and the task may hold a whole data set

    def settings(self) -> dict[str, Any]:
        """What decides the proposals. Where to stop does not."""
        sizes = {"population_size": self.population_size, "brood": self.brood}
        return {**sizes, **self._options}

    def completed(self, candidate: Candidate) -> Candidate:
        """A slice with its members."""
        index = candidate.id - self._first
        self._feed(self._needs(index))
        return replace(candidate, genome=self._slice(index))

    @property
    def parts(self) -> int:
        """Slices in a generation."""
        return math.ceil(self.population_size / self.brood)

    def _reset(self) -> None:
        self._evolver = self._make(self._seed)
        self._fitness = np.full(self.population_size, np.nan)
        self._solved = False
        self._members: Individuals | None = None

    def _needs(self, index: int) -> int:
        return self._generation(index) * self.parts

    def _generation(self, index: int) -> int:
        return index // self.parts

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        if self._solved and not self.go_on:
            return None
        return Proposal(self._slice(index), operator=self.name)

    def _slice(self, index: int) -> Slice:
        generation, part = divmod(index, self.parts)
        ends = [self.population_size * k // self.parts for k in (part, part + 1)]
        rows = slice(*ends)
        if self._members is None:
            self._members, self._facts = self._evolver.ask(), self._evolver.facts()
        facts = {name: values[rows] for name, values in self._facts.items()}
        return Slice(generation, ends[0], ends[1] - ends[0], self._members.take(rows), facts)

    def _tell(self, evaluation: Evaluation) -> None:
        part = evaluation.candidate.slice
        assert part is not None
        end = part.first + part.size
        # Members of a slice that could not be evaluated count as worse than all others.
        self._fitness[part.first : end] = evaluation.columns.get("fitness", np.nan)
        self._solved = self._solved or bool(evaluation.metrics.get("solved"))
        if end == self.population_size:
            self._evolver.tell(self._fitness)
            self._members = None
