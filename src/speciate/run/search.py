"""The search: joins space, algorithm, evaluator, backend and store, and takes a run from its first candidate to its champion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from speciate.algorithms import Algorithm, Final
from speciate.backends import Backend
from speciate.champion import Model, run_facts
from speciate.errors import BusyError, EvaluationError, StorageError, UsageError
from speciate.evaluators import Champion, Evaluator, RunContext
from speciate.networks.network import Network
from speciate.records import Budget, Lineage, Phase
from speciate.run.callbacks import Callback, Callbacks
from speciate.run.champion_selection import finalists, select, winner
from speciate.run.failures import FailureWatch, first_cause
from speciate.run.joining import check_numbers, default_backend, start_from
from speciate.run.limits import Deadline, Stopwatch, candidates_limit, resumed_limit
from speciate.run.phases import PhaseRunner, replayed
from speciate.run.storage import Storage
from speciate.run.stored import candidate_of, recorded
from speciate.run.weight_retention import WeightRetention
from speciate.spaces import Space
from speciate.store import Row, RunFolder, Store
from speciate.versions import versions


class Search:
    """Evolve networks: search, final, the champion's real training, one look at the sealed test rows.

    Args:
        space: What may be evolved.
        algorithm: How.
        evaluator: What a candidate is worth.
        store: The run's folder; None keeps the run in memory. A folder with a run goes on with it.
        seed: Seed of everything random, at least 0.
        examples: Training examples each candidate of the search may see.
        backend: Where evaluations run; by default worker processes on all cores where the evaluator gains by them, else this
            process.
        finalists: How many of the best are trained again before one is champion; 0 for no final.
        repeats: With how many seeds.
        final_examples: Examples of the champion's real training; None to double them until its validation score stops
            improving.
        ancestor: A finished network that everything starts from, as `from_champion` or `from_module` give it. The space is
            widened so that it belongs to it. The evaluator has to let children inherit.
        freeze: Whether the ancestor's layers stay as they are, so that networks only grow on top of it.
        callbacks: What watches.

    Attributes:
        ancestry: The ancestor, fitted to the data; None where the search starts from scratch.
        status: "new", "running", "finished", "interrupted" or "failed".
        limit: Candidates that the search may have.
        seconds: Wall time of the search; None for any.
        accept_changes: Whether a run goes on although its settings, its data or versions have changed since it began. That is
            written down, and nobody can repeat the run any more.

    Raises:
        ConfigurationError: An argument is out of its range.
        DataError: The ancestor cannot take the data.
    """

    def __init__(
        self,
        space: Space,
        algorithm: Algorithm,
        evaluator: Evaluator,
        *,
        store: str | Path | None = None,
        seed: int = 0,
        examples: int = 10_000,
        backend: Backend | None = None,
        finalists: int = 5,
        repeats: int = 3,
        final_examples: int | None = None,
        ancestor: Network | None = None,
        freeze: bool = False,
        callbacks: Iterable[Callback] = (),
    ) -> None:
        check_numbers(seed, examples, finalists, repeats, final_examples)
        self.ancestry, self.space = start_from(ancestor, space, evaluator, seed, freeze)
        self.algorithm, self.evaluator = algorithm, evaluator
        self.seed, self.examples, self.final_examples = seed, examples, final_examples
        self.finalists, self.repeats = finalists, repeats
        self.backend = backend or default_backend(evaluator)
        self.notify = Callbacks(callbacks)
        self.status, self.accept_changes = "new", False
        self.limit = 0
        self.seconds: float | None = None
        self._storage = Storage(store)
        self._stopwatch = Stopwatch()
        self._deadline: Deadline | None = None
        self._origin: Lineage | None = None  # what everything descends from, where it is from outside

    def keep_in(self, folder: str | Path) -> Self:
        """Keep the run in a folder rather than in memory. For a search that has not been run."""
        self._storage = Storage(folder)
        return self

    def run(
        self, *, generations: int | None = None, evaluations: int | None = None, seconds: float | None = None
    ) -> Self:
        """Run to the end, or go on where a run in the same folder stopped.

        Args:
            generations: How many generations; by default 10 if nothing else is given.
            evaluations: How many candidates, instead of generations.
            seconds: Wall time after which no new candidates are proposed; the final and the champion come on top.

        Returns:
            This search.

        Raises:
            ConfigurationError: Limits contradict each other, or the folder holds a different run.
            BusyError: Another process is writing the run.
            EvaluationError: Evaluations fail in a way that stops the run.
            KeyboardInterrupt: It was interrupted; everything finished is kept.
        """
        limit = candidates_limit(generations, evaluations, seconds, self.algorithm.population_size)
        with self._storage.writing():
            self._open()
            self._origin = self._storage.take_in(self.ancestry)
            with self._running():
                self._evolve(self._begin(limit, seconds))
        return self

    def stop(self) -> None:
        """Propose nothing more: what is on its way is finished, then follow the final and the champion.

        For callbacks. The run ends as if its limit were reached, and a further `run` goes on with the search. It has no effect
        once the search is over.
        """
        if self._deadline is not None:
            self._deadline.stopping = True

    def _evolve(self, deadline: Deadline) -> None:
        """The whole way to the champion. What is done already is not done again."""
        store, evaluator, context = self.store, self.evaluator, self._context()
        weights, failures = self._retention(), FailureWatch(self.store, self.algorithm.population_size)
        phases = PhaseRunner(
            store, self.backend, self._started, deadline, failures, weights, self._notify, self.event
        )
        for baseline in evaluator.baselines(context):
            store.set_baseline(baseline)
        phases.run(self.algorithm, self.limit)
        best = finalists(store.rows(Phase.SEARCH), max(1, self.finalists))
        if not best:
            cause = first_cause(self.rows) or "every training diverged"
            hint = "speciate show lists the failures"
            raise EvaluationError("no candidate could be evaluated", why=cause, hint=hint)
        if evaluator.noisy and self.finalists:
            phases.run(Final([candidate_of(row) for row in best], self.repeats))
        chosen = winner(best, store.rows(Phase.FINAL))
        if (closing := evaluator.closing(context, recorded(chosen))) is not None:
            phases.run(closing)
        if self.champion is None:
            weights.restore({row.weights for row in store.rows(Phase.CHAMPION) if row.weights})
            select(store, evaluator, context, chosen)
            self.event("champion", f"candidate {chosen.id} is the champion: {chosen.description}")
        if (champion := self.champion) is not None:
            weights.keep({champion.weights} if champion.weights else set())
            if self.folder is not None:
                weights.publish(self.folder.champion, champion)

    @property
    def store(self) -> Store:
        """The run's store.

        Raises:
            UsageError: The run has a folder and has not been started.
        """
        return self._storage.store

    @property
    def folder(self) -> RunFolder | None:
        """The run's folder; None for a run in memory."""
        return self._storage.folder

    @property
    def rows(self) -> list[Row]:
        """Every candidate so far with what came of it, in order of id."""
        return self.store.rows()

    @property
    def champion(self) -> Champion | None:
        """The champion, once there is one."""
        found = self.store.get("champion")
        return None if found is None else Champion.from_json(found)

    @property
    def model(self) -> Model:
        """The champion, ready to predict.

        Raises:
            UsageError: There is none, or its evaluator keeps no networks.
            StorageError: Its weight file is missing or was altered.
        """
        if (champion := self.champion) is None:
            raise UsageError("there is no champion", hint="call run() first")
        self._prepare()
        return self.evaluator.model(champion, run_facts(self.store))

    @property
    def elapsed(self) -> float:
        """Seconds spent on the run, earlier sessions included."""
        return self._stopwatch.elapsed

    def identity(self) -> dict[str, Any]:
        """What decides the run's results, as JSON."""
        return {
            "space": self.space.to_json(),
            "algorithm": self.algorithm.identity(),
            "evaluator": self.evaluator.describe(),
            "seed": self.seed,
            "examples": self.examples,
            "finalists": self.finalists,
            "repeats": self.repeats,
            "final_examples": self.final_examples,
            "ancestor": None if self.ancestry is None else self.ancestry.identity(),
        }

    def event(self, kind: str, message: str) -> None:
        """Write a notable moment down and tell what watches."""
        self.store.event(kind, message)
        self._notify("event", kind, message)

    def collect(self) -> int:
        """Delete the weight files that neither the champion nor whatever may follow in this run needs; how many went.

        Raises:
            BusyError: Another process is writing the run.
            UsageError: The run is in memory.
            CreationError: The folder cannot be written to.
        """
        if self.folder is None:
            raise UsageError("a run in memory keeps no weight files")
        with self._storage.writing():
            self._prepare()
            self._origin = self._storage.take_in(self.ancestry)
            weights, champion = self._retention(), self.champion
            weights.end_search(replayed(self.store, self.algorithm, self._started).algorithm)
            if champion is not None and champion.weights:
                return weights.keep({champion.weights})
            return weights.keep({row.weights for row in self.store.rows(Phase.CHAMPION) if row.weights})

    def _open(self) -> None:
        """Begin a run in the store, or make sure that it is this one."""
        self._prepare()
        facts = {
            "name": self.folder.path.resolve().name if self.folder else "",
            "seed": self.seed,
            "examples": self.examples,
            "algorithm": self.algorithm.name,
            "algorithm_label": self.algorithm.label,  # for reports where the algorithm is not installed
            "population_size": self.algorithm.population_size,
            "versions": versions(),
            "data": self.evaluator.facts(),
        }
        self._storage.begin(self.identity(), facts, self.accept_changes, self.event)

    def _prepare(self) -> None:
        frozen = frozenset[str]() if self.ancestry is None else self.ancestry.frozen
        self.evaluator.prepare(self._storage.weights, frozen)

    def _begin(self, limit: int, seconds: float | None) -> Deadline:
        self._stopwatch.start(float(self.store.get("seconds", 0.0)))
        self._deadline = Deadline(self.store, seconds, self._stopwatch, self.event)
        self.limit, self.seconds = resumed_limit(self.store, limit, seconds, self.event), seconds
        self.status = "running"
        self.store.set(status="running", limit=self.limit)
        self._notify("start")
        said = {message for _, _, message in self.store.events()}
        for note in () if self.ancestry is None else self.ancestry.notes:
            if note not in said:  # people should know it; the plan and the result show it too
                self.store.event("ancestor", note)
        if self.champion is None:
            self.backend.start(self.evaluator)
            self.store.set(backend=self.backend.name, workers=self.backend.workers)
        return self._deadline

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Keep how the run ends."""
        try:
            yield
            self.status = "finished"
        except KeyboardInterrupt:
            self.status = "interrupted"
            raise
        except BaseException:
            self.status = "failed"
            raise
        finally:
            self.backend.close()
            # Of what it failed with, not of what follows: it may well be that nothing can be written.
            with suppress(StorageError, BusyError) if self.status == "failed" else nullcontext():
                self.store.set(status=self.status, seconds=self._stopwatch.stop())
                self.store.settle()
            self._notify("end")

    def _context(self) -> RunContext:
        ancestor = None if self.ancestry is None else self.ancestry.network
        known = {row.name for row in self.store.baselines()}
        return RunContext(self.seed, self.examples, self.final_examples, ancestor, known)

    def _retention(self) -> WeightRetention:
        return WeightRetention(self.store, self.evaluator, self.finalists, self.event)

    def _started(self, algorithm: Algorithm, first_id: int) -> Algorithm:
        """An algorithm bound to this run."""
        budget = Budget(self.examples)
        return algorithm.start(
            self.space, seed=self.seed, budget=budget, first_id=first_id, origin=self._origin
        )

    def _notify(self, hook: str, *arguments: object) -> None:
        self.notify(hook, self, *arguments)
