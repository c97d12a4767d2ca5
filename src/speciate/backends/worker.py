"""A worker process: reads candidates, evaluates them, sends the evaluations back, and dies with its driver.

Messages are pickled and go over a socket pair that only the driver and this process hold: the one place in the project
where anything is unpickled, and what is unpickled comes from our own parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any


def _die_with_driver() -> None:
    """The driver holds the other end of our standard input: when it closes, for whatever reason, the driver is gone."""

    def watch() -> None:
        while os.read(0, 1):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Serve one driver until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides
    _die_with_driver()
    driver: Connection[Any, Any]
    with Connection(int(sys.argv[1])) as driver:
        evaluator = driver.recv()
        while True:
            try:
                candidate = driver.recv()
            except EOFError:
                return
            driver.send(evaluator.evaluate([candidate])[0])


if __name__ == "__main__":
    main()
