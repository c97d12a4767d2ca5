"""Evaluate in this process, as many candidates at a time as suits the evaluator."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from speciate.backends.base import Backend, backend
from speciate.evaluators.base import Evaluator, unfinished
from speciate.records import Candidate, Evaluation

GATHER_SECONDS = 0.05
"""Results of very fast evaluators are handed over together, so that the store is not written for each of them."""

QUEUE = 256
"""Candidates taken at once."""


@backend
class InlineBackend(Backend):
    """The plainest backend: no processes. What the evaluator does with several candidates at once is its own affair.

    It has no limits of time and memory for a candidate: a process cannot stop itself in the middle of one and go on, unless its
    evaluator does. As in worker
    processes, torch runs on one thread, so that a training of one's own gives the same results there.
    """

    name = "inline"

    def __init__(self) -> None:
        self._queue: deque[Candidate] = deque()
        self._evaluator: Evaluator | None = None

    def start(self, evaluator: Evaluator) -> None:
        """Get ready to evaluate with this evaluator."""
        self._evaluator = evaluator

    @property
    def free(self) -> int:
        """Room in the queue."""
        return QUEUE - len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting."""
        return not self._queue

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Put candidates in the queue."""
        self._queue.extend(candidates)

    def wait(self) -> list[Evaluation]:
        """Evaluate the next candidates, and more while that takes next to no time."""
        assert self._evaluator is not None
        until = time.monotonic() + GATHER_SECONDS
        done: list[Evaluation] = []
        if time.monotonic() >= self.until:
            done = [unfinished(candidate) for candidate in self._queue]
            self._queue.clear()
        while self._queue and (not done or time.monotonic() < until):
            count = min(self._evaluator.group, len(self._queue))
            if self._evaluator.until != self.until:
                self._evaluator.until = self.until
            with _one_thread():
                done += self._evaluator.evaluate([self._queue.popleft() for _ in range(count)])
        return done

    def close(self) -> None:
        """Forget the queue."""
        self._queue.clear()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch on one thread, if it has been imported; to import it takes seconds, and not every evaluator needs it."""
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(threads)
