"""The command in real processes that are forked from one that has imported everything: each begins at once, and can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Self

from tests.inside import speciate

from speciate.training.planner import engines

from .conftest import environment

MODULES = (
    "speciate.run.search",
    "speciate.config.building",
    "speciate.config.neuro_building",
    "speciate.compare",
    "speciate.report.comparison_page",
    "speciate.champion.exporting",
    "speciate.neat.evaluator",
    "speciate.store.salvage",
    "speciate.terminal.watch",
    "speciate.training.compiled.engine",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "sklearn.datasets",
    "sklearn.linear_model",
    "pandas",
    "torch",
)
"""What commands import."""

WARM = [
    *(
        "run",
        "sklearn:iris",
        "--population",
        "2",
        "--generations",
        "1",
        "--examples",
        "50",
        "--final-examples",
        "50",
    ),
    *("--finalists", "0", "--backend", "inline", "--quiet"),
]
"""A run that begins with what it takes a while to load."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative number is that of a signal."""

    returncode: int
    said: str


class Forks:
    """Starts commands as forks of one process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env=environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def speciate(self, *arguments: str, cwd: Path, **env: str) -> Ended:
        """Run the command and wait."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        output = cwd / "output.txt"
        order = {"arguments": arguments, "cwd": str(cwd), "env": env, "output": str(output)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return Ended(int(self._process.stdout.readline()), output.read_text())


def obey(order: dict[str, Any]) -> NoReturn:
    """Be the command."""
    from speciate.cli import main

    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(ours, theirs)
    sys.argv = ["speciate", *order["arguments"]]
    main()


def serve() -> None:
    """Fork a command for each line, and answer with how it ended."""
    for module in MODULES:
        import_module(module)
    with tempfile.TemporaryDirectory() as place:  # compiled loops are loaded when they are first called
        speciate(*WARM, cwd=Path(place))
    for engine in engines():
        if "_pool" in vars(engine):
            vars(engine)["_pool"].shutdown()
    engines.cache_clear()
    assert threading.active_count() == 1, "a fork has one thread only, whoever else may be needed"
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            obey(json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
