"""A worker process: reads candidates, evaluates them, sends the evaluations back, and dies with its driver.

Messages are pickled and go over a socket pair that only the driver and this process hold: the one place in the project
where anything is unpickled, and what is unpickled comes from our own parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.backends.messages import READY, WARM
from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.evaluators.base import Evaluator
    from speciate.records import Candidate, Evaluation

FIRST_TO_GO = "500"
"""Added, in thousandths of the machine's memory, to what Linux weighs a process with when it must kill one."""


def _die_with_driver() -> None:
    """The driver holds the other end of our standard input: when it closes, for whatever reason, the driver is gone."""

    def watch() -> None:
        while os.read(0, 1):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        os._exit(0)

    _let_the_kernel_watch()
    threading.Thread(target=watch, daemon=True).start()


def _let_the_kernel_watch() -> None:
    """A thread cannot do anything while C code holds the interpreter's lock. Linux can: it kills us, and our children."""
    if sys.platform != "linux":
        return
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid())  # minus: the process group, which is our own
        fcntl.fcntl(0, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def _offer_to_the_kernel() -> None:
    """Where the machine runs out of memory, one candidate shall be lost and not the driver."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)


def main() -> None:
    """Serve one driver until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides
    _die_with_driver()
    _offer_to_the_kernel()
    driver: Connection[Any, Any]
    with Connection(int(sys.argv[1])) as driver:
        evaluator = driver.recv()
        if WARM in sys.argv:
            from speciate.backends.warming import warm_up

            with suppress(Exception):  # whoever is evaluated first will say what is wrong
                warm_up(evaluator)
        driver.send(READY)
        while True:
            try:
                candidate = driver.recv()
            except EOFError:
                return
            driver.send(_answer(evaluator, candidate))


def _answer(evaluator: Evaluator, candidate: Candidate) -> Evaluation | SpeciateError:
    """What came of a candidate, or why this worker could not deliver it, such as a full disk."""
    try:
        return evaluator.evaluate([candidate])[0]
    except SpeciateError as error:
        return error


if __name__ == "__main__":
    main()
