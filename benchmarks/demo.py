"""How many networks `speciate demo` trains in a second, with the compiled engine and with the reference engine alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table
from benchmarks.timing import median_ratio, seconds, take_turns

BAR = 3.0
"""How many times as many networks per second as with the reference engine."""

COMMAND = ("demo", "--seed", "0", "--quiet")
CODE = "import sys; from speciate.cli import main; sys.exit(main())"
ENGINES = ("compiled", "reference")


def measure(settings: Settings, say: Say) -> Result:
    """Let both take turns."""
    found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}

    def contender(engine: str) -> float:
        found[engine].append(once(engine))
        return found[engine][-1]["networks"] / found[engine][-1]["seconds"]

    contender("compiled")  # compiles, and files come from the disk
    found["compiled"].clear()
    take_turns({engine: lambda e=engine: contender(e) for engine in ENGINES}, settings["rounds"], say)
    return {"runs": found}


def once(engine: str) -> dict[str, Any]:
    """One run of the command: what it took, and what it has trained."""
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        command = [sys.executable, "-c", CODE, *COMMAND, "--runs", f"{folder}/runs"]
        environment = os.environ if engine == "compiled" else without_numba(Path(folder))
        taken = seconds(
            lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        )
        return {"seconds": taken, **_trained(Path(folder) / "runs", engine)}


def without_numba(folder: Path) -> dict[str, str]:
    """An environment in which Numba cannot be imported, for the command and its workers: what is left is the reference engine."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "numba.py").write_text('raise ImportError("hidden by a benchmark")\n')
    path = os.pathsep.join(filter(None, [str(hidden), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def _trained(runs: Path, engine: str) -> dict[str, Any]:
    """The networks of the run, and the seconds that the evaluations of the search took."""
    from speciate.store import RunFolder, Store

    (run,) = runs.iterdir()
    store = Store(RunFolder(run).database, readonly=True)
    rows = [row for row in store.rows() if row.repeat_of is None]
    store.close()
    if others := {row.engine for row in rows} - {engine}:
        raise RuntimeError(f"{others} trained networks where {engine} was to be measured")
    search = [row for row in rows if row.phase == "search"]
    return {
        "networks": len(rows),
        "examples": sum(row.examples_seen for row in rows),
        "searched": len(search),
        "evaluating": sum(row.seconds for row in search),
    }


def show(result: Result) -> str:
    """The command as a whole, and its evaluations alone."""
    runs = result["runs"]
    measured = {
        "the command, networks/s": ("networks", "seconds"),
        "the command, examples/s": ("examples", "seconds"),
        "its search's evaluations alone, networks/s and core": ("searched", "evaluating"),
    }
    rows = []
    for label, (what, time) in measured.items():
        ours, theirs = ([run[what] / run[time] for run in runs[engine]] for engine in ENGINES)
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        rows.append(
            (
                label,
                f"{median(ours):,.4g}",
                f"{median(theirs):,.4g}",
                f"**{median_ratio(ours, theirs):.2f} x**",
                f"{min(ratios):.2f} - {max(ratios):.2f}",
            )
        )
    times = ", ".join(f"{median(run['seconds'] for run in runs[e]):.1f} s with {e}" for e in ENGINES)
    networks = " and ".join(f"{median(run['networks'] for run in runs[e]):.0f}" for e in ENGINES)
    note = (
        f"`speciate {' '.join(COMMAND)}`, {len(runs['compiled'])} pairs that take turns; medians, and the median, least and "
        f"greatest of the pairs' ratios; bar {BAR:g} for networks per second. The command is timed from its start to its end: imports, "
        f"data, baselines, search, final, the champion's training and the report ({times}; {networks} networks). The reference "
        "engine is what is left where Numba cannot be imported. Evaluations alone: seconds of the search's evaluations as the "
        "run has them, building and scoring included, added up over all workers."
    )
    head = ("what", "with the compiled engine", "reference engine alone", "ratio", "from - to")
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "demo",
    "How many networks a second does `speciate demo` train, and how many without the compiled engine?",
    {"rounds": 5},
    lambda s: 15 + 65.0 * s["rounds"],
    measure,
    show,
)
