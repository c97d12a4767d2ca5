"""What waiting for nobody brings: candidates of very different cost on many workers, in a generation, in order, or as they come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import NormalDist, mean
from typing import TYPE_CHECKING, Any

from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.intervals import compare_pairs, mean_interval, shown
from benchmarks.markdown import table

if TYPE_CHECKING:
    from speciate.algorithms import Algorithm
    from speciate.backends import Backend
    from speciate.records import Genome

MEAN = 0.2
"""Seconds that candidates take on average."""

SPREADS = {"about equal": 0.1, "very different": 1.2}
"""Standard deviations of the logarithm of the cost."""


def cost(genome: Genome, spread: float) -> float:
    """Seconds that a candidate takes: log-normal, and nothing that its score could tell."""
    uniform = (int(genome.key[:12], 16) + 0.5) / 16**12
    return MEAN * math.exp(spread * NormalDist().inv_cdf(uniform) - spread**2 / 2)


def _slow(genome: Genome, spread: float) -> float:
    from speciate.testing import sphere

    time.sleep(cost(genome, spread))
    return sphere(genome)


def about_equal(genome: Genome) -> float:
    """The sphere, after about the same time for all."""
    return _slow(genome, SPREADS["about equal"])


def very_different(genome: Genome) -> float:
    """The sphere, after a time that differs by a factor of ten or a hundred."""
    return _slow(genome, SPREADS["very different"])


FUNCTIONS = {"about equal": about_equal, "very different": very_different}


def arms(population: int, workers: int) -> dict[str, Callable[[], Algorithm]]:
    """The ways to wait, by name."""
    from speciate.algorithms import AgingEvolution, GenerationalTournament

    return {
        "tournament, a generation at a time": lambda: GenerationalTournament(population),
        "aging, lag 8 (the default)": lambda: AgingEvolution(population),
        f"aging, lag {2 * workers}": lambda: AgingEvolution(population, lag=2 * workers),
        "aging, asynchronous": lambda: AgingEvolution(population, asynchronous=True),
    }


def once(
    algorithm: Algorithm, backend: Backend, evaluations: int, seed: int, spread: float
) -> dict[str, float]:
    """A search on warm workers: its seconds, how busy the workers were, and the best score."""
    from speciate.records import Budget
    from speciate.testing import sphere_space

    started = time.perf_counter()
    search = algorithm.start(sphere_space(6), seed=seed, budget=Budget(1))
    best, busy = -math.inf, 0.0
    while True:
        asked = search.ask(min(backend.free, evaluations - search.asked))
        backend.submit(asked)
        if not asked and backend.idle:
            break
        if not asked:
            done = backend.wait()
            search.tell(done)
            best = max(best, *(e.fitness for e in done))
            busy += sum(cost(e.candidate.genome, spread) for e in done)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "busy": busy / seconds / backend.workers, "best": best}


def measure(settings: Settings, say: Say) -> Result:
    """Run every arm with every seed, on the same workers."""
    from speciate.backends import ProcessBackend
    from speciate.evaluators import FunctionEvaluator

    ways = arms(settings["population"], settings["workers"])
    found: dict[str, Any] = {}
    for name, function in FUNCTIONS.items():
        backend = ProcessBackend(settings["workers"])
        try:
            backend.start(FunctionEvaluator(function))
            once(ways["aging, asynchronous"](), backend, 2 * settings["workers"], 99, SPREADS[name])  # warm
            found[name] = {way: [] for way in ways}
            for seed in range(settings["seeds"]):
                for way, make in ways.items():
                    taken = once(make(), backend, settings["evaluations"], seed, SPREADS[name])
                    found[name][way].append(taken)
                say(f"costs {name}, seed {seed + 1} of {settings['seeds']}")
        finally:
            backend.close()
    return {"costs": found}


def show(result: Result) -> str:
    """A row for each way and each spread of costs."""
    rows = []
    for costs, ways in result["costs"].items():
        free = [taken["best"] for taken in ways["aging, asynchronous"]]
        for way, runs in ways.items():
            best = [taken["best"] for taken in runs]
            pairs = compare_pairs(free, best)
            rows.append(
                (
                    f"{costs}: {way}",
                    f"{mean(t['seconds'] for t in runs):.1f} s",
                    f"{mean(t['busy'] for t in runs):.0%}",
                    shown(mean_interval(best), digits=4),
                    "" if way == "aging, asynchronous" else f"{pairs['mean']:+.4f}",
                )
            )
    notes = (
        "Seconds of wall time for the same number of candidates, the share of it that workers were at work, and the best score "
        "(minus the squared distance from the optimum in six dimensions, 0 is best; 95 % interval over seeds). Candidates do "
        "nothing but wait, log-normal times that have nothing to do with their scores, so that more workers than cores can be "
        "measured."
    )
    head = ("costs and algorithm", "time", "workers busy", "best score", "asynchronous is better by")
    return table(head, rows) + "\n\n" + notes


BENCHMARK = Benchmark(
    "asynchronous",
    "What does an asynchronous search bring where candidates differ much in cost?",
    {"seeds": 5, "workers": 16, "population": 40, "evaluations": 300},
    lambda s: s["seeds"] * s["evaluations"] * 2.4 / s["workers"] + 40,
    measure,
    show,
)
