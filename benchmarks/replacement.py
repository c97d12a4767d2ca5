"""How soon a fresh worker is at work after one has hung, crashed, grown or been killed."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table
from speciate.backends import ProcessBackend
from speciate.data import load_data
from speciate.evaluators import Evaluator, SupervisedEvaluator
from speciate.networks import hand_made
from speciate.records import Budget, Candidate, Evaluation

TARGET = 5.0
"""Seconds after which a fresh worker is to be at work."""

BAD = 3
"""The candidate that misbehaves."""

LIMIT, MEMORY = 2.0, 1_500_000_000
"""Seconds and bytes for a candidate of this benchmark."""

KINDS = {"hangs": "timeout", "segfaults": "crashed", "takes memory": "infeasible", "is killed": "crashed"}
"""What the candidate, or somebody outside, does, and the status that it comes to."""


class Misbehaving(Evaluator):
    """Trains networks; one candidate misbehaves.

    Args:
        inner: Trains.
        kind: What the one does: a key of `KINDS`.
    """

    trains = True

    def __init__(self, inner: SupervisedEvaluator, kind: str) -> None:
        self.inner, self.kind = inner, kind

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Train, or misbehave."""
        if any(candidate.id == BAD for candidate in candidates):
            misbehave(self.kind)
        return self.inner.evaluate(candidates)

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        return self.inner.evaluate([candidate])[0]

    def describe(self) -> dict[str, Any]:
        """Its kind."""
        return {"kind": self.kind}


def misbehave(kind: str) -> None:
    """Do not return."""
    match kind:
        case "segfaults":
            ctypes.string_at(0)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "takes memory":
            taken = []
            while True:
                taken.append(b"x" * 50_000_000)
                time.sleep(0.01)
    while True:
        time.sleep(1)


def once(inner: SupervisedEvaluator, kind: str) -> tuple[float, list[str]]:
    """Seconds from the loss of a worker's candidate to the first result of the worker in its place, and all statuses."""
    limits = {"hangs": {"candidate_time": LIMIT}, "takes memory": {"worker_memory": MEMORY}}.get(kind, {})
    backend = ProcessBackend(1, **limits)  # type: ignore[arg-type]
    try:
        backend.start(Misbehaving(inner, kind))
        backend.submit([Candidate(i, hand_made(), i, Budget(64)) for i in range(BAD + 2)])
        done: list[tuple[float, Evaluation]] = []
        while not backend.idle:
            done += [(time.monotonic(), evaluation) for evaluation in backend.wait()]
        lost = next(moment for moment, e in done if e.candidate.id == BAD)
        after = next(moment for moment, e in done if e.candidate.id == BAD + 1)
        return after - lost, [str(e.status) for _, e in sorted(done, key=lambda pair: pair[1].candidate.id)]
    finally:
        backend.close()


def measure(settings: Settings, say: Say) -> Result:
    """Let each kind happen a few times."""
    inner = SupervisedEvaluator(load_data("sklearn:digits"))
    found: dict[str, list[float]] = {}
    for kind, status in KINDS.items():
        for _ in range(settings["rounds"]):
            seconds, statuses = once(inner, kind)
            expected = ["ok"] * BAD + [status, "ok"]
            if statuses != expected:
                raise RuntimeError(f"a worker that {kind}: {statuses} instead of {expected}")
            found.setdefault(kind, []).append(seconds)
        say(f"a worker that {kind}: {median(found[kind]):.1f} s")
    return {"seconds_to_work": found}


def show(result: Result) -> str:
    """A row for each."""
    found: dict[str, list[float]] = result["seconds_to_work"]
    rows = [
        (f"a worker that {kind}", KINDS[kind], f"{median(t):.1f}", f"{min(t):.1f} - {max(t):.1f}")
        for kind, t in found.items()
    ]
    note = (
        "Seconds from the loss of its candidate to the first result of the worker in its place, which has to import torch and "
        f"train a small network first; target: {TARGET:g}. All other candidates were evaluated."
    )
    return table(("what happens", "its candidate", "seconds", "from - to"), rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "replacement",
    "How soon is a fresh worker at work after one has hung, crashed, outgrown its memory or been killed?",
    {"rounds": 5},
    lambda s: 30.0 * s["rounds"],
    measure,
    show,
)
