"""Real processes that begin at once: commands and scripts, forked from one process that has imported everything.

They can be killed and stopped like any other. What is about how a process begins, such as its imports, needs a fresh one.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import IO

PATIENCE = 300
"""Seconds after which something is broken; nothing depends on how fast it is."""

COMMAND = "from speciate.cli import main; main()"
"""The command, as the console script starts it."""


class Forked:
    """A process that was forked: what `subprocess.Popen` is for a fresh one.

    Attributes:
        pid: Its number.
        returncode: How it ended, None while it runs; a negative number is that of a signal.
    """

    def __init__(self, told: IO[str]) -> None:
        self._told = told
        self.pid = int(told.readline())
        self.returncode: int | None = None

    def wait(self) -> int:
        """Wait for its end; if it never comes, kill it."""
        if self.returncode is None:
            late = not select.select([self._told], [], [], PATIENCE)[0]
            if late:
                os.kill(self.pid, signal.SIGKILL)
            with self._told:
                self.returncode = int(self._told.readline())
            assert not late, f"it did not end within {PATIENCE} s"
        return self.returncode

    def poll(self) -> int | None:
        """How it ended, None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """Starts processes as forks of one."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair()
        self._lock = threading.Lock()
        with theirs:
            self._zygote = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("zygote.py")), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def close(self) -> None:
        """End what forks; it waits for nobody."""
        self._orders.close()
        self._zygote.wait()

    def start(
        self,
        argv: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        output: int | tuple[int, int] = subprocess.DEVNULL,
        terminal: bool = False,
        leads: bool = False,
        code: str | None = None,
        errors: tuple[str, ...] = (),
    ) -> Forked:
        """Start a process.

        Args:
            argv: What it finds in `sys.argv`. The first is the script, unless there is code.
            cwd: Where.
            env: Its whole environment.
            output: The files that are its standard output and error; nothing by default.
            terminal: Whether the output is its standard input too.
            leads: Whether it is the leader of a session of its own.
            code: What it runs, as with `python -c`.
            errors: Categories of warnings that are errors in the script itself.
        """
        order = {"argv": argv, "cwd": str(cwd), "env": env, "leads": leads, "code": code, "errors": errors}
        content = json.dumps(order).encode()
        nothing = os.open(os.devnull, os.O_RDWR)
        out, err = (
            (nothing, nothing)
            if output == subprocess.DEVNULL
            else output
            if isinstance(output, tuple)
            else (output, output)
        )
        reading, writing = os.pipe()
        try:
            with self._lock:
                socket.send_fds(
                    self._orders,
                    [len(content).to_bytes(4)],
                    [out if terminal else nothing, out, err, writing],
                )
                self._orders.sendall(content)
        finally:
            os.close(nothing)
            os.close(writing)
        return Forked(os.fdopen(reading))

    def run(
        self,
        argv: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        code: str | None = None,
        errors: tuple[str, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a process to its end, and keep what it says."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = self.start(
                argv, cwd=cwd, env=env, output=(out.fileno(), err.fileno()), code=code, errors=errors
            )
            process.wait()
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read())
        assert process.returncode is not None
        return subprocess.CompletedProcess(argv, process.returncode, *said)


@cache
def forks() -> Forks:
    """The one of this process."""
    found = Forks()
    atexit.register(found.close)
    return found
