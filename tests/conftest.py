"""Settings and fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Several test processes share the cores; torch would start a thread a core in each of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests do not depend on the clock, so Hypothesis may not fail one for being slow; and CI repeats the same examples.
settings.register_profile("speciate", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("speciate")

# Tests stop commands by signals. In the background of a shell, or under nohup, these are switched off from the start, and
# every process that a test starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

SHARED = Path(os.environ.get("SPECIATE_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED}")
    return SHARED
