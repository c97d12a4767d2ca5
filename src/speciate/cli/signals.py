"""Ctrl-C and its relatives: the first one stops in good order, the second one at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
"""The signals that stop a run, and the exit codes they lead to."""


class Stopped(KeyboardInterrupt):
    """A signal asks the run to stop. It unwinds like Ctrl-C does, whatever the signal.

    Args:
        code: The exit code that it leads to.
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` at the first signal, and leave at once at the second.

    Nothing is lost by leaving at once: what is finished is in the database, workers end with their driver, and the
    lock on the run is the system's.
    """
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        code = CODES[signal.Signals(number)]
        if stopping:
            _leave(code)
        stopping = True
        raise Stopped(code)

    # A signal that whoever started us has switched off, as nohup does, stays off.
    active = [number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in active}
    try:
        yield
    except Stopped:
        raise  # the handlers stay: the second signal may come while the end is being printed
    except BaseException:
        _restore(before)
        raise
    else:
        _restore(before)


def _restore(handlers: Mapping[signal.Signals, object]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def _leave(code: int) -> None:
    with suppress(OSError, ValueError):
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[?25h\n")  # the live view hides the cursor
            sys.stdout.flush()
    os._exit(code)
