"""What inheriting weights brings on MNIST, in the spaces of dense and of convolutional networks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks import mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.cache import kept
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import duration, table

BARS = {"mlp": 0.980, "conv": 0.988}
"""The champion's accuracy to reach with inheritance."""

FINAL = 160_000
"""Examples of a convolutional champion's last training; to double them until nothing is gained would take most of the run."""

ARMS = {
    "mlp, preserve": mnist.How("mlp", "preserve", final=None),
    "conv, preserve": mnist.How("conv", "preserve", final=FINAL),
    "mlp, from scratch": mnist.How("mlp", final=None),
    "conv, from scratch": mnist.How("conv", final=FINAL),
}


def measure(settings: Settings, say: Say) -> Result:
    """Arm by arm, seed by seed. Finished runs are kept."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
    for name, how in ARMS.items():
        size = settings["population" if how.space == "mlp" else "conv_population"]
        known = {"population": size, "generations": settings["generations"], **asdict(how)}
        for seed in range(settings["seeds" if how.inherit != "none" else "scratch_seeds"]):
            found = kept(
                places.CACHE / "inheritance",
                known,
                f"seed-{seed}",
                lambda h=how, s=seed, n=size: mnist.run(
                    "tournament", s, n, h, generations=settings["generations"]
                )[0],
            )
            runs[name].append(found)
            say(f"{name}, seed {seed}: test {found['test']:.2%}, {duration(found['seconds'])}")
    return {
        "runs": runs,
        "sizes": {space: settings[key] for space, key in SIZES.items()},
        "generations": settings["generations"],
        "seconds": sum(run["seconds"] for found in runs.values() for run in found),
    }


SIZES = {"mlp": "population", "conv": "conv_population"}


def show(result: Result) -> str:
    """One line an arm, then every champion."""
    rows, each = [], []
    for name, runs in result["runs"].items():
        tests = [run["test"] for run in runs]
        rows.append(
            (
                name,
                " / ".join(f"{value * 100:.2f}" for value in tests),
                shown(mean_interval(tests), factor=100),
                f"{min(run['lineage'] for run in runs):,} - {max(run['lineage'] for run in runs):,}",
                f"{sum(run['examples'] for run in runs) / len(runs) / 1e6:.2f} M",
                " / ".join(duration(run["seconds"]) for run in runs),
            )
        )
        each += [(f"{name}, seed {run['seed']}: {run['champion']}", f"{run['test']:.2%}") for run in runs]
    head = (
        "",
        "champion, test %, by seed",
        "mean",
        "examples of its line",
        "examples of the run",
        "wall time",
    )
    sizes = ", ".join(
        f"{size} x {result['generations']} ({space})" for space, size in result["sizes"].items()
    )
    bars = ", ".join(f"{bar:.1%} for {space}" for space, bar in BARS.items())
    note = (
        f"Population x generations: {sizes}; 10,000 examples a network and step. Dense champions are trained to the end, as by default: "
        f"twice as many examples again and again until the validation score stops improving; convolutional ones once, on {FINAL:,} "
        f"examples (`--final-examples`). With inheritance that goes on from the winner's own weights. Bars with inheritance: {bars}. The examples of its line are those of everybody whose weights went "
        "into the champion's. What champions reach with 10,000 examples and no inheritance is in the benchmark `article`."
    )
    return "\n\n".join([table(head, rows), note, table(("champion", "test"), each)])


BENCHMARK = Benchmark(
    "inheritance",
    "What does inheriting weights bring on MNIST, in a space of dense networks and in one of convolutional ones?",
    {"seeds": 3, "scratch_seeds": 3, "population": 50, "conv_population": 16, "generations": 10},
    lambda s: (
        s["generations"]
        * (
            s["seeds"] * (0.6 * s["population"] + 4.0 * s["conv_population"])
            + s["scratch_seeds"] * (0.4 * s["population"] + 4.0 * s["conv_population"])
        )
    ),
    measure,
    show,
    data=mnist.FILES,
)
