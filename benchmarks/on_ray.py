"""What Ray costs against worker processes: the same broods on the same cores of one machine."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import duration, table
from benchmarks.overhead import learning_rate
from benchmarks.timing import take_turns

if TYPE_CHECKING:
    from speciate.backends import Backend
    from speciate.evaluators import Evaluator
    from speciate.records import Candidate, Evaluation

WORK = {
    "nothing to do": 0,
    "digits, 2,000 examples": 2_000,
    "digits, 20,000 examples": 20_000,
    "digits, 2,000 examples, weights inherited": 2_000,
}
"""What a candidate takes to evaluate, and the examples that it is trained with."""

PARTS = ("first", "brood", "end")


def evaluator(work: str, folder: Path) -> Evaluator:
    """The evaluator of a kind of work; weights go to a folder."""
    from speciate.data import load_data
    from speciate.evaluators import FunctionEvaluator, SupervisedEvaluator
    from speciate.store import WeightFolder

    if not WORK[work]:
        return FunctionEvaluator(learning_rate)
    inherit = "preserve" if "inherited" in work else "none"
    return SupervisedEvaluator(load_data("sklearn:digits"), inherit=inherit, weights=WeightFolder(folder))


def backend_of(name: str) -> Backend:
    """A fresh backend that uses every core."""
    from speciate.backends import BACKENDS

    return BACKENDS[name]()


def drained(backend: Backend, candidates: list[Candidate]) -> list[Evaluation]:
    """Everything that comes of candidates."""
    backend.submit(candidates)
    done: list[Evaluation] = []
    while not backend.idle:
        done += backend.wait()
    return done


def once(name: str, work: str, size: int) -> tuple[dict[str, float], list[Any]]:
    """Seconds from the start to the first generation's end, for a second generation, and for the end; its results.

    The second generation is measured because everything is warm then, and because it has parents to inherit from.
    """
    from speciate.algorithms import GenerationalTournament
    from speciate.records import Budget
    from speciate.spaces import NetworkSpace

    space = NetworkSpace.mlp(features=64, rows=1_000, outputs=10)
    algorithm = GenerationalTournament(size, elites=0).start(space, seed=0, budget=Budget(WORK[work] or 1))
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        backend, moments = backend_of(name), [time.perf_counter()]
        try:
            backend.start(evaluator(work, Path(folder)))
            algorithm.tell(drained(backend, algorithm.ask(size)))
            moments.append(time.perf_counter())
            done = drained(backend, algorithm.ask(size))
            moments.append(time.perf_counter())
        finally:
            backend.close()
        moments.append(time.perf_counter())
    taken = dict(zip(PARTS, (b - a for a, b in pairwise(moments)), strict=True))
    return taken, sorted((e.candidate.id, e.score, e.weights) for e in done)


def measure(settings: Settings, say: Say) -> Result:
    """Let both take turns at every kind of work, and compare what came of it."""
    if importlib.util.find_spec("ray") is None:
        raise SkippedError("Ray is not installed; pip install 'speciate[ray]'")
    found: dict[str, Any] = {}
    for work in WORK:
        parts: dict[str, dict[str, list[float]]] = {
            name: {p: [] for p in PARTS} for name in ("processes", "ray")
        }
        results: list[Any] = []

        def contender(name: str, work: str = work, parts: Any = parts, results: list[Any] = results) -> float:
            taken, result = once(name, work, settings["brood"])
            for part in PARTS:
                parts[name][part].append(taken[part])
            results.append(result)
            return taken["brood"]

        say(work)
        take_turns({name: lambda n=name: contender(n) for name in parts}, settings["rounds"], say)
        found[work] = {**parts, "equal": all(result == results[0] for result in results)}
    return {"brood": settings["brood"], "work": found}


def show(result: Result) -> str:
    """A row for each kind of work."""
    rows = []
    for work, found in result["work"].items():
        plain, ray = (found[name]["brood"] for name in ("processes", "ray"))
        more = [1000 * (b - a) for a, b in zip(plain, ray, strict=True)]
        per = f"{median(more) / result['brood']:+.2f} ms"
        starts = [median(found[name]["first"]) for name in ("processes", "ray")]
        rows.append(
            (
                work,
                f"{median(plain):.2f} s",
                f"{median(ray):.2f} s",
                f"{median(b / a for a, b in zip(plain, ray, strict=True)):.2f} x",
                per,
                *(duration(s) for s in starts),
                f"{median(found['ray']['end']):.1f} s",
                "yes" if found["equal"] else "NO",
            )
        )
    head = (
        "what a candidate does",
        "processes",
        "ray",
        "ratio",
        "more a candidate",
        "first generation, processes",
        "first generation, ray",
        "ray's end",
        "equal results",
    )
    notes = (
        "A generation on all cores, the second of a run, median over rounds; with weights inherited, they go to the workers and "
        "come back. The first generation includes the start: Ray's own processes, the libraries in every worker."
    )
    return table(head, rows) + "\n\n" + notes


BENCHMARK = Benchmark(
    "ray",
    "What does Ray cost against worker processes, for the same broods on the same cores?",
    {"rounds": 3, "brood": 100},
    lambda s: s["rounds"] * (4 * 35 + s["brood"] * 0.2),
    measure,
    show,
)
