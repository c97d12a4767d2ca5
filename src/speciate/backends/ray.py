"""Evaluate on the machines of a Ray cluster, and go on when one of them is lost."""

from __future__ import annotations

import atexit
import copy
import math
import os
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import numpy as np

from speciate.backends.base import Backend, backend
from speciate.backends.cluster import LOCAL, connect, evaluate, explained, look_for
from speciate.backends.node import Answer, NodeSettings, decisive_versions
from speciate.backends.processes import ProcessBackend
from speciate.backends.travel import pack, search_path
from speciate.errors import ConfigurationError, EvaluationError, StorageError
from speciate.evaluators.base import Evaluator, unfinished
from speciate.jit import available_cores
from speciate.records import Candidate, Cost, Evaluation, Status
from speciate.store import WeightFolder
from speciate.text import counted

TASK_SECONDS = 0.5
"""Candidates that take less than this are sent several at a time, so that a task takes about as long."""

MAX_IN_TASK = 64
"""Most candidates in a task."""

DEATHS = 3
"""Processes that a candidate may cost, alone in each, before it is held to be the cause."""

KEPT_CONTENTS = 32
"""Weight files that stay in the object store, for children to come."""

LOOK_SECONDS = 5.0
"""How often to look how large the cluster is."""


@backend
class RayBackend(Backend):
    """Tasks on a Ray cluster: a few large ones, not one for each of many quick candidates.

    The data are put in the object store once, without the sealed test rows; processes of the same node share them. Weights
    that are to be inherited travel with a task, and new ones with its result: the driver writes them, so that no disk has to
    be shared.

    What a lost node was at is evaluated again on others, with the same seeds and so with the same results. A process of the
    cluster that ends while its node goes on may be its candidate's fault: each candidate of its task gets a process of its own,
    and one that costs three of them is `CRASHED`, or `OOM` if Ray ended them for want of memory.

    Limits of time and memory have the meaning that they have for `ProcessBackend`, which keeps them on every node.

    Args:
        address: The cluster, "HOST:PORT"; "auto" for the one that this machine belongs to. By default the environment
            variable `RAY_ADDRESS`; without it, a Ray of its own on this machine, which ends with the run. Where `ray.init`
            was called before, that connection is used and left open.
        workers: How many tasks at a time; by default as many as the cluster has room for, also when it grows.
        cpus: CPUs that a task takes, which are one thread whatever their number.
        gpus: GPUs that a task takes; a fraction lets several tasks share one.
        candidate_time: Seconds that the evaluation of one candidate may take; None for any time.
        worker_memory: Bytes that its process may take; None for any amount.
        examples: The budget that `candidate_time` is for, in training examples.

    Raises:
        ConfigurationError: An argument is out of its range, Ray is not installed, or none answers at the address.
    """

    name = "ray"

    def __init__(
        self,
        address: str | None = None,
        workers: int | None = None,
        *,
        cpus: float = 1.0,
        gpus: float = 0.0,
        candidate_time: float | None = None,
        worker_memory: int | None = None,
        examples: int | None = None,
    ) -> None:
        limits = {"candidate_time": candidate_time, "worker_memory": worker_memory, "examples": examples}
        ProcessBackend(workers, **limits)  # type: ignore[arg-type]  # says what is out of range
        for name, value, least in (("cpus", cpus, "greater than 0"), ("gpus", gpus, "at least 0")):
            if not (value > 0 or (name == "gpus" and value == 0)) or (value > 1 and value % 1):
                raise ConfigurationError(f"{name} must be {least}, and whole above 1, got {value}")
        self.address = address or os.environ.get("RAY_ADDRESS") or LOCAL
        look_for(self.address)
        self._max_workers, self.cpus, self.gpus = workers, cpus, gpus
        self._own = workers or max(1, int(available_cores() / cpus))  # tasks of a Ray of our own
        self.workers = self._own if self.address == LOCAL else workers or 0
        self._limits = limits if candidate_time is not None or worker_memory is not None else None
        self._ray: Any = None
        self._evaluator: Any = None
        self._files: WeightFolder | None = None
        self._ours = False  # whether the connection is ours to close
        self._lost = False  # whether it is no more
        self._queue: deque[Candidate] = deque()
        self._again: deque[list[Candidate]] = deque()  # what was lost, to be sent first and as it is
        self._tasks: dict[Any, list[Candidate]] = {}  # what runs or waits in the cluster, by its promise
        self._content: Any = None  # puts the weights of a name in the object store
        self._deaths: Counter[int] = Counter()
        self._seconds: float | None = None  # what a candidate takes, of late
        self._room, self._looked = 1, -math.inf
        self._incidents: list[str] = []

    def start(self, evaluator: Evaluator) -> None:
        """Connect to the cluster and put the evaluator in its object store.

        Raises:
            ConfigurationError: There is no cluster, it lacks what a task needs, or the evaluator cannot be sent.
        """
        sent, buffers = copy.copy(evaluator), list[Any]()
        sent.weights = None
        packed = pack(sent, buffers)
        ray, self._ours = connect(
            self.address, math.ceil(min(self._own, self.expected or self._own) * self.cpus)
        )
        self._ray, self._files = ray, evaluator.weights
        self._group = evaluator.group if self.gpus else 0
        self._evaluator = ray.put((packed, [np.frombuffer(part.raw(), np.uint8) for part in buffers]))
        if (files := self._files) is not None:
            self._content = lru_cache(KEPT_CONTENTS)(lambda name: ray.put(files.read(name)))
        self._settings = NodeSettings(
            uuid.uuid4().hex,
            decisive_versions(),
            keeps=self._files is not None,
            stacked=bool(self.gpus),
            limits=self._limits,
            path=search_path(),
        )
        task = self._ray.remote(evaluate)
        self._task = task.options(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=0, name="speciate")
        self._look()
        if self._room < 1:
            found = self._ray.cluster_resources()
            raise ConfigurationError(
                f"the cluster has no room for a task of {self.cpus:g} CPUs and {self.gpus:g} GPUs",
                where=self.address,
                why=f"it has {found.get('CPU', 0):g} CPUs and {found.get('GPU', 0):g} GPUs",
                hint="--cpus, --gpus",
            )

    def _look(self) -> None:
        """See how many tasks the cluster has room for now."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        found, before = self._ray.cluster_resources(), self._room
        needed = {"CPU": self.cpus, "GPU": self.gpus}
        self._room = min(int(found.get(kind, 0) / count) for kind, count in needed.items() if count)
        if self._room < 1 <= before:
            self._incidents.append("the cluster has no room for a task any more; the run waits for a node")
        self.workers = self._room if self._max_workers is None else min(self._room, self._max_workers)
        self._looked = time.monotonic()

    @property
    def _slots(self) -> int:
        """How many tasks the cluster should have: those that run, and as many that wait, if the cluster holds them back."""
        return 2 * self._room if self.workers == self._room else self.workers

    @property
    def free(self) -> int:
        """Room for the candidates of as many tasks as the cluster can run and keep waiting."""
        return max(0, max(1, self._slots) * self._size(MAX_IN_TASK) - self._running - len(self._queue))

    @property
    def _running(self) -> int:
        return sum(len(group) for group in (*self._tasks.values(), *self._again))

    @property
    def idle(self) -> bool:
        """Whether nothing is running or waiting."""
        return not (self._queue or self._again or self._tasks)

    def _size(self, most: int) -> int:
        """How many candidates the next task gets.

        An accelerator trains many at a time. Elsewhere it does not change the result, so it may depend on the time.
        """
        if self._group:
            return max(1, min(self._group, most))
        if self._seconds is None:
            return 1
        return max(1, min(MAX_IN_TASK, most, int(TASK_SECONDS / max(self._seconds, 1e-6))))

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Send candidates to the cluster; keep in a queue what it has no room for."""
        self._queue.extend(candidates)
        if self._queue:  # a finished run has nothing to send, and no cluster either
            with self._connected():
                self._dispatch()

    def _dispatch(self) -> None:
        self._look()
        while self._again:
            self._send(self._again.popleft())
        while self._queue and len(self._tasks) < max(1, self._slots):
            share = math.ceil(len(self._queue) / max(1, self.workers))
            size = min(len(self._queue), self._size(share))
            self._send([self._queue.popleft() for _ in range(size)])

    def _send(self, group: list[Candidate]) -> None:
        contents: dict[str, Any] = {}
        for name in sorted({a.weights for c in group for a in c.ancestors}) if self._files else ():
            with suppress(StorageError):  # what needs it finds it missing, as on any other backend
                contents[name] = self._content(name)
        promise = self._task.remote(
            self._settings, [self._evaluator], group, list(contents), *contents.values()
        )
        self._tasks[promise] = group

    def wait(self) -> list[Evaluation]:
        """Block until at least one evaluation is there, or something has happened that people should know about.

        Raises:
            EvaluationError: The cluster is lost, or cannot run our tasks.
            StorageError: Weights cannot be written.
        """
        done: list[Evaluation] = []
        with self._connected():
            while not self.idle:
                self._dispatch()
                patience = max(0.0, min(LOOK_SECONDS, self.until - time.monotonic()))
                self._ray.wait(list(self._tasks), num_returns=1, timeout=patience)
                kept, _ = self._ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=0)
                for promise in kept:
                    done += self._receive(promise)
                if time.monotonic() >= self.until:
                    done += self._give_up()
                self._dispatch()
                if done or self._incidents:
                    break
        return done

    def _give_up(self) -> list[Evaluation]:
        """The time is up: nothing more is waited for."""
        for promise in self._tasks:
            with suppress(Exception):  # it may have ended, or the cluster may be gone
                self._ray.cancel(promise, force=True)
        given_up = [*self._queue, *(c for group in (*self._again, *self._tasks.values()) for c in group)]
        self._queue.clear()
        self._again.clear()
        self._tasks.clear()
        return [unfinished(candidate) for candidate in given_up]

    def _receive(self, promise: Any) -> list[Evaluation]:
        """What came of a task."""
        errors, group = self._ray.exceptions, self._tasks.pop(promise)
        try:
            answers: list[Answer] = self._ray.get(promise)
        except (errors.NodeDiedError, errors.ObjectLostError):
            self._incidents.append(
                f"a node of the cluster was lost; evaluated again elsewhere: {counted(len(group), 'candidate')}"
            )
            self._again.append(group)
            return []
        except (errors.WorkerCrashedError, errors.OutOfMemoryError) as error:
            return self._ended(group, error)
        except errors.RayTaskError as error:
            raise explained(error) from None
        return [self._received(answer) for answer in answers]

    def _received(self, answer: Answer) -> Evaluation:
        evaluation, content = answer
        if content is not None and self._files is not None:
            self._files.write(content)
        if evaluation.ok:
            seconds, before = evaluation.cost.seconds, self._seconds
            self._seconds = seconds if before is None else 0.8 * before + 0.2 * seconds
        return evaluation

    def _ended(self, group: list[Candidate], error: Exception) -> list[Evaluation]:
        """A process ended with a group: try each candidate in one of its own; what came of one that was alone too often."""
        if len(group) == 1:
            self._deaths[group[0].id] += 1
        if len(group) > 1 or self._deaths[group[0].id] < DEATHS:
            self._incidents.append(
                f"a process of the cluster died; evaluated again: {counted(len(group), 'candidate')}"
            )
            self._again.extend([candidate] for candidate in group)
            return []
        candidate = group[0]
        memory = isinstance(error, self._ray.exceptions.OutOfMemoryError)
        text = f"{DEATHS} processes of the cluster died with it: {str(error).splitlines()[0]}"
        return [Evaluation(candidate, Status.OOM if memory else Status.CRASHED, cost=Cost(), error=text)]

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Turn Ray's errors into ours."""
        try:
            yield
        except self._ray.exceptions.RayError as error:
            self._lost = True
            raise EvaluationError(
                "the Ray cluster is lost",
                where=self.address,
                why=str(error).splitlines()[0],
                hint="speciate resume goes on when it is there again, with --backend processes without it",
            ) from None

    def incidents(self) -> list[str]:
        """Which nodes were lost, and when there was no room at all."""
        found, self._incidents = self._incidents, []
        return found

    def close(self) -> None:
        """Give up what runs, and let go of the cluster; a Ray of our own ends."""
        ray, self._ray = self._ray, None
        if ray is not None and self._lost:
            atexit.unregister(ray.shutdown)  # it ends the program at once if its cluster is gone
        elif ray is not None:
            for promise in self._tasks:
                with suppress(Exception):  # it may have ended, or the cluster may be gone
                    ray.cancel(promise, force=True)
            if self._ours:
                ray.shutdown()
        self._tasks.clear()
        self._queue.clear()
        self._again.clear()
        self._evaluator = self._content = None
