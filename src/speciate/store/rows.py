"""What is read of a run's database, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate and what came of it. Without an evaluation the status is "pending"."""

    id: int
    phase: str  # "search", "final" or "champion"
    generation: int  # from 0
    genome: dict[str, Any]  # in canonical JSON form
    key: str  # hash of the genome
    phenotype: str  # hash of what is trained
    description: str  # the genome in one line
    seed: int  # of the evaluation
    examples: int  # the budget
    operator: str  # what made it
    parents: tuple[int, ...]  # candidate ids
    ancestors: tuple[
        tuple[int, dict[str, Any], str], ...
    ]  # to inherit from: id, genome, SHA-256 of the weight file
    inherited_examples: int  # that they and their ancestors were shown
    status: str  # "ok", "diverged", ..., or "pending"
    score: float | None  # on the validation rows, higher is better
    metrics: dict[str, float]  # further measurements
    examples_seen: int  # shown to it
    lineage_examples: int  # the same with those of its ancestors
    seconds: float  # wall time
    parameters: int  # trainable
    engine: str  # what trained it
    repeat_of: int | None  # the equal candidate whose result this is
    weights: str | None  # SHA-256 of the weight file
    error: str  # what went wrong
    size: int = 1  # genomes that it stands for: the members of a slice, else 1
    best: dict[str, Any] | None = (
        None  # a finished slice's best member, if no earlier generation has a better one
    )
    best_text: str = ""  # the same in one line
    known: int | None = None  # of how many results of its phase it was made; None where its id says so

    @property
    def is_slice(self) -> bool:
        """Whether it stands for a slice of a generation."""
        return self.genome.get("kind") == "brood"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a search has to beat, and its scores."""

    name: str
    valid_score: float  # on the validation rows, higher is better
    test_score: float | None  # on the sealed test rows; None until the champion exists
    metrics: dict[
        str, float
    ]  # further measurements, among them `test_low`, `test_high`, `lead`, `lead_low`, `lead_high`
    description: str  # one line for people
    seconds: float  # wall time


class Event(NamedTuple):
    """A notable moment."""

    time: str  # UTC, ISO 8601
    kind: str
    message: str
