"""The contract of an algorithm: `ask` proposes candidates, `tell` receives evaluations.

The public methods do what all algorithms share, once: ids, seeds, streams, the order of results. The private hooks
hold the mathematics. What makes runs repeatable on any number of workers is one rule, enforced here: before proposal
number i is made, the algorithm has seen exactly the first `_needs(i)` results, in order of id, and no others.

Where candidates differ much in cost, an algorithm may be asynchronous instead: it sees results in the order in which they
come, and makes a proposal of all that are there, but of no fewer than `_needs(i)`. The candidate says of how many it was made.
That and the order are stored, so what was decided can be followed, and a run goes on where it stopped.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self, cast

import numpy as np

from speciate.algorithms.proposal import Proposal, checked, genome_of
from speciate.errors import EvaluationError, SpeciateError, UsageError
from speciate.mutation import crossover, mutate
from speciate.records import RECIPE, Ancestor, Budget, Candidate, Evaluation, Genome, Lineage, Phase
from speciate.registry import Registry, is_own, own_source
from speciate.rng import Stream, derive, generator
from speciate.signatures import arguments, at_least, settings_of
from speciate.spaces import NetworkGenome, Space

IMMIGRANT = "immigrant"
"""The operator of a random genome that enters a population of copies."""

IMMIGRATION = 0.5
"""Probability that a random genome takes the place of a child, once all possible parents are the same network."""

RETRIES = 20
"""How often a child that was already asked for is made again before it is let through."""


class Algorithm(ABC):
    """Ask/tell. An algorithm does not train, store, log, plot, or know where work runs.

    An algorithm of one's own implements `_ask`, and of `_reset`, `_tell`, `_needs` and `_parents` what it needs. Its constructor
    keeps every argument in an attribute of the same name: they are its settings in the command and its identity in a run.

    Args:
        population_size: Candidates in a generation, at least 1.

    Attributes:
        name: The name in commands and configurations; that of the class in lower case unless it says otherwise.
        label: What people call it; the name unless it says otherwise.
        has_parents: Whether candidates have parents, whose weights they can inherit.
        called: What it calls the settings of the command that have another name there.
        phase: The phase of the candidates it proposes.
        stage: What it is at, in words, where it has stages; and of how many candidates it consists up to there, where that is known.
        crossover: Probability that a child has two parents.
        asynchronous: Whether results are seen in the order in which they come, instead of in order of id.
        plateau: After so many results in a row that are no better than the best before, nothing more is proposed; None for no such
            end. It is a limit of a run, as its number of candidates is, and no setting of the algorithm.

    Raises:
        ConfigurationError: An argument is out of its range.
    """

    name: str
    label: str
    has_parents: ClassVar[bool] = True
    called: ClassVar[Mapping[str, str]] = {"population": "population_size"}
    phase: ClassVar[Phase] = Phase.SEARCH
    stage: tuple[str, int | None] = "", None
    population_size: int = 50
    crossover: float = 0.0
    asynchronous: bool = False
    plateau: int | None = None

    def __init__(self, population_size: int = 50) -> None:
        self.population_size = at_least(1, population_size=population_size)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.name = vars(cls).get("name", cls.__name__.lower())
        cls.label = vars(cls).get("label", cls.name)

    def beginning_with(self, recipes: Mapping[str, Genome]) -> Self:
        """A copy whose first generation holds some genomes, such as a space's recipes, besides random ones.

        They take the first places, up to half of the generation. Where everything starts from a finished network they are not
        used.

        Args:
            recipes: By name, the most promising first; of the space that it will be started on.
        """
        new = copy.copy(self)
        new._recipes = dict(recipes)
        return new

    def start(
        self, space: Space, *, seed: int, budget: Budget, first_id: int = 0, origin: Lineage | None = None
    ) -> Self:
        """A fresh copy that is bound to a space and ready to be asked.

        Args:
            space: Where genomes come from.
            seed: The run's seed.
            budget: What each evaluation may spend.
            first_id: Id of the first candidate.
            origin: The finished network that everything starts from: the first candidate is it, and mutated copies of it
                take the place of random genomes. None to start from scratch.
        """
        new = copy.deepcopy(self)
        new._space, new._seed, new._budget, new._first = space, seed, budget, first_id
        new._asked, new._told, new._spent = 0, 0, 0
        new._highest, new._since = float("-inf"), 0
        new._waiting, new._seen = {}, set()
        new._origin = origin
        new._begins = [] if origin else list(self._recipes.items())[: self.population_size // 2]
        new._lineages = {} if origin is None else {origin.last.id: origin}
        new._reset()
        return new

    _recipes: Mapping[str, Genome] = MappingProxyType({})
    _space: Space | None = None
    _origin: Lineage | None = None
    _seed: int
    _budget: Budget
    _first: int
    _asked: int
    _told: int
    _spent: int
    _highest: float
    _since: int
    _waiting: dict[int, Evaluation]
    _seen: set[str]
    _begins: list[tuple[str, Genome]]
    _lineages: dict[int, Lineage]

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
        while len(asked) < room and self._ready() and not self.is_stuck:
            rng = generator(self._seed, Stream.PROPOSE, self._first + self._asked)
            proposal = checked(self._hook("_ask", self._asked, rng), self, self._first + self._asked)
            if proposal is None:
                break
            candidate = self._candidate(proposal)
            asked.append(candidate)
            self._note(candidate)
        return asked

    @property
    def is_stuck(self) -> bool:
        """Whether it is on such a plateau. That is known from the results that the next proposal depends on, and from no others."""
        return self.plateau is not None and self._since >= self.plateau

    def _hook(self, name: str, *arguments: Any) -> Any:
        """Call a hook; what fails in one from outside the package is said by its name."""
        try:
            return getattr(self, name)(*arguments)
        except SpeciateError:
            raise
        except Exception as error:
            if is_own(self):
                raise
            raise EvaluationError(
                f"{type(self).__name__}.{name} failed", why=f"{type(error).__name__}: {error}"
            ) from error

    def tell(self, evaluations: Iterable[Evaluation]) -> None:
        """Receive results, in any order."""
        for evaluation in evaluations:
            self._waiting[evaluation.candidate.id - self._first] = evaluation

    def replay(self, candidates: Sequence[Candidate], evaluations: Iterable[Evaluation]) -> None:
        """Continue from what was asked and told before; the history is the state.

        Args:
            candidates: What was asked for, in order of id.
            evaluations: What was told, in the order in which it came, if it is asynchronous; in any order otherwise.
        """
        for candidate in candidates:
            self._note(candidate)
        self.tell(evaluations)

    def completed(self, candidate: Candidate) -> Candidate:
        """A candidate that was asked for and is unfinished, as it was read from a store, with what is not stored."""
        return candidate

    @classmethod
    def takes(cls) -> dict[str, str]:
        """The constructor's arguments by the names that they have as settings of the command."""
        names = {argument: setting for setting, argument in cls.called.items()}
        return {names.get(argument, argument): argument for argument in arguments(cls)}

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON; see `speciate.signatures.settings_of`."""
        return settings_of(self)

    def identity(self) -> dict[str, Any]:
        """What decides the proposals, as JSON: the run refuses to go on with anything else."""
        recipes = {name: genome.key for name, genome in self._recipes.items()}
        begins = {"recipes": recipes} if recipes else {}
        return {"name": self.name, **self.settings(), **begins, **own_source(self)}

    def describe(self) -> str:
        """One line for people."""
        return f"{self.label}{', asynchronous' * self.asynchronous}, {self.population_size} networks a generation"

    def beliefs(self) -> dict[str, Any]:
        """What it has learned of the space, as JSON for people; nothing by default. `Knowledge.beliefs` has the form."""
        return {}

    @property
    def asked(self) -> int:
        """How many genomes have been asked for: candidates, and the members of slices one by one."""
        return self._spent

    def _ready(self) -> bool:
        """Feed results up to what the next proposal needs; False if one of them is still missing."""
        needed = self._needs(self._asked)
        if not self.asynchronous:
            return self._feed(needed)
        for index in list(self._waiting):  # in the order in which they came
            self._hear(index)
        return self._told >= needed

    def _feed(self, needed: int) -> bool:
        """Feed results in order of id until there were so many; False if one of them is still missing."""
        while self._told < needed:
            if self._told not in self._waiting:
                return False
            self._hear(self._told)
        return True

    def _hear(self, index: int) -> None:
        """Feed the result of proposal `index`."""
        evaluation = self._waiting.pop(index)
        self._lineages |= Lineage.after(evaluation, self._lineages)
        self._hook("_tell", evaluation)
        self._told += 1
        self._since = 0 if evaluation.fitness > self._highest else self._since + evaluation.candidate.size
        self._highest = max(self._highest, evaluation.fitness)

    def weights_in_use(self) -> set[str]:
        """The weight files that a later candidate may inherit from."""
        self._ready()  # so that what has left the population since the last proposal does not count
        evaluations = [*self._waiting.values(), *self._parents()]
        found = {evaluation.weights for evaluation in evaluations if evaluation.weights}
        return found if self._origin is None else found | {self._origin.last.weights}

    def _parents(self) -> Iterable[Evaluation]:
        """The evaluations that a later candidate may be a child of."""
        return ()

    def _candidate(self, proposal: Proposal) -> Candidate:
        number = self._first + self._asked
        ancestors, inherited = self._ancestors(proposal)
        return Candidate(
            id=number,
            genome=proposal.genome,
            seed=derive(self._seed, Stream.EVALUATE, number),
            budget=proposal.budget or self._budget,
            parents=proposal.parents,
            operator=proposal.operator,
            generation=self._generation(self._asked),
            phase=self.phase,
            ancestors=ancestors,
            inherited_examples=inherited,
            known=self._told if self.asynchronous else None,
            fold=proposal.fold,
        )

    def _ancestors(self, proposal: Proposal) -> tuple[tuple[Ancestor, ...], int]:
        """The networks whose weights a proposal may inherit, and how many examples they have seen together."""
        if proposal.like is not None:
            return proposal.like.ancestors, proposal.like.inherited_examples
        lineages = [self._lineages[parent] for parent in proposal.parents if parent in self._lineages]
        if not proposal.parents and self._origin is not None:
            lineages = [self._origin]
        examples: dict[int, int] = {}
        for lineage in lineages:
            examples.update(lineage.examples)
        return tuple(lineage.last for lineage in lineages), sum(examples.values())

    def _note(self, candidate: Candidate) -> None:
        self._asked += 1
        self._spent += candidate.size
        if candidate.slice is None:
            self._seen.add(candidate.genome.phenotype)

    def _sample(self, rng: np.random.Generator) -> Proposal:
        """A recipe while there are any; then random genomes, or ones next to the network that everything starts from.

        They are new if one is found within a few draws.
        """
        if self._asked < len(self._begins):
            name, genome = self._begins[self._asked]
            return Proposal(genome, operator=f"{RECIPE}{name}")
        if self._asked == 0 and self._origin is not None:
            return Proposal(self._origin.last.genome, operator="ancestor")
        return self._fresh(partial(self._stranger, rng))

    def _stranger(self, rng: np.random.Generator) -> Proposal:
        """A random genome, or one next to the network that everything starts from."""
        if self._origin is None:
            return Proposal(self.space.sample(rng))
        genome, operator = mutate(cast(NetworkGenome, self._origin.last.genome), self.space, rng)
        return Proposal(genome, operator=operator)

    def _child(
        self, parent: Evaluation, rng: np.random.Generator, mate: Callable[[], Evaluation] | None = None
    ) -> Proposal:
        """A mutated copy of a parent, or now and then a merger with a mate; new if one is found within a few draws.

        Where all possible parents are the same network, random genomes take the place of some children.
        """
        if self._collapsed() and rng.random() < IMMIGRATION:
            return replace(self._sample(rng), operator=IMMIGRANT)

        def made() -> Proposal:
            if mate is not None and self.crossover > 0 and rng.random() < self.crossover:
                other = mate()
                if other.ok and other.candidate.genome.phenotype != parent.candidate.genome.phenotype:
                    return self._merged(parent, other, rng)
            genome, operator = mutate(genome_of(parent.candidate), self.space, rng)
            return Proposal(genome, (parent.candidate.id,), operator)

        return self._fresh(made)

    def _collapsed(self) -> bool:
        parents = [evaluation.candidate.genome.phenotype for evaluation in self._parents() if evaluation.ok]
        return len(parents) > 1 and len(set(parents)) == 1

    def _merged(self, one: Evaluation, other: Evaluation, rng: np.random.Generator) -> Proposal:
        first, second = (one, other) if one.fitness >= other.fitness else (other, one)
        genome = crossover(genome_of(first.candidate), genome_of(second.candidate), self.space, rng)
        return Proposal(genome, (first.candidate.id, second.candidate.id), "crossover")

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

    def _reset(self) -> None:  # noqa: B027 - an algorithm without a memory has nothing to forget
        """Forget everything: a run begins."""

    def _needs(self, index: int) -> int:
        """How many results proposal `index` depends on, in order of id; never decreasing, at most `index`.

        In an asynchronous algorithm, how many it depends on at least, whichever they are. By default all generations before.
        """
        return index - index % self.population_size

    @abstractmethod
    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        """Proposal `index`; None when the algorithm is finished. Must not change the algorithm."""

    def _tell(self, evaluation: Evaluation) -> None:  # noqa: B027 - and nothing to learn
        """Receive the next result, in order of id if it is not asynchronous."""


ALGORITHMS: Registry[type[Algorithm]] = Registry(
    "speciate.algorithms",
    "algorithm",
    own=tuple(f"speciate.algorithms.{name}" for name in ("aging", "tournament", "random", "local", "guided")),
    base=Algorithm,
)
"""The algorithms that can search, by the name used in commands and configurations."""

algorithm = ALGORITHMS.decorator("algorithm")
