"""What one waits for before anything happens: the command's help, the import, a worker."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table
from benchmarks.overhead import learning_rate
from benchmarks.timing import seconds, take_turns

HELP_TARGET = 0.3
"""Seconds in which `speciate --help` is to answer."""

EMPTY = "python, nothing else"


def _code(text: str) -> Callable[[], float]:
    return _command([sys.executable, "-c", text])


def _command(command: list[str]) -> Callable[[], float]:
    return lambda: seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def _help() -> list[str] | None:
    """The command, if it is there: the script as installed, or its module."""
    script = Path(sys.executable).with_name("speciate")
    if importlib.util.find_spec("speciate.cli") is None:
        return None
    return [str(script), "--help"] if script.exists() else [sys.executable, "-m", "speciate.cli", "--help"]


def _first_result(trains: bool) -> float:
    """From starting a worker process to its first result; the network is tiny."""
    from speciate.backends import ProcessBackend
    from speciate.data import load_data
    from speciate.evaluators import FunctionEvaluator, SupervisedEvaluator
    from speciate.networks import hand_made
    from speciate.records import Budget, Candidate

    evaluator = (
        SupervisedEvaluator(load_data("sklearn:digits")) if trains else FunctionEvaluator(learning_rate)
    )
    backend = ProcessBackend(workers=1)

    def work() -> None:
        backend.start(evaluator)
        backend.submit([Candidate(0, hand_made(), 0, Budget(32))])
        assert backend.wait()[0].ok

    try:
        return seconds(work)
    finally:
        backend.close()


def measure(settings: Settings, say: Say) -> Result:
    """Let all take turns."""
    contenders = {
        EMPTY: _code("pass"),
        "import speciate": _code("import speciate"),
        "import speciate.run.search": _code("import speciate.run.search"),
        "import torch": _code("import torch"),
        "worker, first result, nothing to train": lambda: _first_result(trains=False),
        "worker, first result, one training step": lambda: _first_result(trains=True),
    }
    if command := _help():
        contenders["speciate --help"] = _command(command)
    else:
        say("speciate --help: skipped, the command is not installed")
    for contender in contenders.values():
        contender()  # files come from the disk once
    return {"times": take_turns(contenders, settings["rounds"], say)}


def show(result: Result) -> str:
    """A row for each."""
    found: dict[str, list[float]] = result["times"]
    rows = [(name, f"{median(t):.3f}", f"{min(t):.3f} - {max(t):.3f}") for name, t in found.items()]
    note = f"Seconds of wall time, median over rounds; target for `speciate --help`: {HELP_TARGET}."
    if "speciate --help" not in found:
        note += " The command was not installed."
    return table(("what", "seconds", "from - to"), rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "startup",
    "How long does one wait for the command's help, for the import, and for the first result of a worker?",
    {"rounds": 10},
    lambda s: 14.0 * s["rounds"],
    measure,
    show,
)
