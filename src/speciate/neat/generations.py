"""An evolver as an algorithm of the search, where a candidate is a slice of a generation, and the space of its networks."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from speciate.algorithms import Algorithm, Proposal
from speciate.errors import UsageError
from speciate.neat.evolvers.base import Evolver
from speciate.neat.population import Population
from speciate.neat.tasks.base import Task
from speciate.records import Candidate, Evaluation, Slice
from speciate.spaces import NetworkGenome, Space


class Generations(Algorithm):
    """Proposes generations in slices of a fixed size, and makes the next one when all of them are told.

    The size of a slice is part of a run: it does not depend on how many workers there are. The evolver's state is not stored;
    it follows from the seed and the fitness of all earlier generations, and is made again from them when a run goes on.

    Args:
        evolver: Makes the generations.
        task: What their networks are to be good at.
        population_size: Members of a generation.
        slice_size: Most members of a slice, at least 1.
        settings: The evolver's.
        go_on: Whether to go on when a member has solved the task.
    """

    has_parents = False

    def __init__(
        self,
        evolver: type[Evolver],
        task: Task,
        population_size: int,
        *,
        slice_size: int,
        settings: Mapping[str, Any],
        go_on: bool = False,
    ) -> None:
        self.name, self.label, self.population_size = evolver.name, evolver.label, population_size
        self.slice_size, self.go_on = slice_size, go_on
        self._make = partial(evolver.for_task, task, population_size, **settings)
        self._options = evolver.identity(settings)

    def __deepcopy__(self, memo: dict[int, Any]) -> Generations:
        return copy.copy(self)  # all state is made by `_reset`, and the task may hold a whole data set

    def settings(self) -> dict[str, Any]:
        """What decides the proposals. Where to stop does not."""
        sizes = {"population_size": self.population_size, "brood": self.slice_size}
        return {**sizes, **self._options}

    def completed(self, candidate: Candidate) -> Candidate:
        """A slice with its members."""
        index = candidate.id - self._first
        self._feed(self._needs(index))
        return replace(candidate, genome=self._slice(index))

    @property
    def parts(self) -> int:
        """Slices in a generation."""
        return math.ceil(self.population_size / self.slice_size)

    def _reset(self) -> None:
        self._evolver = self._make(seed=self._seed)
        self._fitness = np.full(self.population_size, np.nan)
        self._solved = False
        self._members: Population | None = None

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


class PolicySpace(Space):
    """Networks from a task's inputs to its outputs. Its evolver samples them, a generation at a time.

    Args:
        inputs: Inputs of every network.
        outputs: Outputs.
        about: What else is the same in all of them, as JSON.
    """

    def __init__(self, inputs: int, outputs: int, about: Mapping[str, Any]) -> None:
        self.inputs, self.outputs, self.about = inputs, outputs, dict(about)
        self.hyper, self.operators = {}, {}

    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """Not possible: single networks of this kind are not sampled.

        Raises:
            UsageError: Always.
        """
        raise UsageError("networks of this space are made by an evolver, a generation at a time")

    def problems(self, genome: NetworkGenome) -> list[str]:
        """Networks of layers do not belong to it."""
        return ["it is a network of layers, and this space has networks of single connections"]

    def to_json(self) -> dict[str, Any]:
        """The space as JSON."""
        return {"kind": "policy", "inputs": self.inputs, "outputs": self.outputs, **self.about}
