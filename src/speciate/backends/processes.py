"""Evaluate in warm worker processes, one training thread each."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from speciate.backends.base import Backend
from speciate.cores import available_cores
from speciate.errors import ConfigurationError, EvaluationError
from speciate.evaluators.base import Evaluator
from speciate.records import Candidate, Evaluation, Status

DEATHS = 3
"""Workers that die without having finished anything, after which the run stops."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""One training thread a worker: the cores are used by training several networks at a time."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    candidate: Candidate | None = None
    greeted: bool = False


class ProcessBackend(Backend):
    """A fixed number of worker processes, each evaluating one candidate at a time.

    Args:
        workers: How many; by default one a core that this process may use.

    Raises:
        ConfigurationError: `workers` is less than 1.
    """

    name = "processes"

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigurationError(f"workers must be at least 1, got {workers}")
        self.workers = workers or available_cores()
        self._workers: list[_Worker] = []
        self._queue: deque[Candidate] = deque()
        self._evaluator = b""
        self._deaths = 0

    def start(self, evaluator: Evaluator) -> None:
        """Start the workers; they import and load while the driver goes on.

        Raises:
            ConfigurationError: The evaluator cannot be sent to another process.
        """
        try:
            self._evaluator = pickle.dumps(evaluator, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigurationError(
                "this evaluator cannot be sent to worker processes",
                why=str(error),
                hint="define it in a module that can be imported, or use the inline backend",
            ) from None
        self._workers = [self._spawn() for _ in range(self.workers)]

    def _spawn(self) -> _Worker:
        """Start a worker that holds one end of a fresh socket pair, and send it the evaluator as soon as it reads.

        Not `multiprocessing.Process`: that runs the user's main module again in every child.
        """
        ours, theirs = Pipe()
        path = os.pathsep.join(p for p in sys.path if p)
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
        command = [sys.executable, "-m", "speciate.backends.worker", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return _Worker(process, ours)

    def _greet(self, worker: _Worker) -> bool:
        """Send the evaluator to a worker that has not had it; False if it is dead."""
        try:
            if not worker.greeted:
                worker.connection.send_bytes(self._evaluator)
                worker.greeted = True
            return True
        except OSError:
            return False

    @property
    def free(self) -> int:
        """Room for one candidate a worker beyond those that run, so that no worker has to wait for the driver."""
        return 2 * self.workers - self._running - len(self._queue)

    @property
    def _running(self) -> int:
        return sum(worker.candidate is not None for worker in self._workers)

    @property
    def idle(self) -> bool:
        """Whether nothing is running or waiting."""
        return not self._queue and self._running == 0

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Hand candidates to workers that have none; keep the rest in a queue."""
        self._queue.extend(candidates)
        self._dispatch()

    def _dispatch(self) -> None:
        for worker in self._workers:
            if self._queue and worker.candidate is None:
                worker.candidate = self._queue.popleft()
                # A worker that died meanwhile is noticed, and replaced, by wait().
                with suppress(OSError):
                    if self._greet(worker):
                        worker.connection.send(worker.candidate)

    def wait(self) -> list[Evaluation]:
        """Block until at least one evaluation is there."""
        busy = {worker.connection: worker for worker in self._workers if worker.candidate is not None}
        done = []
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            try:
                done.append(worker.connection.recv())
                worker.candidate, self._deaths = None, 0
            except (EOFError, OSError):
                done.append(self._bury(worker))
        self._dispatch()
        return done

    def _bury(self, worker: _Worker) -> Evaluation:
        """Record what a dead worker's candidate came to, and put a fresh worker in its place."""
        code = worker.process.wait()
        candidate = worker.candidate
        assert candidate is not None
        self._deaths += 1
        if self._deaths >= DEATHS:
            raise EvaluationError(
                f"{DEATHS} worker processes in a row died (the last with exit code {code})",
                hint="--workers 1 or smaller networks need less memory; --backend inline shows errors directly",
            )
        worker.connection.close()
        if worker.process.stdin is not None:
            worker.process.stdin.close()
        self._workers[self._workers.index(worker)] = self._spawn()
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Evaluation(candidate, Status.CRASHED, error=f"the worker process died with {reason}")

    def close(self) -> None:
        """Stop the workers. They notice that their standard input closes; whoever does not is killed."""
        for worker in self._workers:
            if worker.process.stdin is not None:
                worker.process.stdin.close()
            worker.connection.close()
        for worker in self._workers:
            try:
                worker.process.wait(timeout=2.0)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
        self._workers.clear()
        self._queue.clear()
