"""Functions that misbehave where x0 is positive, for worker processes; elsewhere they are the sphere."""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speciate.evaluators import FunctionEvaluator, SupervisedEvaluator
from speciate.records import Candidate, Evaluation, Genome
from speciate.testing import sphere

NOTES = "UNRULY_NOTES"
"""The environment variable with the folder where functions leave notes for a test."""

FOREVER = 600.0


def notes() -> Path:
    """Where functions leave notes."""
    return Path(os.environ[NOTES])


def leave(name: str, text: str = "") -> None:
    """Leave a note, complete or not at all, if a test wants any."""
    if NOTES in os.environ:
        half = notes() / f"{name}.{os.getpid()}"
        half.write_text(text)
        half.replace(notes() / name)


def is_bad(genome: Genome) -> bool:
    """Whether a genome makes functions misbehave."""
    return float(genome.to_json()["hyper"]["x0"]) > 0


def endless(genome: Genome) -> float:
    if is_bad(genome):
        leave("endless")
        while True:
            pass
    return sphere(genome)


def deaf(genome: Genome) -> float:
    """Hears no signal that can be ignored."""
    if is_bad(genome):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        leave("deaf")
        while True:
            time.sleep(1)
    return sphere(genome)


def locked(genome: Genome) -> float:
    """Holds the interpreter's lock in C, so that neither a thread nor its own handler of SIGTERM can do anything."""
    if is_bad(genome):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        leave("locked")
        sum(itertools.repeat(0))
    return sphere(genome)


def parent(genome: Genome) -> float:
    """Waits for a process of its own that takes forever."""
    if is_bad(genome):
        child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER})"])
        leave("child", str(child.pid))
        child.wait()
    return sphere(genome)


def hungry(genome: Genome) -> float:
    """Takes more and more memory, up to more than any test allows; leaves a note each time."""
    if is_bad(genome):
        with (notes() / "meals").open("a") as file:
            file.write(f"{os.getpid()}\n")
        _eat()
    return sphere(genome)


def hungry_once(genome: Genome) -> float:
    """Takes that much only the first time."""
    if is_bad(genome) and not (notes() / "fed").exists():
        (notes() / "fed").touch()
        _eat()
    return sphere(genome)


def _eat() -> None:
    meals = []
    for _ in range(60):
        meals.append(b"x" * 20_000_000)
    time.sleep(FOREVER)


def segfaulting(genome: Genome) -> float:
    if is_bad(genome):
        ctypes.string_at(0)
    return sphere(genome)


def waiting(genome: Genome) -> float:
    """Waits to be killed by somebody else."""
    if is_bad(genome):
        leave("waiting", str(os.getpid()))
        time.sleep(FOREVER)
    return sphere(genome)


class Stillborn(FunctionEvaluator):
    """Ends a process that unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (sys.exit, ("libspline.so.3 is missing",))


class Misplaced(FunctionEvaluator):
    """Cannot be unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_fail, ())


def _fail() -> None:
    raise RuntimeError("there is no such disk here")


class Heavy(FunctionEvaluator):
    """Dies while it loads, wherever it is loaded for the first time."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_load, ())


def _load() -> FunctionEvaluator:
    if not (notes() / "loaded").exists():
        (notes() / "loaded").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return FunctionEvaluator(sphere)


class Clinging(SupervisedEvaluator):
    """Trains; but a later candidate that comes to a node of a Ray cluster stays there as long as the node lives.

    Later candidates on other nodes wait until somebody stays, so that the run cannot end without it.

    Args:
        node: The node's id.
        note: A file that says that somebody stays.
    """

    def __init__(self, *arguments: Any, node: str, note: Path, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.node, self.note = node, note

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        import ray

        here = ray.get_runtime_context().get_node_id() if ray.is_initialized() else ""
        if here and candidates[0].id >= 6:
            if here == self.node:
                self.note.touch()
                time.sleep(FOREVER)
            self._wait()
        return super().evaluate(candidates)

    def _wait(self) -> None:
        limit = time.monotonic() + FOREVER / 2
        while not self.note.exists():
            if time.monotonic() > limit:
                raise TimeoutError("no candidate ever came to the node")
            time.sleep(0.05)
