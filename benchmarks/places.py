"""Where things lie: the data, the results, and what interrupted benchmarks have kept."""

from __future__ import annotations

import os
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent
CACHE = BENCHMARKS / ".cache"
RESULTS = BENCHMARKS / "results"
PAGE = BENCHMARKS / "RESULTS.md"


def data() -> Path:
    """The folder of the real data: `SPECIATE_DATA`, or `shared/data` beside the repository."""
    return Path(os.environ.get("SPECIATE_DATA") or ROOT.parent / "shared" / "data")


def missing(names: tuple[str, ...]) -> list[str]:
    """Which of the files or folders are not there."""
    return [str(data() / name) for name in names if not (data() / name).exists()]


def scratch() -> Path:
    """A folder on the repository's own disk for runs that are thrown away: /tmp is often memory."""
    folder = CACHE / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
