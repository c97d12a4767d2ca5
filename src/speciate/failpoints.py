"""Named places at which a test can let the process die as abruptly as a power cut would end it.

Every place where something is about to become permanent, or just has: each commit, each rename, and each weight file that
is deleted. `tests/cli/test_crash_points.py` reads their names from the code and visits them all. The environment variable
`SPECIATE_CRASH_AT=NAME` or `NAME:COUNT` turns the first or the COUNT-th passing of a place into a SIGKILL of this process.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "SPECIATE_CRASH_AT"

_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Die here if the environment says so."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place == name:
        _passed[name] += 1
        if _passed[name] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
