"""The search: joins space, algorithm, evaluator, backend and store, and takes a run from its first candidate to its champion."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Self

from speciate.algorithms import Algorithm
from speciate.backends import Backend
from speciate.champion import Model, run_facts
from speciate.errors import UsageError
from speciate.evaluators import Champion, Evaluator
from speciate.networks.network import Network
from speciate.records import Lineage
from speciate.run.allowance import Allowance
from speciate.run.callbacks import Callback, Callbacks
from speciate.run.champion_selection import crown
from speciate.run.definition import Definition, default_backend
from speciate.run.limits import Stopwatch, candidates_limit, ended, resumed_limit
from speciate.run.phases import PhaseRunner, Start, replayed
from speciate.run.storage import Storage
from speciate.run.stored import champion_of
from speciate.run.weight_retention import WeightRetention
from speciate.spaces import Space
from speciate.store import Row, RunFolder, Store


class Search(Definition):
    """Evolve networks: search, final, the champion's real training, one look at the sealed test rows.

    Args:
        space: What may be evolved.
        algorithm: How.
        evaluator: What a candidate is worth.
        store: The run's folder; None keeps the run in memory. A folder with a run goes on with it.
        seed: Seed of everything random, at least 0.
        examples: Training examples each candidate of the search may see.
        backend: Where evaluations run; by default worker processes where the evaluator gains by them, else this process.
        finalists: How many of the best are trained again before one is champion; 0 for no final.
        repeats: With how many seeds.
        final_examples: Examples of the champion's real training; None to double them until its validation score stops
            improving.
        ancestor: A finished network that everything starts from, as `from_champion` or `from_module` give it. The space is
            widened so that it belongs to it. The evaluator has to let children inherit.
        freeze: Whether the ancestor's layers stay as they are, so that networks only grow on top of it.
        callbacks: What watches.

    Attributes:
        status: "new", "running", "finished", "interrupted" or "failed".
        limit: Candidates that the search may have.
        seconds: Wall time of the run; None for any.
        began: When that began to count, in seconds of `time.monotonic`; None for when `run` is called.
        accept_changes: Whether a run goes on although its settings, its data or versions have changed since it began. That is
            written down, and the run cannot be repeated any more.

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
        super().__init__(
            space, algorithm, evaluator, seed, examples, finalists, repeats, final_examples, ancestor, freeze
        )
        self.backend = backend or default_backend(evaluator)
        self.notify = Callbacks(callbacks)
        self.status, self.accept_changes, self.limit, self._was_finished = "new", False, 0, False
        self.seconds: float | None = None
        self.began: float | None = None
        self._storage = Storage(store)
        self._stopwatch = Stopwatch()
        self._allowance: Allowance | None = None
        self._current = algorithm

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
            seconds: Wall time up to the report, that of earlier sessions included.

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
            self.prepare(self._storage.weights)
            self._storage.begin(self.identity(), self.facts(), self.accept_changes, self.event)
            origin = self._storage.take_in(self.ancestry)
            with ended(self._end):
                self._evolve(self._begin(limit, seconds), partial(self.start, origin=origin))
        return self

    def stop(self) -> None:
        """Propose nothing more, as if the limit were reached; a further `run` goes on. Nothing happens once the search is over."""
        if self._allowance is not None:
            self._allowance.stopping = True

    def start(self, algorithm: Algorithm, first_id: int, origin: Lineage | None) -> Algorithm:
        """An algorithm bound to this run; see `Definition`."""
        self._current = super().start(algorithm, first_id, origin)
        return self._current

    @property
    def stage(self) -> tuple[str, int | None]:
        """What the present phase is doing, and how much there is to do; see `Algorithm.stage`."""
        return self._current.stage

    def _evolve(self, allowance: Allowance, start: Start) -> None:
        """The whole way to the champion. What is done already is not done again."""
        store = self.store
        weights = WeightRetention(store, self.evaluator, self.finalists, self.event)
        phases = PhaseRunner(store, self.backend, start, allowance, weights, self._notify, self.event)
        context = self.context({row.name for row in store.baselines()}, partial(self.event, "baseline"))
        for baseline in allowance.baselines(context):
            store.set_baseline(baseline)
        if self.is_complete and self.champion is not None:  # nothing is added, so nobody needs the history
            weights.publish(self.folder, self.champion)
            return
        phases.run(self.algorithm, self.limit)
        champion = crown(phases, weights, self.evaluator, context, self.finalists)
        weights.end_run(self.folder, champion)

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
        return champion_of(self.store)

    @property
    def is_complete(self) -> bool:
        """Whether the run was at its end when this session began, and the limit asks for no more: nothing is added then."""
        return self._was_finished and self.champion is not None and self.store.is_complete(self.limit)

    @property
    def model(self) -> Model:
        """The champion, ready to predict.

        Raises:
            UsageError: There is none, or its evaluator keeps no networks.
            StorageError: Its weight file is missing or was altered.
        """
        if (champion := self.champion) is None:
            raise UsageError("there is no champion", hint="call run() first")
        self.prepare(self._storage.weights)
        return self.evaluator.model(champion, run_facts(self.store))

    @property
    def elapsed(self) -> float:
        """Seconds spent on the run, earlier sessions included."""
        return self._stopwatch.elapsed

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
            self.prepare(self._storage.weights)
            start = partial(self.start, origin=self._storage.take_in(self.ancestry))
            weights = WeightRetention(self.store, self.evaluator, self.finalists, self.event)
            weights.end_search(replayed(self.store, self.algorithm, start).algorithm)
            return weights.keep(self.champion)

    def _begin(self, limit: int, seconds: float | None) -> Allowance:
        self._stopwatch.start(float(self.store.get("seconds", 0.0)), self.began)
        self.seconds, plateau = seconds, self.algorithm.plateau
        self.limit = resumed_limit(self.store, limit, seconds, plateau, self.event)
        self._allowance = Allowance(self.store, seconds, self._stopwatch, self.evaluator, self.event)
        self._was_finished = self.store.get("status") == "finished"
        self.status = "running"
        self.store.set(status=self.status, limit=self.limit)
        self._notify("start")
        self._storage.note(self.ancestry)
        if self.champion is None:
            self.backend.expected = min(self.limit, self.algorithm.population_size)
            self.backend.until = self._allowance.end
            self.backend.start(self.evaluator)
            self.store.set(backend=self.backend.name, workers=self.backend.workers)
        return self._allowance

    def _end(self, status: str) -> None:
        self.status = status
        self.backend.close()
        self._storage.end(status, self._stopwatch.stop())
        self._notify("end")

    def _notify(self, hook: str, *arguments: object) -> None:
        self.notify(hook, self, *arguments)
