"""The search: joins space, algorithm, evaluator, backend and store, and owns the main loop."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from speciate.algorithms import Algorithm, Final
from speciate.algorithms.base import IMMIGRANT
from speciate.backends import Backend, InlineBackend, ProcessBackend, available_cores
from speciate.champion import Model, is_current, run_facts
from speciate.errors import BusyError, ConfigurationError, EvaluationError, StorageError, UsageError
from speciate.evaluators import Champion, Evaluator, RunContext
from speciate.inheritance.finished_network import Ancestry
from speciate.networks.network import Network
from speciate.records import Budget, Candidate, Evaluation, Lineage, Phase, Status
from speciate.run.callbacks import Callback, Callbacks
from speciate.run.champion_selection import finalists, select, winner
from speciate.run.identity import candidate_of, changes, evaluation_of, recorded, refuse
from speciate.run.restoring import restore
from speciate.run.result_cache import Repeats
from speciate.spaces import Space
from speciate.store import Row, RunFolder, Store, WeightFolder, utc_now
from speciate.store.connection import sensible
from speciate.versions import versions

SAME_FAILURES = 5
"""Equal failures in a row after which a run stops: the cause is not the candidates."""

HINTS = {
    Status.DIVERGED: "more candidates (--population), or targets and inputs of a smaller range",
    Status.OOM: "smaller networks or batches (--batch-size), or --device cpu",
    Status.TIMEOUT: "more time (--candidate-time), fewer examples or smaller networks",
    Status.INFEASIBLE: "more memory (--worker-memory), fewer workers or smaller networks",
}
"""What to try after so many failures of a kind."""


class Search:
    """Evolve networks: search, final, the champion's real training, one look at the sealed test rows.

    Args:
        space: What may be evolved.
        algorithm: How.
        evaluator: What a candidate is worth.
        store: The run's folder; None keeps the run in memory. A folder with a run goes on with it.
        seed: Seed of everything random, at least 0.
        examples: Training examples each candidate of the search may see.
        backend: Where evaluations run; by default worker processes on all cores for training, else this process.
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
        for name, value, low in (
            ("seed", seed, 0),
            ("examples", examples, 1),
            ("finalists", finalists, 0),
            ("repeats", repeats, 1),
            ("final_examples", final_examples, 1),
        ):
            if value is not None and (type(value) is not int or value < low):
                raise ConfigurationError(f"{name} must be a whole number of at least {low}, got {value!r}")
        self.ancestry = _ancestry(ancestor, space, evaluator, seed, freeze)
        self.space = space
        if self.ancestry is not None and evaluator.data is not None:
            self.space = self.ancestry.space(space, evaluator.data.input_shape)
        self.algorithm, self.evaluator = algorithm, evaluator
        self.seed, self.examples, self.final_examples = seed, examples, final_examples
        self.finalists, self.repeats = finalists, repeats
        self.backend = backend or default_backend(evaluator)
        self.folder = None if store is None else RunFolder(Path(store))
        self.notify = Callbacks(callbacks)
        self.phase = Phase.SEARCH
        self.status = "new"
        self.accept_changes = False
        self.limit = 0
        self.seconds: float | None = None
        self._temporary: Path | None = None
        self._store: Store | None = None if self.folder else Store()
        self._failures: list[str] = []
        self._alive = False  # whether anybody could be evaluated
        self._collapsed = False
        self._origin: Lineage | None = None  # what everything descends from, where it is from outside
        self._passed_on: set[str] = set()  # weight files of the search that have not been deleted
        self._needed: set[str] = set()  # weight files without which the search could not go on
        self._started = 0.0

    @property
    def store(self) -> Store:
        """The run's store.

        Raises:
            UsageError: The run has a folder and has not been started.
        """
        if self._store is None and self.folder is not None and self.folder.exists:
            self._store = Store(self.folder.database, readonly=True)
        if self._store is None:
            raise UsageError("the search has not been run yet", hint="call run() first")
        return self._store

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
            UsageError: There is none, or it was not trained on data.
            StorageError: Its weight file is missing or was altered.
        """
        champion = self.champion
        if champion is None:
            raise UsageError("there is no trained champion", hint="call run() first, with data to learn from")
        self._prepare()
        return self.evaluator.model(champion, run_facts(self.store))

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
        limit = self._limit(generations, evaluations, seconds)
        try:
            self._open()
        except BaseException:
            self._unlock()
            raise
        try:
            self._go(limit, seconds)
            self.status = "finished"
        except KeyboardInterrupt:
            self.status = "interrupted"
            raise
        except BaseException:
            self.status = "failed"
            raise
        finally:
            self._close()
        return self

    def _limit(self, generations: int | None, evaluations: int | None, seconds: float | None) -> int:
        if generations is not None and evaluations is not None:
            raise ConfigurationError("give generations or evaluations, not both")
        for name, value in (("generations", generations), ("evaluations", evaluations), ("seconds", seconds)):
            if value is not None and value <= 0:
                raise ConfigurationError(f"{name} must be greater than 0, got {value}")
        if evaluations is not None:
            return evaluations
        if generations is None and seconds is not None:
            return 10**9
        return (generations or 10) * self.algorithm.population_size

    def _open(self) -> None:
        if self.folder is not None:
            self.folder.create()
            self.folder.lock()
            if self._store is not None:
                self._store.close()
            self._store = Store(self.folder.database)
        self._prepare()
        self._close_gaps()
        identity = self.identity()
        if (known := self.store.get("identity")) is not None:
            self._recognize(known, identity)
        else:
            self.store.set(identity=identity, created=utc_now(), **self._facts())
        self._write_manifest()
        self._take_in()

    def _prepare(self) -> None:
        frozen = frozenset[str]() if self.ancestry is None else self.ancestry.frozen
        self.evaluator.prepare(self._weight_folder(), frozen)

    def _take_in(self) -> None:
        """Copy the ancestor's weights and genome into the run, which does not need to find it again."""
        if self.ancestry is None:
            return
        weights = self._weight_folder().save(self.ancestry.network.tensors)
        self._origin = self.ancestry.lineage(weights)
        if self.store.get("ancestor") is None:
            self.store.set(ancestor=self.ancestry.to_json(weights))

    def _close_gaps(self) -> None:
        """In a run that was salvaged, forget what follows the first candidate that is lost: it comes again as it was."""
        if not self.store.get("salvaged"):
            return
        if later := self.store.close_gaps():
            self.event("salvaged", f"{later} candidates after one that is lost are evaluated again")
        self.store.set(salvaged=False)

    def _recognize(self, known: dict[str, Any], identity: dict[str, Any]) -> None:
        """Refuse to go on with a run under other conditions than it began with, or write down that this is wanted."""
        found = changes(known, identity, self.store.get("versions", {}), versions())
        if found and not self.accept_changes:
            refuse(found)
        if found:
            self.event("changed", f"the run cannot be repeated any more: {'; '.join(found)}")
            self.store.set(
                identity=identity, versions=versions(), repeatable=False, data=self.evaluator.facts()
            )

    def _write_manifest(self) -> None:
        """Write beside the database what a run is, for people, and for noticing that the database is gone."""
        if self.folder is None or self.folder.manifest.exists():
            return
        facts = self.store.facts()
        keys = ("name", "created", "seed", "identity", "versions")
        self.folder.write_manifest({**{key: facts.get(key) for key in keys}, "training_threads": 1})

    def _facts(self) -> dict[str, Any]:
        """What reports say about the run; nothing is decided by it."""
        return {
            "name": self.folder.path.resolve().name if self.folder else "",
            "seed": self.seed,
            "examples": self.examples,
            "algorithm": self.algorithm.name,
            "population_size": self.algorithm.population_size,
            "versions": versions(),
            "data": self.evaluator.facts(),
        }

    def _weight_folder(self) -> WeightFolder:
        if self.folder is not None:
            return self.folder.weights
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="speciate-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return WeightFolder(self._temporary)

    def _close(self) -> None:
        self.backend.close()
        unable = suppress(StorageError, BusyError) if self.status == "failed" else nullcontext()
        try:
            self._before, self._started = self.elapsed, 0.0
            with unable:  # what it failed with is to be told, which may well be that nothing can be written
                self.store.set(status=self.status, seconds=self._before)
                self.store.settle()
            self.notify("end", self)
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self.folder is not None:
            self.folder.unlock()

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

    @property
    def elapsed(self) -> float:
        """Seconds spent on the run, earlier sessions included."""
        now = time.monotonic() - self._started if self._started else 0.0
        return self._before + now

    _before = 0.0

    def _go(self, limit: int, seconds: float | None) -> None:
        self._before, self._started = float(self.store.get("seconds", 0.0)), time.monotonic()
        limit = self._resumed_limit(limit, seconds)
        self.limit, self.seconds, self.status = limit, seconds, "running"
        self.store.set(status="running", limit=limit)
        self.notify("start", self)
        self._warn()
        if self.champion is None:
            self.backend.start(self.evaluator)
            self.store.set(backend=self.backend.name, workers=self.backend.workers)
        ancestor = None if self.ancestry is None else self.ancestry.network
        known = {row.name for row in self.store.baselines()}
        context = RunContext(self.seed, self.examples, self.final_examples, ancestor, known)
        for baseline in self.evaluator.baselines(context):
            self.store.set_baseline(baseline)
        self._phase(self.algorithm, limit, seconds)
        best = finalists(self.store.rows(Phase.SEARCH), max(1, self.finalists))
        if not best:
            errors = [row.error.strip().splitlines()[-1] for row in self.rows if row.error.strip()]
            cause = errors[0] if errors else "every training diverged"
            raise EvaluationError(
                "no candidate could be evaluated", why=cause, hint="speciate show lists the failures"
            )
        if self.evaluator.noisy and self.finalists:
            self._phase(Final([candidate_of(row) for row in best], self.repeats))
        champion = winner(best, self.store.rows(Phase.FINAL))
        closing = self.evaluator.closing(context, recorded(champion))
        if closing is not None:
            self._phase(closing)
        if self.champion is None:
            self._mend({row.weights for row in self.store.rows(Phase.CHAMPION) if row.weights})
            select(self.store, self.evaluator, context, champion)
            self.event("champion", f"candidate {champion.id} is the champion: {champion.description}")
        self._tidy()
        self._write_champion()

    def _resumed_limit(self, limit: int, seconds: float | None) -> int:
        """What is finished stays so, unless there is more to do now: more candidates, or more time than was up."""
        spent = self.store.get("time_is_up")
        if spent is not None and (seconds is None or seconds > spent):
            self.store.set(time_is_up=(spent := None))
        rows = self.store.rows()
        asked = sum(row.size for row in rows if row.phase == Phase.SEARCH)
        over = any(row.phase != Phase.SEARCH for row in rows) or self.champion is not None
        if over and limit > asked and spent is None:
            self.store.reopen()
            self.event("prolonged", f"the search goes on from {asked} candidates; the final is held again")
        return asked if over and limit <= asked else limit

    def _warn(self) -> None:
        """Write down once what people should know about the ancestor; the plan and the result show it."""
        said = {message for _, _, message in self.store.events()}
        for note in () if self.ancestry is None else self.ancestry.notes:
            if note not in said:
                self.store.event("ancestor", note)

    def _tidy(self) -> None:
        """Keep the weights of the champion, and those without which the search could not be prolonged."""
        champion = self.champion
        if self.evaluator.weights is not None and champion is not None:
            own = {champion.weights} if champion.weights else set()
            self.evaluator.weights.keep(own | self._needed)

    def _write_champion(self) -> None:
        """Write the champion's folder, unless it is there."""
        champion, weights = self.champion, self.evaluator.weights
        if self.folder is None or champion is None:
            return
        if champion.weights is not None and weights is not None:
            if is_current(self.folder.champion, champion.weights):
                return
            self._mend({champion.weights})
            if not weights.is_sound(champion.weights):  # the run's results stand without it
                self.event("lost", "the champion's weights are lost: its file is missing or was altered")
                return
        self.evaluator.publish(self.folder.champion, champion, run_facts(self.store))

    def event(self, kind: str, message: str) -> None:
        """Write a notable moment down and tell whoever watches."""
        self.store.event(kind, message)
        self.notify("event", self, kind, message)

    def _phase(self, algorithm: Algorithm, limit: int = 10**9, seconds: float | None = None) -> None:
        """Run one algorithm to its end or its limit of candidates, from where it stopped."""
        self.phase = algorithm.phase
        started, candidates, finished = self._replayed(algorithm)
        if algorithm.phase is Phase.SEARCH and finished:
            self._mend(self._in_use(started))
        self.notify("phase", self, algorithm.phase)
        repeats = Repeats()
        repeats.sort(candidates)  # so that the first of each kind is known
        repeats.answer(finished)
        done = {evaluation.candidate.id for evaluation in finished}
        fresh, known = repeats.sort([started.completed(c) for c in candidates if c.id not in done])
        self.backend.submit(fresh)
        self._tell(started, known)
        self._loop(started, repeats, limit, seconds)
        if algorithm.phase is Phase.SEARCH:
            self._needed = self._in_use(started)

    def _replayed(self, algorithm: Algorithm) -> tuple[Algorithm, list[Candidate], list[Evaluation]]:
        """An algorithm as it was when its run stopped, with what it had asked for and been told."""
        with sensible(self.store.path):
            return self._read(algorithm)

    def _read(self, algorithm: Algorithm) -> tuple[Algorithm, list[Candidate], list[Evaluation]]:
        rows = self.store.rows(algorithm.phase)
        first = rows[0].id if rows else self.store.count()[0]
        candidates = [candidate_of(row) for row in rows]
        columns = self.store.columns("fitness") if any(row.is_slice for row in rows) else {}
        finished = [
            evaluation_of(row, c, columns.get(row.id))
            for row, c in zip(rows, candidates, strict=True)
            if row.status != "pending"
        ]
        started = algorithm.start(
            self.space, seed=self.seed, budget=Budget(self.examples), first_id=first, origin=self._origin
        )
        place = {number: place for place, number in enumerate(self.store.order(algorithm.phase))}
        finished.sort(key=lambda evaluation: place[evaluation.candidate.id])
        started.replay(candidates, finished)
        return started, candidates, finished

    def _mend(self, needed: set[str]) -> None:
        """Make weight files again that are missing or were altered."""
        if self.evaluator.weights is None:
            return
        made, lost = restore(self.store.rows(), self.evaluator, needed)
        for row in made:
            self.event(
                "restored",
                f"the weights of candidate {row.id} were lost and are trained again, the same ones",
            )
        for row in lost:
            self.event("lost", f"the weights of candidate {row.id} are lost, and training gives others here")

    def collect(self) -> int:
        """Delete the weight files that neither the champion nor whatever may follow in this run needs; how many went.

        Raises:
            BusyError: Another process is writing the run.
            UsageError: The run is in memory.
            CreationError: The folder cannot be written to.
        """
        if self.folder is None:
            raise UsageError("a run in memory keeps no weight files")
        self.folder.create()
        self.folder.lock()
        try:
            if self._store is not None:
                self._store.close()
            self._store = Store(self.folder.database)
            self._take_in()
            needed = self._in_use(self._replayed(self.algorithm)[0])
            grown = {row.weights for row in self.store.rows(Phase.CHAMPION) if row.weights}
            own = {self.champion.weights} if self.champion and self.champion.weights else grown
            return self.folder.weights.keep(needed | own)
        finally:
            self._unlock()

    def _loop(self, algorithm: Algorithm, repeats: Repeats, limit: int, seconds: float | None) -> None:
        store, backend = self.store, self.backend
        while True:
            room = min(backend.free, limit - algorithm.asked)
            asked = algorithm.ask(room) if room > 0 and not self._time_is_up(seconds) else []
            if asked:
                store.add(asked)  # written before the work begins
                self._note_collapse(asked)
                fresh, known = repeats.sort(asked)
                backend.submit(fresh)
                self.notify("asked", self, asked)
                self._tell(algorithm, known)
            elif backend.idle:  # nothing asked, nothing running
                break
            else:
                done = backend.wait()
                for message in backend.incidents():
                    self.event("backend", message)
                fresh, known = repeats.answer(done)
                backend.submit(fresh)
                self._tell(algorithm, [*done, *known])

    def _tell(self, algorithm: Algorithm, evaluations: Sequence[Evaluation]) -> None:
        if not evaluations:
            return
        algorithm.tell(evaluations)
        self.store.finish(evaluations)
        self.notify("told", self, evaluations)
        self._watch(evaluations)
        self._collect(algorithm, evaluations)

    def _collect(self, algorithm: Algorithm, evaluations: Sequence[Evaluation]) -> None:
        """Once a generation, delete the weights that nobody can inherit any more.

        Files that the driver has not heard of are left alone: a worker may be about to report one.
        """
        weights = self.evaluator.weights
        if weights is None or algorithm.phase is not Phase.SEARCH:
            return
        self._passed_on |= {e.weights for e in evaluations if e.weights}
        if len(self._passed_on) < 2 * algorithm.population_size:
            return
        kept = self._in_use(algorithm)
        weights.remove(self._passed_on - kept)
        self._passed_on &= kept

    def _in_use(self, algorithm: Algorithm) -> set[str]:
        """The weight files that children, candidates on their way, the final or the champion may go on from."""
        rows = self.store.rows(Phase.SEARCH)
        needed = [*finalists(rows, max(1, self.finalists)), *(row for row in rows if row.status == "pending")]
        found = algorithm.weights_in_use() | {row.weights for row in needed if row.weights}
        return found | {name for row in needed for _, _, name in row.ancestors}

    def _time_is_up(self, seconds: float | None) -> bool:
        """Whether the wall time of the search is spent; once it is, that is part of the run."""
        if seconds is None or self.phase is not Phase.SEARCH:
            return False
        if self.store.get("time_is_up") is not None:
            return True
        if self.elapsed < seconds or self.store.count()[0] == 0:  # however short the time, something is tried
            return False
        self.store.set(time_is_up=seconds)
        done = self.store.evaluated()
        self.event("time", f"the time limit of {seconds:g} s is reached after {done} evaluations")
        return True

    def _note_collapse(self, asked: Sequence[Candidate]) -> None:
        """Say so once if a population came to consist of one genome."""
        if any(c.operator == IMMIGRANT for c in asked) and not self._collapsed:
            self._collapsed = True
            if "collapsed" not in {kind for _, kind, _ in self.store.events()}:
                self.event("collapsed", "all of the population are the same network; random ones join it")

    def _watch(self, evaluations: Sequence[Evaluation]) -> None:
        """Stop when the same failure comes five times in a row, or everybody in the first generation fails."""
        for evaluation in evaluations:
            if evaluation.status in (Status.OK, Status.DIVERGED):
                self._failures.clear()
                continue
            self._failures.append(f"{evaluation.status}: {evaluation.error.strip().splitlines()[-1:] or ''}")
            last = self._failures[-SAME_FAILURES:]
            if len(last) == SAME_FAILURES and len(set(last)) == 1:
                raise EvaluationError(
                    f"{SAME_FAILURES} candidates in a row failed in the same way",
                    why=evaluation.error.strip().splitlines()[-1]
                    if evaluation.error
                    else str(evaluation.status),
                    hint=HINTS.get(
                        evaluation.status, "--backend inline and --debug show where it comes from"
                    ),
                    kept=f"{self.store.evaluated()} evaluations are kept",
                )
        self._watch_the_first(evaluations)

    def _watch_the_first(self, evaluations: Sequence[Evaluation]) -> None:
        if self._alive or self.phase is not Phase.SEARCH:
            return
        first = [row for row in self.store.rows(Phase.SEARCH) if row.generation == 0]
        self._alive = any(row.status == "ok" for row in first) or any(e.ok for e in evaluations)
        if self._alive or sum(row.size for row in first) < self.algorithm.population_size:
            return
        if all(row.status != "pending" for row in first):
            raise all_failed(first, self.store.evaluated())


