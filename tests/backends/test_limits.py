"""Worker processes that hang, grow or die: real processes, real signals. Nothing depends on how long anything takes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import unruly

from speciate.algorithms import AgingEvolution, RandomSearch
from speciate.backends import InlineBackend, ProcessBackend, processes
from speciate.errors import ConfigurationError, EvaluationError
from speciate.evaluators import Evaluator, FunctionEvaluator
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.run.search import Search
from speciate.testing import sphere, sphere_space

PATIENCE = 120
"""Seconds after which something is broken; nothing depends on how fast it is."""

LIMIT = 0.2
"""Seconds for an unruly candidate. Well-behaved ones have a larger budget, and so all the time that they may need."""

BUDGET = 1_000_000
"""The budget of a well-behaved candidate, where an unruly one has 1."""


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(unruly.NOTES, str(tmp_path))
    return tmp_path


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def some(good: int = 4, bad: int = 1, at: int = 1) -> list[Candidate]:
    """Well-behaved candidates, with unruly ones from a position on."""
    drawn = RandomSearch(8).start(sphere_space(), seed=3, budget=Budget(1)).ask(60)
    tame = [replace(c, budget=Budget(BUDGET)) for c in drawn if not unruly.is_bad(c.genome)][:good]
    wild = [c for c in drawn if unruly.is_bad(c.genome)][:bad]
    return [*tame[:at], *wild, *tame[at:]]


def limited(workers: int) -> ProcessBackend:
    """A backend that has no patience with unruly candidates."""
    return ProcessBackend(workers, candidate_time=LIMIT, examples=1)


@contextmanager
def started(backend: ProcessBackend, evaluator: Evaluator) -> Iterator[ProcessBackend]:
    try:
        backend.start(evaluator)
        yield backend
    finally:
        backend.close()


def begin(backend: ProcessBackend, candidates: list[Candidate]) -> None:
    """Hand candidates to workers that are ready: these begin at once."""
    while not all(worker.ready for worker in backend._workers):
        backend._listen()
    backend.submit(candidates)


def drained(backend: ProcessBackend) -> list[Evaluation]:
    done = []
    while not backend.idle:
        done += backend.wait()
    return done


def assert_others_are_fine(done: list[Evaluation], candidates: list[Candidate]) -> None:
    assert sorted(e.candidate.id for e in done) == sorted(c.id for c in candidates)
    for evaluation in done:
        if not unruly.is_bad(evaluation.candidate.genome):
            assert evaluation.score == sphere(evaluation.candidate.genome)


@pytest.mark.fault(7)
@pytest.mark.parametrize("function", [unruly.endless, unruly.deaf, unruly.locked], ids=lambda f: f.__name__)
def test_who_hangs_is_stopped_and_recorded(function: Callable[..., float]) -> None:
    candidates = some(good=5, bad=1)
    with started(limited(2), FunctionEvaluator(function)) as backend:
        backend.submit(candidates)
        done = drained(backend)
        begin(backend, [])  # another one takes its place
    assert_others_are_fine(done, candidates)
    (late,) = [e for e in done if not e.ok]
    assert late.status is Status.TIMEOUT
    assert late.error == "it took longer than the 0.2 s that candidate_time allows"
    assert late.cost.seconds >= LIMIT
    assert backend._deaths == 0


@pytest.mark.fault(7)
@pytest.mark.parametrize(
    ("function", "number"),
    [(unruly.endless, signal.SIGTERM), (unruly.deaf, signal.SIGKILL), (unruly.locked, signal.SIGKILL)],
    ids=["endless", "deaf", "locked"],
)
def test_who_does_not_end_when_asked_is_killed(
    function: Callable[..., float], number: int, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", LIMIT)
    with started(limited(1), FunctionEvaluator(function)) as backend:
        (worker,) = backend._workers
        begin(backend, some(good=1, bad=1, at=0))
        until((notes / function.__name__).exists)  # it is asked when it hangs, and not before
        assert backend.wait()[0].status is Status.TIMEOUT
        assert drained(backend)[0].ok
        until(lambda: backend._end_leaving() or not backend._leaving)
        assert worker.process.returncode == -number


@pytest.mark.fault(7)
def test_the_whole_group_is_killed(notes: Path) -> None:
    with started(limited(1), FunctionEvaluator(unruly.parent)) as backend:
        begin(backend, some(good=0))
        until((notes / "child").exists)
        assert drained(backend)[0].status is Status.TIMEOUT
    child = int((notes / "child").read_text())
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.fault(7)
def test_one_after_another_may_hang() -> None:
    candidates = some(good=2, bad=2)
    with started(limited(1), FunctionEvaluator(unruly.endless)) as backend:
        backend.submit(candidates)
        done = drained(backend)
    assert_others_are_fine(done, candidates)
    assert sum(e.status is Status.TIMEOUT for e in done) == 2


def test_larger_budgets_have_more_time() -> None:
    backend = ProcessBackend(1, candidate_time=10.0, examples=100)
    (candidate,) = some(good=1, bad=0)

    def limit(examples: int) -> float:
        return backend._limit(Candidate(0, candidate.genome, 0, Budget(examples), phase=Phase.CHAMPION))

    assert [limit(n) for n in (1, 100, 200, 6400)] == [10.0, 10.0, 20.0, 640.0]
    assert ProcessBackend(1, candidate_time=10.0)._limit(candidate) == 10.0


@pytest.mark.fault(7)
def test_a_time_out_is_part_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProcessBackend, "_limit", lambda _, c: LIMIT if unruly.is_bad(c.genome) else PATIENCE)

    def search(backend: ProcessBackend | InlineBackend) -> Search:
        evaluator = FunctionEvaluator(unruly.endless)
        return Search(
            sphere_space(), AgingEvolution(2), evaluator, store=tmp_path / "run", examples=1, backend=backend
        )

    first = search(ProcessBackend(2, candidate_time=LIMIT)).run(evaluations=4)
    before = first.rows
    assert {row.status for row in before} == {"ok", "timeout"}
    identity = first.identity()
    # If anything were evaluated again, it would hang: nothing limits this one.
    again = search(InlineBackend())
    assert again.identity() == identity
    assert again.run(evaluations=4).rows == before


ENOUGH = 1_000_000_000
"""Bytes that a worker of these tests can do with, and `hungry` cannot."""


@pytest.mark.fault(8)
def test_who_outgrows_its_memory_twice_is_infeasible(notes: Path) -> None:
    candidates = some(good=5, bad=1)
    with started(ProcessBackend(2, worker_memory=ENOUGH), FunctionEvaluator(unruly.hungry)) as backend:
        backend.submit(candidates)
        done = drained(backend)
    assert_others_are_fine(done, candidates)
    (large,) = [e for e in done if not e.ok]
    assert large.status is Status.INFEASIBLE
    assert large.error == "out of memory twice: its worker took more than worker_memory = 1GB"
    assert len(set((notes / "meals").read_text().split())) == 2, "not in a fresh worker"


@pytest.mark.fault(8)
def test_who_outgrows_its_memory_once_is_evaluated() -> None:
    candidates = some(good=3, bad=1)
    with started(ProcessBackend(1, worker_memory=ENOUGH), FunctionEvaluator(unruly.hungry_once)) as backend:
        backend.submit(candidates)
        done = drained(backend)
    assert_others_are_fine(done, candidates)
    assert all(e.ok for e in done)


@pytest.mark.fault(8)
def test_a_limit_below_what_any_worker_takes_is_refused() -> None:
    with started(ProcessBackend(1, worker_memory=10_000_000), FunctionEvaluator(sphere)) as backend:
        backend.submit(some())
        with pytest.raises(ConfigurationError, match="worker_memory = 10MB is too little") as caught:
            backend.wait()
    assert caught.value.hint


@pytest.mark.fault(8)
def test_a_worker_that_is_killed_costs_its_own_candidate_only(notes: Path) -> None:
    candidates = some(good=5, bad=1)
    limits = ProcessBackend(2, candidate_time=PATIENCE, worker_memory=10**12)
    with started(limits, FunctionEvaluator(unruly.waiting)) as backend:
        backend.submit(candidates)
        done = []
        while len(done) < 5:
            done += backend.wait()
        until((notes / "waiting").exists)
        os.kill(int((notes / "waiting").read_text()), signal.SIGKILL)
        done += drained(backend)
    assert_others_are_fine(done, candidates)
    (killed,) = [e for e in done if not e.ok]
    assert killed.status is Status.CRASHED
    assert killed.error == "the worker process died with signal 9 (SIGKILL)"


@pytest.mark.fault(8)
def test_a_worker_that_is_killed_while_it_has_nothing_to_do_costs_nobody() -> None:
    first, *more = some(good=5, bad=0)
    with started(ProcessBackend(1), FunctionEvaluator(sphere)) as backend:
        backend.submit([first])
        done = drained(backend)
        (worker,) = backend._workers
        worker.process.kill()
        until(lambda: worker.ended)
        backend.submit(more)
        done += drained(backend)
    assert all(e.ok for e in done)
    assert len(done) == 5


@pytest.mark.fault(10)
def test_a_segmentation_fault_is_recorded_with_its_place() -> None:
    candidates = some(good=5, bad=4)
    with started(ProcessBackend(2), FunctionEvaluator(unruly.segfaulting)) as backend:
        backend.submit(candidates)
        done = drained(backend)
    assert_others_are_fine(done, candidates)
    crashed = [e for e in done if not e.ok]
    assert len(crashed) == 4
    for evaluation in crashed:
        assert evaluation.status is Status.CRASHED
        assert "in segfaulting" in evaluation.error
        assert evaluation.error.splitlines()[-1] == "the worker process died with signal 11 (SIGSEGV)"


@pytest.mark.fault(11)
def test_workers_that_all_die_at_the_start_stop_the_run_with_their_last_words() -> None:
    with started(ProcessBackend(2), unruly.Stillborn(sphere)) as backend:
        backend.submit(some())
        with pytest.raises(EvaluationError, match="3 worker processes in a row died before") as caught:
            backend.wait()
    assert "libspline.so.3 is missing" in caught.value.why
    assert caught.value.exit_code == 70


@pytest.mark.fault(11)
def test_an_evaluator_that_cannot_be_loaded_in_a_worker_is_one_error_with_its_cause() -> None:
    with started(ProcessBackend(2), unruly.Misplaced(sphere)) as backend:
        backend.submit(some())
        with pytest.raises(ConfigurationError, match="cannot be loaded in another process") as caught:
            backend.wait()
    assert caught.value.why == "RuntimeError: there is no such disk here"


@pytest.mark.fault(11)
def test_a_worker_that_dies_at_the_start_is_replaced() -> None:
    candidates = some(good=4, bad=0)
    with started(ProcessBackend(1), unruly.Heavy(sphere)) as backend:
        backend.submit(candidates)
        done = drained(backend)
    assert len(done) == 4
    assert all(e.ok for e in done)


@pytest.mark.fault(11)
def test_a_process_that_cannot_be_started_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with (
        pytest.raises(EvaluationError, match="cannot be started"),
        started(ProcessBackend(2), FunctionEvaluator(sphere)),
    ):
        pass


DRIVER = """
import time
import unruly
from speciate.backends import ProcessBackend
from speciate.evaluators import FunctionEvaluator
from test_limits import some
backend = ProcessBackend(1)
backend.start(FunctionEvaluator(unruly.locked))
backend.submit(some(good=1))
backend.wait()
print(backend._workers[0].process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.fault(33)
@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a thread of the worker watches, which needs the lock"
)
def test_a_worker_that_holds_the_interpreters_lock_dies_with_its_driver(notes: Path) -> None:
    path = os.pathsep.join(p for p in sys.path if p)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert driver.stdout is not None
    worker = psutil.Process(int(driver.stdout.readline()))
    until((notes / "locked").exists)
    driver.kill()
    driver.wait()
    driver.stdout.close()
    gone, _ = psutil.wait_procs([worker], timeout=PATIENCE)
    assert gone


def test_closing_does_not_wait_for_who_hangs(notes: Path) -> None:
    with started(ProcessBackend(3), FunctionEvaluator(unruly.locked)) as backend:
        backend.submit(some(good=1, bad=3))
        backend.wait()
        until((notes / "locked").exists)
        workers = [worker.process for worker in backend._workers]
    assert all(process.returncode is not None for process in workers)


@pytest.mark.parametrize(
    ("name", "value"),
    [("candidate_time", 0), ("candidate_time", -1.0), ("worker_memory", 0), ("examples", 0)],
)
def test_limits_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be greater than 0"):
        ProcessBackend(1, **{name: value})  # type: ignore[arg-type]
