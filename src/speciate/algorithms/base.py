"""The contract of an algorithm: `ask` proposes candidates, `tell` receives evaluations.

The public methods do what all algorithms share, once: ids, seeds, streams, the order of results. The private hooks
hold the mathematics. What makes runs repeatable on any number of workers is one rule, enforced here: before proposal
number i is made, the algorithm has seen exactly the first `_needs(i)` results, in order of id, and no others.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np

from speciate.errors import UsageError
from speciate.records import Budget, Candidate, Evaluation, Phase
from speciate.rng import Stream, derive, generator
from speciate.spaces import NetworkGenome, Space
from speciate.variation import mutate

RETRIES = 20
"""How often a child that was already asked for is made again before it is let through."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an algorithm proposes, before the shell makes a candidate of it.

    Attributes:
        genome: The genome.
        parents: Ids of the candidates it was made from.
        operator: Name of the operator that made it.
        budget: What its evaluation may spend, where it differs from the run's.
    """

    genome: NetworkGenome
    parents: tuple[int, ...] = ()
    operator: str = "sample"
    budget: Budget | None = None


class Algorithm(ABC):
    """Ask/tell. An algorithm does not train, store, log, plot, or know where work runs.

    Attributes:
        name: The name in commands and configurations.
        phase: The phase of the candidates it proposes.
        population_size: Candidates in a generation.
    """

    name: ClassVar[str]
    phase: ClassVar[Phase] = Phase.SEARCH
    population_size: int

    def start(self, space: Space, *, seed: int, budget: Budget, first_id: int = 0) -> Self:
        """A fresh copy that is bound to a space and ready to be asked.

        Args:
            space: Where genomes come from.
            seed: The run's seed.
            budget: What each evaluation may spend.
            first_id: Id of the first candidate.
        """
        new = copy.deepcopy(self)
        new._space, new._seed, new._budget, new._first = space, seed, budget, first_id
        new._asked, new._told = 0, 0
        new._waiting, new._seen = {}, set()
        new._reset()
        return new

    _space: Space | None = None
    _seed: int
    _budget: Budget
    _first: int
    _asked: int
    _told: int
    _waiting: dict[int, Evaluation]
    _seen: set[str]

    @property
    def space(self) -> Space:
        """The space it was started on."""
        if self._space is None:
            raise UsageError(
                f"{type(self).__name__} has not been started", hint="call start(space, seed=..., budget=...)"
            )
        return self._space

    def ask(self, room: int) -> list[Candidate]:
        """Up to `room` candidates. An empty list means: waiting for results, or finished."""
        asked: list[Candidate] = []
        while len(asked) < room and self._ready():
            proposal = self._ask(
                self._asked, generator(self._seed, Stream.PROPOSE, self._first + self._asked)
            )
            if proposal is None:
                break
            candidate = self._candidate(proposal)
            asked.append(candidate)
            self._note(candidate)
        return asked

    def tell(self, evaluations: Iterable[Evaluation]) -> None:
        """Receive results, in any order."""
        for evaluation in evaluations:
            self._waiting[evaluation.candidate.id - self._first] = evaluation

    def replay(self, candidates: Sequence[Candidate], evaluations: Iterable[Evaluation]) -> None:
        """Continue from what was asked and told before; the history is the state."""
        for candidate in candidates:
            self._note(candidate)
        self.tell(evaluations)

    @property
    def asked(self) -> int:
        """How many candidates have been asked for."""
        return self._asked

    def _ready(self) -> bool:
        """Feed results up to what the next proposal needs; False if one of them is still missing."""
        needed = self._needs(self._asked)
        while self._told < needed:
            if self._told not in self._waiting:
                return False
            self._tell(self._waiting.pop(self._told))
            self._told += 1
        return True

    def _candidate(self, proposal: Proposal) -> Candidate:
        number = self._first + self._asked
        return Candidate(
            id=number,
            genome=proposal.genome,
            seed=derive(self._seed, Stream.EVALUATE, number),
            budget=proposal.budget or self._budget,
            parents=proposal.parents,
            operator=proposal.operator,
            generation=self._generation(self._asked),
            phase=self.phase,
        )

    def _note(self, candidate: Candidate) -> None:
        self._asked += 1
        self._seen.add(candidate.genome.phenotype)

    def _sample(self, rng: np.random.Generator) -> Proposal:
        """A random genome, new if one is found within a few draws."""
        return self._fresh(lambda: Proposal(self.space.sample(rng)))

    def _child(self, parent: Evaluation, rng: np.random.Generator) -> Proposal:
        """A mutated copy of a parent, new if one is found within a few draws."""

        def mutated() -> Proposal:
            genome, operator = mutate(genome_of(parent.candidate), self.space, rng)
            return Proposal(genome, (parent.candidate.id,), operator)

        return self._fresh(mutated)

    def _fresh(self, make: Callable[[], Proposal]) -> Proposal:
        """A proposal whose network was not asked for yet; after a few draws whatever comes."""
        proposal = make()
        for _ in range(RETRIES):
            if proposal.genome.phenotype not in self._seen:
                break
            proposal = make()
        return proposal

    def _generation(self, index: int) -> int:
        return index // self.population_size

    @abstractmethod
    def _reset(self) -> None:
        """Forget everything: a run begins."""

    @abstractmethod
    def _needs(self, index: int) -> int:
        """How many results, in order of id, proposal `index` depends on; never decreasing, at most `index`."""

    @abstractmethod
    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        """Proposal `index`; None when the algorithm is finished. Must not change the algorithm."""

    @abstractmethod
    def _tell(self, evaluation: Evaluation) -> None:
        """Receive the next result in order of id."""


def genome_of(candidate: Candidate) -> NetworkGenome:
    """The candidate's genome. Records accept any kind; the algorithms here work on those of `speciate.spaces`."""
    return cast(NetworkGenome, candidate.genome)
