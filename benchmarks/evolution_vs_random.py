"""Evolution against random search: the same data, seeds, networks trained and examples."""

from __future__ import annotations

from typing import Any

from benchmarks import mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.cache import kept
from benchmarks.intervals import compare_pairs, mean_interval, shown
from benchmarks.markdown import duration, table

MEASURES = {
    "test": "champion, test %",
    "best_valid": "best of the search, validation %",
    "last_generation": "mean of the last generation, validation %",
}


def measure(settings: Settings, say: Say) -> Result:
    """Seed by seed: the tournament, then random search with as many networks. Finished runs are kept."""
    shape = {name: settings[name] for name in ("population", "generations")}
    population, folder = settings["population"], places.CACHE / "evolution_vs_random"
    runs: dict[str, list[dict[str, Any]]] = {"tournament": [], "random": []}
    for seed in range(settings["seeds"]):
        for algorithm, found in runs.items():
            # Elites are not trained again: random search gets as many trainings, not as many candidates.
            most = (
                population * settings["generations"]
                if algorithm == "tournament"
                else runs["tournament"][-1]["trained"]
            )
            found.append(
                kept(
                    folder,
                    {**shape, "examples": mnist.EXAMPLES, "algorithm": algorithm, "networks": most},
                    f"{algorithm}-{seed}",
                    lambda a=algorithm, s=seed, n=most: mnist.run(a, s, population, evaluations=n)[0],
                )
            )
            say(f"seed {seed}, {algorithm}: test {found[-1]['test']:.2%}, {duration(found[-1]['seconds'])}")
    return {"runs": runs, "seconds": sum(run["seconds"] for found in runs.values() for run in found)}


def show(result: Result) -> str:
    """Means side by side, the differences with what statistics says about them, and every pair."""
    ours, theirs = result["runs"]["tournament"], result["runs"]["random"]
    rows, tests = [], []
    for key, label in MEASURES.items():
        columns = [[run[key] for run in runs] for runs in (ours, theirs)]
        difference = compare_pairs(*columns)
        rows.append((label, *(shown(mean_interval(c), factor=100) for c in columns), _difference(difference)))
        tests.append((label, *(_number(difference[name]) for name in ("d_z", "p_t", "p_wilcoxon"))))
    pairs = [
        (seed, *(f"{run['test']:.2%}" for run in pair), *(run["trained"] for run in pair))
        for seed, pair in enumerate(zip(ours, theirs, strict=True))
    ]
    return "\n\n".join(
        [
            f"{len(ours)} paired seeds: the same split, the same number of trained networks and of examples each, the same final.",
            table(("mean", "tournament", "random", "tournament - random"), rows),
            table(("paired difference", "d_z", "p (t)", "p (Wilcoxon)"), tests),
            table(("seed", "tournament, test", "random, test", "networks trained", "by random"), pairs),
            _commits([*ours, *theirs]),
        ]
    ).strip()


def _difference(found: dict[str, Any]) -> str:
    return f"{shown(found, factor=100)} [{found['low'] * 100:+.2f}, {found['high'] * 100:+.2f}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _commits(runs: list[dict[str, Any]]) -> str:
    commits = sorted({run["commit"] for run in runs})
    return "" if len(commits) == 1 else f"Measured in several sessions, at the commits {', '.join(commits)}."


BENCHMARK = Benchmark(
    "evolution_vs_random",
    "Does the tournament find a better network than random search that trains just as many?",
    {"seeds": 10, "population": 15, "generations": 10},
    lambda s: 2 * s["seeds"] * (25 + 0.7 * s["population"] * s["generations"]),
    measure,
    show,
    data=mnist.FILES,
)
