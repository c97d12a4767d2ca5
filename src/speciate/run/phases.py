"""The main loop: one algorithm at a time is asked, its candidates are evaluated, and it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from speciate.algorithms import Algorithm
from speciate.algorithms.base import IMMIGRANT
from speciate.backends import Backend
from speciate.evaluators.base import unfinished
from speciate.records import Candidate, Evaluation, Phase
from speciate.run.allowance import Allowance
from speciate.run.failures import FailureWatch, last_line
from speciate.run.identity import Event
from speciate.run.limits import UNLIMITED
from speciate.run.result_cache import ResultCache
from speciate.run.stored import candidate_of, evaluation_of
from speciate.run.weight_retention import WeightRetention
from speciate.store import Store
from speciate.store.connection import sensible

Start = Callable[[Algorithm, int], Algorithm]
"""Binds an algorithm to a run, given the id of its first candidate."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """An algorithm as it was when its run stopped.

    Attributes:
        algorithm: Started, with all that it was told.
        candidates: What it had asked for, in order of id.
        finished: What it had been told, in the order in which that came.
    """

    algorithm: Algorithm
    candidates: list[Candidate]
    finished: list[Evaluation]


def replayed(store: Store, algorithm: Algorithm, start: Start, *, inherited: bool = True) -> Replayed:
    """Bring an algorithm to where its run stopped; the history is its state.

    Args:
        store: The run's store.
        algorithm: The algorithm.
        start: Binds it to the run.
        inherited: Whether its candidates may inherit the weights of others.

    Raises:
        StorageError: What is stored makes no sense.
    """
    with sensible(store.path):
        rows = store.rows(algorithm.phase)
        candidates = [candidate_of(row) for row in rows]
        columns = store.columns("fitness") if any(row.is_slice for row in rows) else {}
        finished = [
            evaluation_of(row, candidate, columns.get(row.id))
            for row, candidate in zip(rows, candidates, strict=True)
            if row.status != "pending"
        ]
        place = {number: place for place, number in enumerate(store.order(algorithm.phase))}
        if not inherited:
            finished = list(map(_without_weights, finished))
        finished.sort(key=lambda evaluation: place[evaluation.candidate.id])
        started = start(algorithm, rows[0].id if rows else store.count()[0])
        started.replay(candidates, finished)
        return Replayed(started, candidates, finished)


def _without_weights(evaluation: Evaluation) -> Evaluation:
    """An evaluation as an algorithm gets it whose candidates inherit nothing: weights may be there for the champion's sake."""
    return replace(evaluation, weights=None) if evaluation.weights else evaluation


@dataclass(slots=True)
class PhaseRunner:
    """Runs algorithms on a backend, into a store. Nothing is lost wherever it is interrupted.

    Attributes:
        store: Gets candidates before the work on them begins, and results as they come.
        backend: Evaluates.
        start: Binds an algorithm to the run.
        allowance: The time of the phases.
        weights: Looks after weight files.
        notify: Calls a hook of what watches.
        event: Writes a notable moment down.
        parallel: How many trainings the backend has at a time; by default one a worker.
    """

    store: Store
    backend: Backend
    start: Start
    allowance: Allowance
    weights: WeightRetention
    notify: Callable[..., None]
    event: Event
    parallel: int | None = None
    failures: FailureWatch = field(init=False)

    def __post_init__(self) -> None:
        self.failures = FailureWatch(self.store)

    def run(self, algorithm: Algorithm, limit: int = UNLIMITED) -> None:
        """Run one algorithm to its end or its limit of candidates, from where it stopped."""
        found = replayed(self.store, algorithm, self.start, inherited=self.weights.inherited)
        algorithm, searching = found.algorithm, found.algorithm.phase is Phase.SEARCH
        self.backend.until = self.allowance.begin(algorithm.phase)
        if searching and found.finished:
            self.weights.restore(self.weights.in_use(algorithm))
        self.notify("phase", algorithm.phase)
        cache = ResultCache()
        cache.sort(found.candidates)  # so that the first of each kind is known
        cache.answer(found.finished)
        done = {evaluation.candidate.id for evaluation in found.finished}
        rest = [algorithm.completed(c) for c in found.candidates if c.id not in done]
        self._submit(algorithm, *cache.sort(rest))
        while True:
            room = min(self.backend.free, limit - algorithm.asked)
            over = room <= 0 or self.allowance.is_over(algorithm.phase)
            if asked := [] if over else algorithm.ask(room):
                self._add(algorithm, asked, cache)
            elif self.backend.idle:  # nothing asked, nothing running
                break
            else:
                self._wait(algorithm, cache)
        if searching:
            self._note_plateau(algorithm)
            self.weights.end_search(algorithm)
            if beliefs := algorithm.beliefs():
                self.store.set(beliefs=beliefs)

    def _add(self, algorithm: Algorithm, asked: Sequence[Candidate], cache: ResultCache) -> None:
        self.store.add(asked)  # written before the work begins
        self._note_collapse(asked)
        fresh, known = cache.sort(asked)
        late = self.allowance.late(fresh, self.parallel or self.backend.workers)
        self.backend.submit([candidate for candidate in fresh if candidate.id not in late])
        self.notify("asked", asked)
        self._tell(algorithm, [*known, *(unfinished(c) for c in fresh if c.id in late)])

    def _wait(self, algorithm: Algorithm, cache: ResultCache) -> None:
        done = self.backend.wait()
        for message in self.backend.incidents():
            self.event("backend", message)
        fresh, known = cache.answer(done)
        self._submit(algorithm, fresh, [*done, *known])

    def _submit(self, algorithm: Algorithm, fresh: Sequence[Candidate], done: Sequence[Evaluation]) -> None:
        self.backend.submit(fresh)
        self._tell(algorithm, done)

    def _tell(self, algorithm: Algorithm, evaluations: Sequence[Evaluation]) -> None:
        if not evaluations:
            return
        algorithm.tell(evaluations if self.weights.inherited else map(_without_weights, evaluations))
        self.store.finish(evaluations)
        self.allowance.tell(evaluations)
        self.backend.until = self.allowance.begin(algorithm.phase)
        self.notify("told", evaluations)
        self.failures.look(algorithm, evaluations)
        self._note_failed(evaluations)
        self.weights.collect(algorithm, evaluations)

    def _note_plateau(self, algorithm: Algorithm) -> None:
        """Say so once if the search ended because nothing got better."""
        if algorithm.is_stuck and self.store.get("plateau") is None:
            self.store.set(plateau=algorithm.plateau)
            counted = f"{algorithm.plateau} networks in a row were no better"
            self.event("plateau", f"{counted}: the search ends after {self.store.evaluated()} evaluations")

    def _note_collapse(self, asked: Sequence[Candidate]) -> None:
        """Say so once if a population came to consist of one genome."""
        immigrant = any(c.operator == IMMIGRANT for c in asked)
        if immigrant and "collapsed" not in {kind for _, kind, _ in self.store.events()}:
            self.event("collapsed", "all of the population are the same network; random ones join it")

    def _note_failed(self, evaluations: Sequence[Evaluation]) -> None:
        """Say so once if members of a slice could not be scored; how many is among the numbers of every generation."""
        first = next((e for e in evaluations if e.metrics.get("failed")), None)
        if first is not None and "failed" not in {kind for _, kind, _ in self.store.events()}:
            why = last_line(first.error) or "their fitness is no finite number"
            self.event("failed", f"networks that cannot be scored count as the worst; the first: {why}")
