"""The frozen records that pass between the six nouns."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from numpy.typing import NDArray

RECIPE = "recipe: "
"""What the operator of a genome begins with that the space has as a recipe; its name follows."""

HALVING, FOLDS = "halving", "folds"
"""The operators of a final at growing numbers of examples, and of the trainings that its best have besides: on further folds, or with more seeds."""

OUT_OF_FOLD = "out-of-fold score"
"""What the score is called of all rows that are not for test, each answered by networks that were not trained on it."""

Columns = Mapping[str, NDArray[Any]]
"""Numbers by name, one for each member of a slice: arrays of shape (members,)."""


class Genome(Protocol):
    """What every genome can do, whatever it describes. Networks of layers are those of `speciate.spaces`."""

    @property
    def key(self) -> str:
        """Hash of the canonical JSON form: equal genomes have equal keys."""
        return hash_of(self.to_json())

    @property
    def phenotype(self) -> str:
        """Hash of what is trained: genomes that differ only in historical marks share it."""
        return self.key

    def to_json(self) -> dict[str, Any]:
        """The canonical form, of JSON types only."""
        ...

    def describe(self) -> str:
        """One short line for people."""
        ...


@dataclass(frozen=True, slots=True)
class StoredGenome(Genome):
    """A genome in canonical form, which its evaluator has to read.

    Attributes:
        value: The canonical form, with the key "kind".
        text: One short line for people.
    """

    value: Mapping[str, Any]
    text: str

    def to_json(self) -> dict[str, Any]:
        """The canonical form."""
        return dict(self.value)

    def describe(self) -> str:
        """One short line for people."""
        return self.text

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Genome):
    """Consecutive members of a generation, evaluated together as one candidate.

    Where a population is a table, a candidate is a slice of it. The slice follows from the run's
    seed and from all earlier results, so that only its place is stored.

    Attributes:
        generation: Which generation, from 0.
        first: Index of its first member.
        size: How many members.
        members: The members, as their evaluator takes them; None where it was read from a store.
        facts: What is known of each member beforehand: `species`, `genes`, ...
    """

    generation: int
    first: int
    size: int
    members: Any = None
    facts: Columns = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Its place, which no other slice of a run has."""
        return {"kind": "brood", "generation": self.generation, "first": self.first, "size": self.size}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Slice:
        """A slice of which only the place is known."""
        return cls(int(value["generation"]), int(value["first"]), int(value["size"]))

    def describe(self) -> str:
        """One short line for people."""
        return f"{self.size:,} genomes of generation {self.generation}, from {self.first:,} on"


