"""What reading a table takes: memory and processor time from a file to data that are ready, next to pandas' bare reading."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table
from benchmarks.timing import take_turns

TARGET = 2
"""Times what pandas takes, in memory and in processor time."""

MEASURED = """
import json, resource, sys, time
started = time.process_time()
{work}
taken = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.process_time(), taken, peak]))
"""
WORKS = {
    "pandas": "import pandas; pandas.read_csv(sys.argv[1]).select_dtypes('number').to_numpy('float32')",
    "speciate": "from speciate.data import load_data; load_data(sys.argv[1], target='y')",
}
"""Both begin with their imports."""


def write(path: Path, kind: str, megabytes: int) -> None:
    """A file of about that size."""
    import pandas as pd

    rng = np.random.default_rng(0)
    columns, categories = {"numbers": (24, 0), "mixed": (8, 6), "wide": (1_999, 0)}[kind]
    rows = int(megabytes * 1e6 / (10 * columns + 5 * categories + 13))
    frame = pd.DataFrame(rng.normal(size=(rows, columns)).round(6)).add_prefix("x")
    for i in range(categories):
        frame[f"k{i}"] = rng.choice([f"cat{j}" for j in range(3 + 4 * i)], rows)
    if categories:
        frame["when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D")
    frame["y"] = rng.choice(["yes", "no"], rows)
    frame.to_csv(path, index=False)


def measure(settings: Settings, say: Say) -> Result:
    """Let both take turns, each in a process of its own."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        for kind in ("numbers", "mixed", "wide"):
            path = Path(folder) / f"{kind}.csv"
            write(path, kind, settings["megabytes"])
            seen: dict[str, list[list[float]]] = {name: [] for name in WORKS}
            take_turns({name: _run(name, path, seen[name]) for name in WORKS}, settings["rounds"], say)
            found[kind] = seen
    return {"taken": found}


def _run(name: str, path: Path, seen: list[list[float]]) -> Callable[[], float]:
    def run() -> float:
        code = MEASURED.format(work=WORKS[name])
        out = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
        )
        seen.append(json.loads(out.stdout))
        return seen[-1][1]

    return run


def show(result: Result) -> str:
    """A row for each file."""
    rows = []
    for kind, seen in result["taken"].items():
        theirs, ours = ([median(column) for column in zip(*seen[name], strict=True)] for name in WORKS)
        times = [f"{ours[i] / theirs[i]:.2f}" for i in (1, 2)]
        rows.append(
            (
                kind,
                f"{theirs[1]:.2f}",
                f"{ours[1]:.2f}",
                times[0],
                f"{theirs[2]:.0f}",
                f"{ours[2]:.0f}",
                times[1],
            )
        )
    head = ("file", "pandas, s", "speciate, s", "times", "pandas, MB", "speciate, MB", "times")
    return table(head, rows) + (
        f"\n\nSeconds of processor time and the largest memory of a whole process; target: {TARGET} times. pandas only reads and "
        "converts numbers to single precision; speciate checks every line, understands columns, splits, and prepares inputs."
    )


BENCHMARK = Benchmark(
    "reading",
    "How much memory and processor time does reading a table take, next to pandas?",
    {"rounds": 3, "megabytes": 48},
    lambda s: 12.0 * s["rounds"] + 20,
    measure,
    show,
)
