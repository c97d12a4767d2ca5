"""Gymnasium's control tasks: NEAT beside evolution of the weights alone."""

from __future__ import annotations

from functools import partial
from statistics import mean
from typing import Any

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.cache import kept
from benchmarks.markdown import table
from benchmarks.neat_runs import solve

TASKS: dict[str, dict[str, Any]] = {
    "CartPole-v1": {"episodes": 5, "population": 150, "limit": 15_000},
    "MountainCar-v0": {"episodes": 5, "population": 150, "limit": 15_000},
    "Acrobot-v1": {"episodes": 5, "population": 150, "limit": 9_000},
    "LunarLander-v3": {"episodes": 15, "population": 100, "limit": 10_000},
}
"""Episodes a genome, population, and most evaluations."""

MORE = {("LunarLander-v3", "neat"): {"population": 200}}
"""What is different for one evolver."""

EVOLVERS = ("neat", "genetic", "openai-es", "cma-es")


def measure(settings: Settings, say: Say) -> Result:
    """Every evolver on every task; finished runs are kept."""
    try:
        import Box2D  # noqa: F401
        import gymnasium  # noqa: F401
    except ImportError:
        raise SkippedError("it needs Gymnasium with Box2D; pip install 'speciate[rl]'") from None
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, about in TASKS.items():
        seeds = settings["lander_seeds"] if name.startswith("Lunar") else settings["seeds"]
        for seed in range(seeds):
            for evolver in EVOLVERS:
                given = {**about, **MORE.get((name, evolver), {})}
                keep = partial(kept, places.CACHE / "neat_control", given)
                found = keep(
                    f"{name}-{evolver}-{seed}", lambda n=name, e=evolver, a=given, s=seed: _run(n, e, a, s)
                )
                runs.setdefault(name, {}).setdefault(evolver, []).append(found)
                say(
                    f"{name}, {evolver}, seed {seed}: {'solved' if found['solved'] else 'not solved'} after "
                    f"{found['evaluations']:,} evaluations, {found['seconds']:.1f} s"
                )
    spent = sum(run["seconds"] for of in runs.values() for every in of.values() for run in every)
    return {"runs": runs, "seconds": spent}


def _run(name: str, evolver: str, about: dict[str, Any], seed: int) -> dict[str, Any]:
    from speciate.neat.evolvers import evolver_by_name
    from speciate.neat.tasks import task_by_name

    task = task_by_name(name, episodes=about["episodes"])
    return solve(task, evolver_by_name(evolver, task, about["population"], seed), seed, about["limit"])


def show(result: Result) -> str:
    """A row for each task and evolver."""
    rows = []
    for name, of in result["runs"].items():
        for evolver, runs in of.items():
            solved = [run for run in runs if run["solved"]]
            row = [name, evolver, f"{len(solved)} of {len(runs)}"]
            for key, form in (
                ("evaluations", ",.0f"),
                ("steps", ",.0f"),
                ("processor", ".1f"),
                ("connections", ".0f"),
            ):
                row.append(format(mean(run[key] for run in runs), form))
            row.append(_fresh(runs))
            rows.append(row)
    head = (
        "task", "evolver", "solved", "evaluations", "environment steps", "processor s", "connections", "100 fresh episodes",
    )  # fmt: skip
    limits = ", ".join(f"{name} {about['limit']:,} of {about['population']}" for name, about in TASKS.items())
    limits += "".join(f"; {name} by {evolver} {more['population']}" for (name, evolver), more in MORE.items())
    episodes = ", ".join(f"{name} {about['episodes']}" for name, about in TASKS.items())
    note = (
        f"Fitness is the mean return of some episodes ({episodes}), as the environment gives it, without shaping; all genomes play the same "
        "ones. "
        "MountainCar-v0's is -1 for every step, at most 200 of them, and says nothing until somebody reaches the flag. Solved: a network "
        "reaches Gymnasium's threshold (CartPole-v1: all 500 steps) on its episodes and then, as a mean, on 100 fresh ones; "
        "CartPole-v1 in every one of them. Means over seeds, unsolved runs with all that they spent; processor seconds of one process, from "
        "the first generation to the solution. Weights alone: a fixed network with one hidden layer of 8 units; NEAT starts without hidden "
        f"nodes. All with the settings that they have by default. Most evaluations, and population: {limits}."
    )
    absent = [
        f"{name} by {evolver}"
        for name in TASKS
        for evolver in EVOLVERS
        if evolver not in result["runs"].get(name, {})
    ]
    missing = f" Not measured yet: {', '.join(absent)}." if absent else ""
    return table(head, rows) + "\n\n" + note + missing


def _fresh(runs: list[dict[str, Any]]) -> str:
    values = [value for run in runs for key, value in run["verify"].items() if key.startswith("mean")]
    return f"{min(values):.1f} to {max(values):.1f}" if len(values) > 1 else f"{values[0]:.1f}"


BENCHMARK = Benchmark(
    "neat_control",
    "How soon do NEAT and evolution of the weights alone solve Gymnasium's control tasks?",
    {"seeds": 3, "lander_seeds": 1},
    lambda s: 200.0 * s["seeds"] + 1_500.0 * s["lander_seeds"],
    measure,
    show,
)
