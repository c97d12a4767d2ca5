"""The wall time of a run: how it is shared out over search, final and the rest, and what the clock has decided."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from speciate.algorithms.halving import cost_of
from speciate.evaluators import Evaluator, RunContext
from speciate.records import Candidate, Evaluation, Phase, Status
from speciate.run.identity import Event
from speciate.run.limits import UNLIMITED, Stopwatch
from speciate.store import Baseline, Row, Store

REPORT, ROW, SCORING = 1.3, 0.005, (0.5, 0.05, 3.0)
"""Seconds for the champion's files and the report, and for each candidate in it; and for the last examination: at least, as a share of
all, at most."""
FORWARD = 0.3
"""To answer for a row takes so much of the time of training on it."""
BASELINES = 0.1
"""What share of the time the baselines may take before the search."""
STRETCH = 4.0
"""On a busy machine seconds are counted as up to so many."""
FIRST = 0.8
"""What share of the time the first result of a search may take."""
RECENT = 8
"""Of so many trainings is known how much longer they take than was thought."""
BUSY = 0.2
"""So many seconds of work at least tell how busy a machine is: by how long they took."""
SHORT, SHORTEST = 0.5, 8
"""A training that must succeed is to take this share of the time that is left, or an eighth of the examples where that is more."""


class Pace:
    """How long trainings take, by those that there were."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}  # an example's, by candidate
        self._latest: deque[int] = deque(maxlen=RECENT)
        self._searched: deque[float] = deque(maxlen=RECENT)
        self._thought: deque[tuple[float, float]] = deque(maxlen=RECENT)

    def note(self, number: int, phase: Phase, seconds: float, examples: int) -> None:
        """A training has shown so many examples in so many seconds."""
        if seconds > 0 and examples > 0:
            self._seconds[number] = seconds / examples
            self._latest.append(number)
            if phase is Phase.SEARCH:
                self._searched.append(seconds)

    def tell(self, evaluations: Iterable[Evaluation]) -> None:
        """Learn from results."""
        for evaluation in evaluations:
            candidate, cost = evaluation.candidate, evaluation.cost
            if evaluation.ok and evaluation.repeat_of is None:
                thought = self._first(candidate)
                if thought and candidate.phase is not Phase.SEARCH:
                    self._thought.append((thought * candidate.budget.examples, cost.seconds))
            self.note(
                candidate.id, candidate.phase, cost.seconds, cost.examples_seen or candidate.budget.examples
            )

    def _first(self, candidate: Candidate) -> float | None:
        """Seconds that an example took the network that is trained again, on which its training is modeled."""
        return self._seconds.get(candidate.parents[0]) if candidate.parents else None

    @property
    def typical(self) -> float:
        """Seconds that candidates of the search take of late; 0 where nothing is known."""
        return sum(self._searched) / len(self._searched) if self._searched else 0.0

    @property
    def slow(self) -> float:
        """Seconds that an example took the slowest of the networks of late; 0 where nothing is known."""
        return max((self._seconds[number] for number in self._latest), default=0.0)

    def example(self, number: int) -> float:
        """Seconds that an example took a candidate; 0 where that is not known."""
        return self._seconds.get(number, 0.0)

    def seconds(self, candidate: Candidate) -> float:
        """What a candidate that follows the search is going to take; 0 where nothing is known."""
        before, since = (
            (sum(column) for column in zip(*self._thought, strict=True)) if self._thought else (1, 1)
        )
        return (self._first(candidate) or 0.0) * candidate.budget.examples * since / before


