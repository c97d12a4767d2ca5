"""Evaluate in worker processes, one training thread each, and deal with those that hang, outgrow their memory or end."""

from __future__ import annotations

import math
import signal
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait

from speciate.backends.base import Backend, backend
from speciate.backends.process import WorkerProcess
from speciate.backends.travel import READY, loads, pack
from speciate.errors import ConfigurationError, EvaluationError, SpeciateError
from speciate.evaluators.base import Evaluator, unfinished
from speciate.jit import available_cores
from speciate.records import Candidate, Cost, Evaluation, Status

DEATHS = 3
"""Workers in a row that end before they are ready, after which the run stops."""

GRACE = 3.0
"""Seconds from asking a worker to end to killing it."""

WATCH = 0.2
"""Seconds between two looks at the workers' memory."""

PAUSE = 3600.0
"""Seconds after which waiting starts anew; the system cannot wait for any length of time."""


@backend
class ProcessBackend(Backend):
    """A fixed number of worker processes, each evaluating one candidate at a time.

    A worker that crashes costs its own candidate only, which is `CRASHED`; another one takes its place. Time and memory can be
    limited. What comes of that depends on the machine and on what else it does, so it is recorded and, like everything
    recorded, not decided again when a run goes on.

    A candidate that exceeds the time is `TIMEOUT`: its worker is asked to end, and killed if it does not.

    A candidate that exceeds the memory is tried once more, in a fresh worker: an old one may hold what earlier candidates
    have left behind. The second time it is `INFEASIBLE`. It is not tried with a smaller batch: that would be another
    training than the one that its genome and the other candidates' describe, and which candidates got it would depend on
    chance. A batch that is too large is for selection to remove.

    Args:
        workers: How many; by default one a core that this process may use.
        candidate_time: Seconds that the evaluation of one candidate may take; a worker's start does not count. None for any
            time.
        worker_memory: Bytes of resident memory that one worker may take, libraries and data included, the children that it
            starts not; None for any amount.
        examples: The budget that `candidate_time` is for, in training examples; candidates with a larger one, as in the
            champion's training, get more time in proportion. None for the same time for all.

    Raises:
        ConfigurationError: A number is out of its range.
    """

    name = "processes"

    def __init__(
        self,
        workers: int | None = None,
        *,
        candidate_time: float | None = None,
        worker_memory: int | None = None,
        examples: int | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise ConfigurationError(f"workers must be at least 1, got {workers}")
        given = {"candidate_time": candidate_time, "worker_memory": worker_memory, "examples": examples}
        for name, value in given.items():
            if value is not None and not value > 0:
                raise ConfigurationError(f"{name} must be greater than 0, got {value}")
        self.workers = workers or available_cores()
        self.candidate_time, self.worker_memory, self.examples = candidate_time, worker_memory, examples
        self._workers: list[WorkerProcess] = []
        self._leaving: list[tuple[float, WorkerProcess]] = []  # those asked to end, and when to kill them
        self._queue: deque[Candidate] = deque()
        self._outgrew: set[int] = set()  # ids of candidates that have exceeded the memory once
        self._evaluator = b""
        self._given: Evaluator | None = None
        self._deaths = 0

    def start(self, evaluator: Evaluator) -> None:
        """Start the workers; they import and load while the driver goes on.

        Raises:
            ConfigurationError: The evaluator cannot be sent to another process.
            EvaluationError: A worker cannot be started.
        """
        self._evaluator, self._given = pack(evaluator), evaluator
        for _ in range(min(self.workers, self.expected or self.workers)):
            self._workers.append(self._fresh())

    def _fresh(self, candidate: Candidate | None = None) -> WorkerProcess:
        limited = self.candidate_time is not None or self.worker_memory is not None or self.until < math.inf
        return WorkerProcess(self._evaluator, warm=limited, candidate=candidate)

    def _replace(self, worker: WorkerProcess, candidate: Candidate | None = None) -> None:
        """Put a fresh worker in the place of another, with something to do as soon as it is ready."""
        self._workers[self._workers.index(worker)] = self._fresh(candidate)

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
            if worker.ready and worker.began is None and (worker.candidate or self._queue):
                try:
                    worker.begin(worker.candidate or self._queue.popleft(), self.until)
                except OSError:  # it ended while idle; wait() gives the candidate to another one
                    continue
        starting = sum(not worker.ready and worker.candidate is None for worker in self._workers)
        for _ in range(min(self.workers - len(self._workers), len(self._queue) - starting)):
            self._workers.append(self._fresh())  # there is more to do at once than was expected

    def wait(self) -> list[Evaluation]:
        """Block until at least one evaluation is there.

        Raises:
            EvaluationError: Workers end before they are ready, or cannot be started.
            StorageError: A worker cannot write weights.
            ConfigurationError: The evaluator cannot be loaded in a worker, or a worker that has evaluated nothing takes more memory
                than it may.
        """
        done: list[Evaluation] = []
        while not done and not self.idle:
            done += self._give_up()
            done += self._listen() if not done else []
            done += self._enforce()
            self._end_leaving()
            self._dispatch()
        return done

    def _give_up(self) -> list[Evaluation]:
        """Once the time is up, what has not begun, and what does not stop by itself."""
        if (late := time.monotonic() - self.until) < 0:
            return []
        done = [unfinished(candidate) for candidate in self._queue]
        self._queue.clear()
        for worker in list(self._workers):
            candidate = worker.candidate
            if candidate is None:
                continue
            if worker.began is None:
                worker.candidate = None
                done.append(unfinished(candidate))
            elif late >= GRACE and self._given is not None and not self._given.stops:
                done.append(unfinished(candidate, _cost(worker)))
                self._dismiss(worker, signal.SIGTERM)
        return done

    def _listen(self) -> list[Evaluation]:
        """Wait for messages and for workers that end, but no longer than until the next limit."""
        done: list[Evaluation] = []
        workers = {worker.connection: worker for worker in self._workers}
        for connection in wait(list(workers), self._patience()):
            worker = workers[connection]  # type: ignore[index]
            try:
                message = loads(worker.connection.recv_bytes())
            except (EOFError, OSError):
                done += self._ended(worker)
                continue
            if message is READY:
                self._begun(worker)
            elif isinstance(message, SpeciateError):
                raise message
            else:
                worker.finish()
                done.append(message)
        return done

    def _begun(self, worker: WorkerProcess) -> None:
        """A worker is ready."""
        worker.ready, self._deaths = True, 0
        if self.worker_memory is not None and (taken := worker.resident) > self.worker_memory:
            raise ConfigurationError(
                f"worker_memory = {_size(self.worker_memory)} is too little: a worker that has evaluated nothing takes "
                f"{_size(taken)}",
                hint=f"a few times as much, such as {_size(4 * taken)}, or no limit",
            )

    def _ended(self, worker: WorkerProcess) -> list[Evaluation]:
        """Put a fresh worker in the place of one that has ended; what its candidate came to, if it had begun."""
        cause, output = worker.end(GRACE), worker.output
        if not worker.ready:
            self._deaths += 1
            if self._deaths >= DEATHS:
                raise EvaluationError(
                    f"{DEATHS} worker processes in a row died before they were ready (the last with {cause})",
                    why="\n".join(output.splitlines()[-3:]),
                    hint="--workers 1 needs less memory; --backend inline shows errors directly",
                )
        candidate = worker.candidate
        if candidate is None or worker.began is None:
            self._replace(worker, candidate)
            return []
        self._replace(worker)
        error = f"{output}\nthe worker process died with {cause}".strip()
        return [Evaluation(candidate, Status.CRASHED, cost=_cost(worker), error=error)]

    def _limit(self, candidate: Candidate) -> float:
        """Seconds that a candidate may take."""
        assert self.candidate_time is not None
        if self.examples is None:
            return self.candidate_time
        return self.candidate_time * max(1.0, candidate.budget.examples / self.examples)

    def _patience(self) -> float | None:
        """Seconds until a limit may be exceeded or a worker must be killed; None for never."""
        now = time.monotonic()
        moments = [moment for moment, _ in self._leaving]
        if self.until < math.inf and (late := now - self.until) < GRACE:
            moments.append(self.until + (0.0 if late < 0 else GRACE))
        for worker in self._workers:
            if worker.candidate is None or worker.began is None:
                continue
            if self.candidate_time is not None:
                moments.append(worker.began + self._limit(worker.candidate))
            if self.worker_memory is not None:
                moments.append(now + WATCH)
        return min(max(0.0, min(moments) - now), PAUSE) if moments else None

    def _enforce(self) -> list[Evaluation]:
        """End the workers that exceed a limit; what their candidates came to."""
        done: list[Evaluation] = []
        for worker in list(self._workers):
            candidate = worker.candidate
            if candidate is None or worker.began is None:
                continue
            if self.candidate_time is not None and time.monotonic() - worker.began >= self._limit(candidate):
                limit = f"{self._limit(candidate):g} s"
                error = f"it took longer than the {limit} that candidate_time allows"
                done.append(Evaluation(candidate, Status.TIMEOUT, cost=_cost(worker), error=error))
                self._dismiss(worker, signal.SIGTERM)
            elif self.worker_memory is not None and worker.resident > self.worker_memory:
                done += self._outgrown(worker, candidate, self.worker_memory)
        return done

    def _outgrown(self, worker: WorkerProcess, candidate: Candidate, cap: int) -> list[Evaluation]:
        """Try a candidate again in a fresh worker, or record that it cannot be evaluated."""
        if candidate.id not in self._outgrew:
            self._outgrew.add(candidate.id)
            self._dismiss(worker, signal.SIGKILL, candidate)
            return []
        self._dismiss(worker, signal.SIGKILL)
        error = f"out of memory twice: its worker took more than worker_memory = {_size(cap)}"
        return [Evaluation(candidate, Status.INFEASIBLE, cost=_cost(worker), error=error)]

    def _dismiss(self, worker: WorkerProcess, number: int, candidate: Candidate | None = None) -> None:
        """End a worker by a signal. Another one takes its place at once, whenever that is."""
        worker.signal(number)
        self._leaving.append((time.monotonic() + GRACE, worker))
        self._replace(worker, candidate)

    def _end_leaving(self) -> None:
        """Let go of the workers that were asked to end and have, and kill those that should have."""
        now = time.monotonic()
        for moment, worker in list(self._leaving):
            if worker.ended or now >= moment:
                self._leaving.remove((moment, worker))
                worker.end()

    def close(self) -> None:
        """Stop the workers. They end when their standard input closes; those that do not are killed."""
        workers = [*self._workers, *(worker for _, worker in self._leaving)]
        for worker in workers:
            worker.hang_up()
        until = time.monotonic() + 2.0
        for worker in workers:
            worker.end(max(0.0, until - time.monotonic()))
        self._workers.clear()
        self._leaving.clear()
        self._queue.clear()


def _cost(worker: WorkerProcess) -> Cost:
    """What is known about the cost of an evaluation that was cut off: how long it took."""
    return Cost(seconds=0.0 if worker.began is None else time.monotonic() - worker.began)


def _size(count: float) -> str:
    """Bytes in words, as they can be written in a setting."""
    return f"{count / 1e9:.3g}GB" if count >= 1e9 else f"{count / 1e6:.3g}MB"