def hash_of(value: Mapping[str, Any]) -> str:
    """SHA-256 of a value of JSON types, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Phase(StrEnum):
    """The part of a run that a candidate belongs to.

    A refit trains the champion's networks again, on all rows.
    """

    SEARCH = "search"
    FINAL = "final"
    CHAMPION = "champion"
    REFIT = "refit"


class Status(StrEnum):
    """How an evaluation ended. Only `OK` has a score. What is `UNFINISHED` has not failed: the time of its run was up."""

    OK = "ok"
    DIVERGED = "diverged"
    ERROR = "error"
    TIMEOUT = "timeout"
    OOM = "oom"
    CRASHED = "crashed"
    INFEASIBLE = "infeasible"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one evaluation may spend.

    Attributes:
        examples: Training examples to show, counting repetitions; at least 1.
    """

    examples: int

    def __post_init__(self) -> None:
        if self.examples < 1:
            raise ValueError(f"a budget needs examples >= 1, got {self.examples}")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one evaluation spent.

    Attributes:
        examples_seen: Training examples shown to this candidate, counting repetitions.
        lineage_examples: The same, plus those of the ancestors whose weights it inherited.
        seconds: Wall time, for information only: nothing is decided by it.
    """

    examples_seen: int = 0
    lineage_examples: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A trained network that a candidate may inherit weights from.

    Attributes:
        id: Its candidate id; -1 for a network from outside the run.
        genome: Its genome.
        weights: SHA-256 of its weight file.
    """

    id: int
    genome: Genome
    weights: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Everything that an evaluation needs.

    Attributes:
        id: Position in the run, from 0, over all phases.
        genome: What to evaluate.
        seed: Seed of everything random in the evaluation, 0 to 2**63 - 1.
        budget: What the evaluation may spend.
        parents: Ids of the candidates it was made from.
        operator: Name of the operator that made it.
        generation: Which generation it belongs to, from 0.
        phase: Which part of the run it belongs to.
        ancestors: Networks whose weights it may inherit, the most important first; none where it starts from scratch.
        inherited_examples: Training examples that its ancestors and theirs were shown, each ancestor counted once.
        known: How many results it was made of, in the order in which they came; None where its id says so.
        fold: Which rows it is scored on, and not trained on: 0 for the validation rows, from 1 for a part of the training rows;
            see `speciate.data.Data.fold`. In the phase `REFIT` it is trained on all rows.
    """

    id: int
    genome: Genome
    seed: int
    budget: Budget
    parents: tuple[int, ...] = ()
    operator: str = "sample"
    generation: int = 0
    phase: Phase = Phase.SEARCH
    ancestors: tuple[Ancestor, ...] = ()
    inherited_examples: int = 0
    known: int | None = None
    fold: int = 0

    @property
    def size(self) -> int:
        """How many genomes it stands for: the members of a slice, else 1."""
        return 1 if self.slice is None else self.slice.size

    @property
    def slice(self) -> Slice | None:
        """The slice of a generation that it stands for; None where it is a single genome."""
        return self.genome if isinstance(self.genome, Slice) else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that came of a candidate.

    Attributes:
        candidate: What was evaluated.
        status: How it ended.
        score: Validation score, higher is better; None unless the status is `OK`.
        metrics: Further measurements by name, for people and reports.
        cost: What was spent.
        parameters: Trainable parameters.
        engine: Which training engine did it; "repeat" where the score was copied from an equal candidate.
        repeat_of: Id of the equal candidate that the result was copied from.
        weights: SHA-256 of the weight file, if weights were kept.
        error: What went wrong, with the traceback where there is one.
        best: The best member of a slice, whose fitness is the score.
        columns: Numbers of each member of a slice: `fitness`, `steps`, and what was known of it beforehand.
    """

    candidate: Candidate
    status: Status
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    cost: Cost = Cost()
    parameters: int = 0
    engine: str = ""
    repeat_of: int | None = None
    weights: str | None = None
    error: str = ""
    best: Genome | None = None
    columns: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.status is Status.OK) != (self.score is not None):
            raise ValueError(
                f"a score goes with status ok and with nothing else, got {self.status} and {self.score}"
            )
        if self.score is not None and not math.isfinite(self.score):
            raise ValueError(f"a score is a finite number, got {self.score}; report DIVERGED instead")

    @property
    def ok(self) -> bool:
        """Whether there is a score."""
        return self.status is Status.OK

    @property
    def fitness(self) -> float:
        """The score, or minus infinity for a failure: what selection compares."""
        return -math.inf if self.score is None else self.score


@dataclass(frozen=True, slots=True)
class Lineage:
    """A trained network, and those whose weights went into its own.

    Attributes:
        last: The network.
        examples: Training examples that each of them was shown, the network included, by candidate id.
    """

    last: Ancestor
    examples: Mapping[int, int]

    @staticmethod
    def after(evaluation: Evaluation, known: Mapping[int, Lineage]) -> dict[int, Lineage]:
        """The lineage that ends with an evaluation, by its candidate's id; none where no weights were kept.

        Args:
            evaluation: The result.
            known: The lineages of everything before it.
        """
        candidate = evaluation.candidate
        if evaluation.weights is None:
            return {}
        if evaluation.repeat_of is not None:  # it was not trained: the lineage is the equal candidate's
            return {candidate.id: known[evaluation.repeat_of]} if evaluation.repeat_of in known else {}
        examples: dict[int, int] = {candidate.id: evaluation.cost.examples_seen}
        for ancestor in candidate.ancestors:
            if ancestor.id in known:
                examples.update(known[ancestor.id].examples)
        return {candidate.id: Lineage(Ancestor(candidate.id, candidate.genome, evaluation.weights), examples)}
