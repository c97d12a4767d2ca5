"""A worker process: reads candidates, evaluates them, sends the evaluations back, and ends with its driver.

Messages go over a socket pair that only the driver and this process hold; what is unpickled comes from our own parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from speciate.backends.travel import READY, WARM, dumps, loads, unpack
from speciate.errors import SpeciateError
from speciate.evaluators.base import Evaluator
from speciate.files import tell_kernel
from speciate.records import Candidate, Evaluation

OUT_OF_MEMORY_SCORE = "500"
"""Added, in thousandths of the machine's memory, to what Linux weighs a process with when it must kill one."""


def main() -> None:
    """Serve one driver until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides
    _end_with_driver()
    with suppress(OSError):  # where the machine runs out of memory, one candidate is lost and not the driver
        tell_kernel("/proc/self/oom_score_adj", OUT_OF_MEMORY_SCORE)
    driver: Connection[Any, Any]
    with Connection(int(sys.argv[1])) as driver:
        try:
            evaluator = unpack(driver.recv_bytes())
        except SpeciateError as error:
            driver.send_bytes(dumps(error))
            return
        if WARM in sys.argv:
            with suppress(Exception):  # the first evaluation will say what is wrong
                warm_up(evaluator)
        driver.send_bytes(dumps(READY))
        while True:
            try:
                candidate, evaluator.until = loads(driver.recv_bytes())
            except EOFError:
                return
            driver.send_bytes(dumps(_answer(evaluator, candidate)))


def _answer(evaluator: Evaluator, candidate: Candidate) -> Evaluation | SpeciateError:
    """What came of a candidate, or why this worker could not deliver it, such as a full disk."""
    try:
        return evaluator.evaluate([candidate])[0]
    except SpeciateError as error:
        return error


def _end_with_driver() -> None:
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


def warm_up(evaluator: Evaluator) -> None:
    """Load what a first training would have to wait for, so that no candidate's time limit pays for it.

    Where networks are trained, the engine makes or loads its machine code. That takes half a second from its cache, and up to
    half a minute on a machine that has none. A worker that is killed meanwhile leaves nothing behind, so that under a short
    limit it would never be finished.
    """
    evaluator.evaluate([])
    if not evaluator.trains:
        return
    import numpy as np
    import torch

    from speciate.training import Recipe, reference
    from speciate.training.jobs import Job
    from speciate.training.planner import train

    network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    recipe = Recipe("adam", learning_rate=0.01, weight_decay=0.0, batch_size=1, examples=1)
    with reference.one_thread():
        train(
            [Job(network, recipe, np.random.default_rng(0))],
            torch.zeros(1, 1),
            torch.zeros(1, dtype=torch.int64),
        )


if __name__ == "__main__":
    main()
