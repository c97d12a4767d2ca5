"""The driver's end of one worker process: starts it, talks to it, measures it, ends it."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from speciate.backends.travel import WARM, dumps, search_path
from speciate.errors import EvaluationError
from speciate.records import Candidate

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""One training thread a worker: the cores are used by training several networks at a time."""

WORKER = "speciate.backends.worker"
"""The module that a worker process runs."""

KEPT_OUTPUT = 16_000
"""Bytes of a worker's standard error that are kept."""


class WorkerProcess:
    """A worker process, which is the leader of a process group of its own.

    It is not a `multiprocessing.Process`: that would run the user's main module again in every child. What it writes to its
    standard error is kept instead of shown: it is of interest if the worker crashes.

    Args:
        evaluator: What `pack` made of the evaluator.
        warm: Whether to load what a first training needs before the worker says that it is ready.
        candidate: What it evaluates first.

    Attributes:
        process: The process.
        connection: Where it says that it is ready, and sends evaluations.
        candidate: What it evaluates, or will evaluate as soon as it is ready.
        began: When it was handed the candidate, in monotonic seconds; None while it has nothing to do.
        ready: Whether it has the evaluator and its libraries.

    Raises:
        EvaluationError: The system does not give us another process.
    """

    def __init__(self, evaluator: bytes, warm: bool = False, candidate: Candidate | None = None) -> None:
        self.candidate, self.ready = candidate, False
        self.began: float | None = None
        self._output = b""
        self.process, self.connection = _start([WARM] if warm else [])
        self._threads = [
            threading.Thread(target=self._send, args=(evaluator,), daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, evaluator: bytes) -> None:
        """Send the evaluator, which may be large, and is not read before the worker has started."""
        with suppress(OSError):  # that it has ended is noticed where its messages are read
            self.connection.send_bytes(evaluator)

    def _drain(self) -> None:
        """Keep the end of what it writes to standard error, so that it never waits until that is read."""
        stream: Any = self.process.stderr
        with stream:
            while part := stream.read1(KEPT_OUTPUT):
                self._output = (self._output + part)[-KEPT_OUTPUT:]

    def begin(self, candidate: Candidate, until: float = math.inf) -> None:
        """Hand it a candidate, which is unfinished after `until`, in seconds of `time.monotonic`.

        Raises:
            OSError: It has ended.
        """
        self.candidate = candidate
        self.connection.send_bytes(dumps((candidate, until)))
        self.began = time.monotonic()

    def finish(self) -> None:
        """It has sent its evaluation."""
        self.candidate, self.began = None, None

    @property
    def resident(self) -> int:
        """Bytes of memory that it occupies now; 0 if it has ended."""
        import psutil

        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        # The number is not given to another group while one of them runs, nor for a long time after.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def hang_up(self) -> None:
        """Close its standard input, by which it knows that it is not needed any more."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def end(self, patience: float = 0.0) -> str:
        """Wait for it to end by itself, then kill it and what it has started; in words, how it ended."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.signal(signal.SIGKILL)
        # In the middle of something in the kernel it cannot even be killed; it is gone when that is over.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        self.hang_up()
        for thread in self._threads:
            thread.join(1.0)
        self.connection.close()
        code = self.process.returncode
        return _cause(-signal.SIGKILL if code is None else code)

    @property
    def output(self) -> str:
        """The end of what it wrote to standard error, without what says nothing."""
        lines = self._output.decode(errors="replace").strip().splitlines()
        return "\n".join(line for line in lines if not line.startswith("Extension modules:"))


def _start(arguments: list[str]) -> tuple[subprocess.Popen[bytes], Connection[Any, Any]]:
    """A process that holds one end of a fresh socket pair, and the other end."""
    ours, theirs = Pipe()
    with theirs:
        try:
            process = subprocess.Popen(
                # -P: the working directory is in the path only where it is in ours
                [sys.executable, "-P", "-Xfaulthandler", "-m", WORKER, str(theirs.fileno()), *arguments],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(search_path())},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise EvaluationError(
                "a worker process cannot be started", why=error.strerror or "", hint="--workers 1"
            ) from None
    return process, ours


def _cause(code: int) -> str:
    """How a process ended, for an exit code as `subprocess` gives it."""
    names = {number.value: f" ({number.name})" for number in signal.Signals}
    return f"exit code {code}" if code >= 0 else f"signal {-code}{names.get(-code, '')}"