def all_failed(rows: Sequence[Row], kept: int) -> EvaluationError:
    """The error for a first generation of which nobody lives."""
    kinds = Counter(row.status for row in rows)
    errors = [row.error.strip().splitlines()[-1] for row in rows if row.error.strip()]
    return EvaluationError(
        f"all {len(rows)} candidates of the first generation failed: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()),
        why=errors[0] if errors else "the loss became infinite or not a number",
        hint=HINTS.get(Status(rows[-1].status), "--backend inline and --debug show where it comes from"),
        kept=f"{kept} evaluations are kept",
    )


def _ancestry(
    ancestor: Network | None, space: Space, evaluator: Evaluator, seed: int, freeze: bool
) -> Ancestry | None:
    """The ancestor as the search uses it."""
    if ancestor is None:
        if freeze:
            raise ConfigurationError("there is nothing to freeze", hint="freeze goes with an ancestor")
        return None
    if not evaluator.inherits or evaluator.data is None:
        raise ConfigurationError(
            "nothing can start from an ancestor if weights are not inherited",
            hint='use SupervisedEvaluator(data, inherit="preserve")',
        )
    return Ancestry.of(ancestor, space, evaluator.data, seed, freeze)


def default_backend(evaluator: Evaluator) -> Backend:
    """Worker processes on all cores where networks are trained on the CPU, this process for everything else.

    An accelerator trains a whole brood as one, so nothing is gained by several processes that share it.
    """
    return ProcessBackend() if evaluator.parallel and available_cores() > 1 else InlineBackend()
