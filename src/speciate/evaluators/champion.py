"""What passes between a run and its evaluator at the beginning and at the end: the run, the final examination, the champion."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from speciate.text import counted

if TYPE_CHECKING:  # what networks are takes longer to import than what is said of them
    from speciate.networks.network import Network
    from speciate.records import Evaluation
    from speciate.store import Baseline, Diagnostics


REPEATS = 3
"""With how many seeds a final trains where nothing else is said."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What an evaluator is told about the run that it serves.

    Attributes:
        seed: The run's seed.
        examples: Training examples of a candidate of the search.
        final_examples: Training examples of the champion; None to double them until its validation score stops improving.
        ancestor: The network that the run starts from, fitted to its data; None where it starts from scratch.
        known: Names of the baselines that have a validation score already.
        note: Takes what people should know of the baselines.
        repeats: With how many seeds a final trains that trains with several.
        spent: What the search has cost, as `speciate.algorithms.halving.cost_of` counts it.
        affordable: What the final and the trainings on all rows may cost, counted like that, in the time that is left.
        short: How many examples one training may have that has to succeed, where nothing else was finished in time; None otherwise.
        left: Seconds that are left for what the evaluator is asked for.
    """

    seed: int
    examples: int
    final_examples: int | None = None
    ancestor: Network | None = None
    known: Collection[str] = ()
    note: Callable[[str], None] = lambda text: None
    repeats: int = REPEATS
    spent: int = 0
    affordable: float = math.inf
    short: int | None = None
    left: Callable[[], float] = lambda: math.inf


LISTS = ("members", "trainings", "temperatures")
"""What a champion has of each of its networks."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is kept of a run's networks.

    Attributes:
        lead: The leading one.
        members: All of them, the leading one first, where they are trained networks that answer together; or none.
        temperature: What the mean of their logits is divided by.
        score: The validation score of all together; None for that of the leading one.
        numbers: What else was measured of them, by what it is.
        temperatures: What each network's own logits are divided by; none where that is 1 for all.
    """

    lead: Evaluation
    members: tuple[Evaluation, ...] = ()
    temperature: float = 1.0
    score: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    temperatures: tuple[float, ...] = ()

    def only(self, kept: Callable[[Evaluation], bool]) -> Chosen:
        """With some of its members."""
        places = [place for place, member in enumerate(self.members) if kept(member)]
        return replace(
            self,
            members=tuple(self.members[place] for place in places),
            temperatures=tuple(self.temperatures[place] for place in places if self.temperatures),
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """What a champion scored on what no network was chosen by.

    Attributes:
        score: Higher is better; None where no such rows are left, so that there are diagnostics alone.
        low: Lower end of its 95 % confidence interval; None where there is none.
        high: Upper end.
        rows: On how many rows it was measured; 0 where that means nothing.
        numbers: What else was measured, by what it is.
        trace: What it did in one case, as JSON, for a picture.
        diagnostics: What its answers are like, where they are labels or values.
        valid: Its validation score, where that is not the score that it was selected by.
        baselines: What it is compared with, on the same rows.
    """

    score: float | None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    trace: Mapping[str, Any] | None = None
    diagnostics: Diagnostics | None = None
    valid: float | None = None
    baselines: tuple[Baseline, ...] = ()


@dataclass(frozen=True, slots=True)
class Champion:
    """The winner of a run.

    Attributes:
        id: The search's candidate whose genome won.
        genome: Its genome, in canonical JSON form; of an ensemble that of the leading network.
        description: The same in one line.
        valid_score: Validation score after its real training.
        test_score: Score on the sealed test rows, measured once; None where there are none.
        test_low: Lower end of its 95 % confidence interval.
        test_high: Upper end.
        test_rows: How many test rows there are.
        parameters: Trainable parameters, of all networks together.
        examples: Training examples that its real training showed.
        weights: SHA-256 of its weight file.
        numbers: What else was measured of it, by what it is.
        members: The genomes of all networks of an ensemble, the leading one first; none of a single network.
        temperature: What its logits are divided by; see `speciate.networks.Ensemble`.
        trainings: The candidates whose weights its networks have, in their order, where it consists of several files' weights.
        refit: Whether its networks were trained again on all rows, after its scores were measured.
        temperatures: What the logits of each of its networks are divided by, in their weights already; none where that is 1 for all.
    """

    id: int
    genome: dict[str, Any]
    description: str
    valid_score: float
    test_score: float | None
    test_low: float | None
    test_high: float | None
    test_rows: int
    parameters: int
    examples: int
    weights: str | None
    numbers: dict[str, float] = field(default_factory=dict)
    members: tuple[dict[str, Any], ...] = ()
    temperature: float = 1.0
    trainings: tuple[int, ...] = ()
    refit: bool = False
    temperatures: tuple[float, ...] = ()

    def __str__(self) -> str:
        scores = {"validation score": self.valid_score, "test score": self.test_score, **self.numbers}
        shown = {name: f"{value:.4g}" for name, value in scores.items() if value is not None}
        if "test score" in shown and self.test_low is not None and self.test_high is not None:
            shown["test score"] += f" (95% interval {self.test_low:.4g} to {self.test_high:.4g})"
        size = counted(self.parameters, "parameter")
        if len(self.members) > 1:
            size += f" in {len(self.members)} networks"
        lines = [f"{name}: {value}" for name, value in shown.items()]
        return "\n  ".join([f"champion #{self.id}: {self.description}", *lines, size])

    def to_json(self) -> dict[str, Any]:
        """As JSON; what only ensembles have is left out of a single network."""
        lists = {name: list(getattr(self, name)) for name in LISTS}
        unused: dict[str, Any] = {**{name: [] for name in LISTS}, "temperature": 1.0, "refit": False}
        found = asdict(self) | lists
        return {name: value for name, value in found.items() if unused.get(name, ...) != value}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Champion:
        """From JSON."""
        return cls(**{**value, **{name: tuple(value.get(name, ())) for name in LISTS}})
