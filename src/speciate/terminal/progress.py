"""How far a run is: numbers that a view shows, kept up to date by a callback. Nothing here draws."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from speciate.records import Columns, Evaluation, Phase, Status

if TYPE_CHECKING:
    from speciate.run.search import Search
    from speciate.store import Row

UNLIMITED = 10**9
"""The limit of a search that only the clock stops."""


@dataclass(slots=True)
class Leader:
    """The best network so far."""

    id: int
    score: float
    parameters: int
    description: str


@dataclass(slots=True)
class GenerationProgress:
    """What is known of one generation."""

    count: int = 0
    scored: int = 0
    total: float = 0.0
    species: set[int] = field(default_factory=set)

    @property
    def mean(self) -> float | None:
        """Mean score of those that have one."""
        return self.total / self.scored if self.scored else None


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        clock: Seconds that only go forward.
        label: Which of several runs it is, or nothing.
        phase: "ready" until something is trained; then "search", "final", "champion", "end".
        done: Finished candidates of the phase.
        limit: Candidates of the phase, or of its stages so far, or None where they are not known.
        stage: What the phase is at, where it has stages.
        seconds: Limit of the run's wall time, or None.
        leader: The best of the search.
        generations: By number.
        failures: By kind, over all phases.
        events: Time since the start and text of the last ones.
        baselines: Name and validation score, worst first.
        trainings: Budget and score of each of the champion's trainings.
        grows: Whether the champion's trainings go on until they stop improving it.
        trains: Whether networks are trained.
    """

    clock: Callable[[], float] = time.monotonic
    label: str = ""
    phase: str = "ready"
    done: int = 0
    limit: int | None = None
    stage: str = ""
    seconds: float | None = None
    before: float = 0.0
    population: int = 1
    leader: Leader | None = None
    generations: dict[int, GenerationProgress] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    events: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=3))
    baselines: list[tuple[str, float]] = field(default_factory=list)
    trainings: list[tuple[int, float | None]] = field(default_factory=list)
    grows: bool = True
    trains: bool = True
    started: float = 0.0
    _phase_started: float = 0.0
    _phase_done: int | None = None
    _best: dict[int, float] = field(default_factory=dict)  # up to the end of each generation

    def start(self, search: Search) -> None:
        """The run begins, or goes on from what is stored."""
        self.started = self.clock()
        self.before, self.seconds = search.elapsed, search.seconds
        self.population = search.algorithm.population_size
        rows = [] if search.is_complete else search.rows  # what goes no further is not drawn
        columns = search.store.columns("fitness", "species") if any(row.is_slice for row in rows) else {}
        for row in rows:
            if row.phase == Phase.SEARCH and row.status != "pending":
                leader = partial(_leader_of_row, row)
                self._note(row.generation, row.status, row.score, columns.get(row.id, {}), leader)
            elif row.status not in ("ok", "pending", Status.UNFINISHED):
                self.failures[row.status] += 1

    def enter(self, search: Search, phase: Phase) -> None:
        """A phase begins."""
        rows = search.store.rows(phase)
        self.phase, self._phase_done = str(phase), None
        self.done = sum(row.size for row in rows if row.status != "pending")
        self.grows, self.trains = (
            search.final_examples is None and search.evaluator.trains,
            search.evaluator.trains,
        )
        self.limit = None
        self.look(search)
        if phase is Phase.SEARCH:
            self.baselines = [(b.name, b.valid_score) for b in search.store.baselines()]
            self.limit = search.limit if search.limit < UNLIMITED else None
        elif phase is Phase.CHAMPION:
            self.limit = None if self.grows else 1
            self.trainings = [(row.examples, row.score) for row in rows if row.status != "pending"]

    def look(self, search: Search) -> bool:
        """Candidates were proposed; whether that is the beginning of a stage."""
        before, (self.stage, known) = self.stage, search.stage
        self.limit = known or self.limit
        return self.stage != before

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Evaluations arrived."""
        if self._phase_done is None:  # the pace counts from the first result on: workers start slowly
            self._phase_started, self._phase_done = self.clock(), self.done + _sizes(evaluations)
        self.done += _sizes(evaluations)
        for e in evaluations:
            c = e.candidate
            if c.phase is Phase.SEARCH:
                self._note(c.generation, e.status, e.score, e.columns, partial(_leader, e))
            elif not e.ok and e.status is not Status.UNFINISHED:
                self.failures[str(e.status)] += 1
            if c.phase is Phase.CHAMPION:
                self.trainings.append((c.budget.examples, e.score))

    def event(self, message: str) -> None:
        """Something notable happened."""
        self.events.append((self.elapsed, message))

    def _note(
        self,
        generation: int,
        status: str,
        score: float | None,
        columns: Columns,
        leader: Callable[[float], Leader],
    ) -> None:
        seen = self.generations.setdefault(generation, GenerationProgress())
        scores = columns.get("fitness", [] if score is None else [score])
        seen.count += max(1, len(scores))
        seen.species |= set(columns["species"].tolist() if "species" in columns else ())
        if score is None and status != Status.UNFINISHED:
            self.failures[str(status)] += 1
        elif score is not None:
            seen.scored, seen.total = seen.scored + len(scores), seen.total + float(sum(scores))
            if self.leader is None or score > self.leader.score:
                self.leader = leader(score)
        if self.leader is not None:
            for number in {generation, *(n for n in self._best if n > generation)}:
                self._best[number] = self.leader.score

    @property
    def elapsed(self) -> float:
        """Seconds spent on the run, earlier sessions included."""
        return self.before + self.clock() - self.started

    @property
    def best(self) -> list[float]:
        """Best score up to the end of each generation that something is known of."""
        return [self._best[number] for number in sorted(self._best)]

    @property
    def generation(self) -> int:
        """The latest generation that something is known of."""
        return max(self.generations, default=0)

    @property
    def generation_limit(self) -> int | None:
        """How many generations there will be, where that is known."""
        known = self.phase == "search" and self.limit is not None
        return math.ceil((self.limit or 0) / self.population) if known else None

    @property
    def means(self) -> list[float | None]:
        """Mean score of each generation that something is known of."""
        return [self.generations[number].mean for number in sorted(self.generations)]

    @property
    def share(self) -> float | None:
        """How much of the phase is done, or of the time that bounds the whole run, from 0 to 1, where that is known."""
        if self.seconds:
            return min(1.0, self.elapsed / self.seconds)
        return min(1.0, self.done / self.limit) if self.limit else None

    @property
    def rate(self) -> float | None:
        """Networks a second in this session and phase, where one is like another: after the search their lengths differ."""
        if self._phase_done is None or self.stage or self.phase in (Phase.CHAMPION, Phase.REFIT):
            return None
        done, seconds = self.done - self._phase_done, self.clock() - self._phase_started
        return done / seconds if done and seconds > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds until the phase is over, or the whole run where time bounds it, as far as that can be told."""
        if self.seconds:
            return max(0.0, self.seconds - self.elapsed)
        if self.limit and self.rate:
            return max(0.0, (self.limit - self.done) / self.rate)
        return None


def _leader(evaluation: Evaluation, score: float) -> Leader:
    candidate = evaluation.candidate
    description = (evaluation.best or candidate.genome).describe()
    return Leader(candidate.id, score, evaluation.parameters, description)


def _leader_of_row(row: Row, score: float) -> Leader:
    return Leader(row.id, score, row.parameters, row.best_text or row.description)


def _sizes(evaluations: Sequence[Evaluation]) -> int:
    """How many genomes were evaluated."""
    return sum(evaluation.candidate.size for evaluation in evaluations)