class Allowance:
    """The time of a run, from which each of its phases gets a share, and its request to stop.

    The time is the whole run's: from `Stopwatch`'s beginning to the report. Shares and other decisions of the clock are stored as they
    are made, in seconds of the run, so that a run that goes on does not make them again. A run whose search was over before there
    were shares goes on as it began: its limit was the search's alone.

    Args:
        store: The run's store.
        seconds: Wall time; None for any.
        watch: Measures it.
        evaluator: Says what share of it a phase gets.
        event: Writes a notable moment down.

    Attributes:
        whole: Whether the time bounds the whole run.
        stopping: Whether the search was asked to stop.
        pace: How long trainings take.
        stretch: How much longer things take than on a quiet machine.
    """

    def __init__(
        self,
        store: Store,
        seconds: float | None,
        watch: Stopwatch,
        evaluator: Evaluator,
        event: Event,
    ) -> None:
        self.store, self.seconds, self.watch, self.evaluator = store, seconds, watch, evaluator
        self.event = event
        self.stopping = self._said = False
        self.pace, self.stretch = Pace(), 1.0
        self._has_result = False
        known: dict[str, Any] | None = store.get("allowance")
        self.whole = seconds is not None and (known is not None or store.get("time_is_up") is None)
        self._decided: dict[str, Any] = (
            known if known and known["seconds"] == seconds else {"seconds": seconds}
        )
        self._written = watch.elapsed
        for row in store.rows() if self.whole else ():
            self.pace.note(row.id, Phase(row.phase), row.seconds, row.examples_seen)

    def decide(self, name: str, value: Callable[[], Any]) -> Any:
        """What the clock has decided, or decides now: anything JSON can hold."""
        if name not in self._decided:
            self._decided[name] = value()
            self._write(allowance=self._decided)
        return self._decided[name]

    def _write(self, **facts: Any) -> None:
        self._written = self.watch.elapsed
        self.store.set(seconds=self._written, **facts)

    @property
    def left(self) -> float:
        """Seconds until the report has to be begun."""
        return self._rest - self.stretch * (REPORT + ROW * self.store.count()[0] if self.whole else 0.0)

    @property
    def _rest(self) -> float:
        return self.seconds - self.watch.elapsed if self.whole and self.seconds is not None else math.inf

    @property
    def for_training(self) -> float:
        """Seconds until the champion has to be examined."""
        least, part, most = SCORING
        rows = 0 if (data := self.evaluator.data) is None else len(data.valid) + data.test.rows
        passes = FORWARD * rows * self.pace.slow
        return self.left - self.stretch * min(most, max(least, part * (self.seconds or 0.0))) - passes

    @property
    def end(self) -> float:
        """When the report has to be begun, in seconds of `time.monotonic`."""
        return time.monotonic() + self.left

    def bound(self, until: float = math.inf) -> None:
        """Let what the evaluator does in this process be unfinished after a moment of `time.monotonic`."""
        if self.evaluator.until != until:
            self.evaluator.until = until

    def baselines(self, context: RunContext) -> Iterator[Baseline]:
        """The evaluator's baselines, in a small part of the time."""
        self.stretch = min(STRETCH, max(1.0, self.watch.session / max(BUSY, time.process_time())))
        if self.whole and "baselines" in self._decided:  # those that were left out are not tried again
            return
        until = time.monotonic() + BASELINES * max(0.0, self.for_training)
        self.bound(until)
        yield from self.evaluator.baselines(replace(context, left=lambda: until - time.monotonic()))
        self.bound()
        if self.whole:
            self.decide("baselines", lambda: True)

    def affordable(self, rows: Sequence[Row], parallel: int) -> float:
        """What a final and the trainings on all rows may cost in the time that is left, by what the search's trainings have cost.

        Args:
            rows: The search's.
            parallel: How many are trained at a time.
        """
        if not self.whole:
            return math.inf
        known = [row for row in rows if row.status == Status.OK and row.repeat_of is None]
        known = known[parallel:] or known  # the first of a worker took longer
        cost = sum(cost_of(row.parameters, row.examples_seen) for row in known)
        seconds = sum(row.seconds for row in known)
        rate = cost / seconds * max(1, parallel) if seconds else 0.0
        return float(self.decide("affordable", lambda: rate * max(0.0, self.for_training)))

    def short(self, number: int, examples: int) -> int:
        """How many examples a training may have that has to succeed in the time that is left, at most those of a candidate."""
        rate, left = self.pace.example(number), max(0.0, self.for_training)
        least = -(-examples // SHORTEST)
        fit = max(least, int(SHORT * left / rate)) if rate else least
        self.decide(Phase.CHAMPION, lambda: UNLIMITED)  # late is better than nothing
        return int(self.decide("short", lambda: min(examples, fit)))

    def begin(self, phase: Phase) -> float:
        """A phase begins, or goes on; when it has to be over, in seconds of `time.monotonic`.

        For its first result a search has most of the time that is left, since there is nothing without one; or, if it trains nothing and
        none could be sooner, as long as it takes.
        """
        if not self.whole:
            return math.inf
        share = self.evaluator.time_share(phase)
        end = self.decide(phase, lambda: self.watch.elapsed + share * max(0.0, self.for_training))
        rest = float(end) - self.watch.elapsed
        if phase is Phase.SEARCH and not self._has_result:
            self._has_result = any(row.score is not None for row in self.store.rows(phase))
            if not self._has_result:
                rest = max(rest, FIRST * self.for_training) if self.evaluator.trains else math.inf
        return time.monotonic() + rest

    def is_over(self, phase: Phase) -> bool:
        """Whether to propose nothing more. Something is tried, however short the time is."""
        if phase is Phase.SEARCH:
            return self._is_search_over()
        return self.whole and self.watch.elapsed >= self._decided[phase]

    def _is_search_over(self) -> bool:
        if self.stopping and self.store.count()[0]:
            if not self._said:
                self._said = True
                self.event("stopped", "the search was asked to stop: nothing more is proposed")
            return True
        if self.seconds is None:
            return False
        if self.store.get("time_is_up") is not None:
            return True
        end = self._decided[Phase.SEARCH] if self.whole else self.seconds
        typical = self.pace.typical if self.whole else 0.0  # what cannot be finished is not begun
        if self.watch.elapsed + typical < end or self.store.count()[0] == 0:
            return False
        self.store.set(time_is_up=self.seconds)
        limit = (
            f"the search's part of the {self.seconds:g} s"
            if self.whole
            else f"the time limit of {self.seconds:g} s"
        )
        self.event("time", f"{limit} is over after {self.store.evaluated()} evaluations")
        return True

    def late(self, candidates: Sequence[Candidate], parallel: int) -> set[int]:
        """The ids of those among candidates that would not be finished in time: they are not begun.

        Args:
            candidates: All of one phase, in the order in which they would begin.
            parallel: How many are trained at a time.
        """
        if not self.whole or not candidates or (phase := candidates[0].phase) is Phase.SEARCH:
            return set()
        rest, before, found = self._decided[phase] - self.watch.elapsed, 0.0, set[int]()
        for place, candidate in enumerate(candidates):
            own = self.pace.seconds(candidate)
            ahead = before / parallel if place >= parallel else 0.0
            if ahead + own > rest:
                found.add(candidate.id)
            else:
                before += own
        return found

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Learn from results, and keep how much time has passed: a run that is killed has used it."""
        if not self.whole:
            return
        self.pace.tell(evaluations)
        if self.watch.elapsed - self._written >= 1.0:
            self._write()
