"""What is read of a run's database, as plain values, and how it is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

ROWS = """
    SELECT c.id, c.phase, c.generation, g.json AS form, g.key, g.phenotype, g.description, c.seed, c.examples,
           c.operator, c.parents, c.ancestors AS sources, c.inherited_examples, c.known, c.fold, b.best AS best_form,
           coalesce(e.status, 'pending') AS status, e.score, coalesce(e.metrics, '{}') AS metrics,
           coalesce(e.examples_seen, 0) AS examples_seen, coalesce(e.lineage_examples, 0) AS lineage_examples,
           coalesce(e.seconds, 0) AS seconds, coalesce(e.parameters, 0) AS parameters,
           coalesce(e.engine, '') AS engine, e.repeat_of, e.weights, coalesce(e.error, '') AS error,
           CASE WHEN json_valid(g.json) AND json_type(g.json) = 'object'
                THEN coalesce(json_extract(g.json, '$.kind') = 'brood', 0) END AS is_slice
    FROM candidates c JOIN genomes g ON g.key = c.genome
    LEFT JOIN evaluations e ON e.candidate = c.id LEFT JOIN broods b ON b.candidate = c.id
    WHERE c.phase = coalesce(?, c.phase) ORDER BY c.id"""

COUNTS = """
    SELECT count(*) AS asked, count(e.candidate) AS finished, coalesce(max(c.generation), -1) + 1 AS generations,
           coalesce(sum(CASE WHEN e.candidate IS NOT NULL THEN coalesce(b.size, 1) END), 0) AS evaluated
    FROM candidates c LEFT JOIN evaluations e ON e.candidate = c.id LEFT JOIN broods b ON b.candidate = c.id
    WHERE c.phase = coalesce(?, c.phase)"""

GENOMES = "SELECT key, json, description FROM genomes WHERE json_valid(json) AND json_type(json) = 'object'"

ASKED = """
    SELECT coalesce(sum(CASE json_extract(g.json, '$.kind') WHEN 'brood' THEN json_extract(g.json, '$.size') ELSE 1 END), 0)
           AS asked
    FROM candidates c JOIN genomes g ON g.key = c.genome WHERE c.phase = ?"""


class Json:
    """A JSON object as text, read when it is first asked for: of a long run's thousands of genomes few are looked at."""

    __slots__ = ("_text", "_value")

    def __init__(self, text: str) -> None:
        self._text = text
        self._value: dict[str, Any] | None = None

    @classmethod
    def of(cls, value: dict[str, Any]) -> Json:
        """The object of a value."""
        return cls(json.dumps(value))

    @property
    def value(self) -> dict[str, Any]:
        """The value."""
        if self._value is None:
            self._value = json.loads(self._text)
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and (self._text == other._text or self.value == other.value)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate and what came of it. Without an evaluation the status is "pending"."""

    id: int
    phase: str  # "search", "final", "champion" or "refit"
    generation: int  # from 0
    form: Json  # the genome in canonical JSON form
    key: str  # hash of the genome
    phenotype: str  # hash of what is trained
    description: str  # the genome in one line
    seed: int  # of the evaluation
    examples: int  # the budget
    operator: str  # what made it
    parents: tuple[int, ...]  # candidate ids
    sources: tuple[tuple[int, Json, str], ...]  # to inherit from: id, genome, SHA-256 of the weight file
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
    best_form: Json | None = None  # a finished slice's best member, if no earlier generation has a better one
    best_text: str = ""  # the same in one line
    known: int | None = None  # of how many results of its phase it was made; None where its id says so
    fold: int = 0  # which rows it is scored on
    is_slice: bool = False  # whether it stands for a slice of a generation

    @property
    def genome(self) -> dict[str, Any]:
        """The genome in canonical JSON form."""
        return self.form.value

    @property
    def ancestors(self) -> tuple[tuple[int, dict[str, Any], str], ...]:
        """Networks to inherit from: id, genome, SHA-256 of the weight file."""
        return tuple((number, form.value, weights) for number, form, weights in self.sources)

    @property
    def best(self) -> dict[str, Any] | None:
        """The genome of a finished slice's best member, if no earlier generation has a better one."""
        return None if self.best_form is None else self.best_form.value


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a search has to beat, and its scores."""

    name: str
    valid_score: float  # on the validation rows, higher is better
    test_score: float | None  # on the sealed test rows; None until the champion exists
    metrics: dict[
        str, float
    ]  # further measurements, among them `test_low`, `test_high`, `lead`, `lead_low`, `lead_high`, `log_loss` (on the test rows)
    description: str  # one line for people
    seconds: float  # wall time


class Event(NamedTuple):
    """A notable moment."""

    time: str  # UTC, ISO 8601
    kind: str
    message: str
