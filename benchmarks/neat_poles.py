"""Two poles on a cart, with and without velocities: evaluations until a solution."""

from __future__ import annotations

from functools import partial
from statistics import mean, median, stdev
from typing import Any

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.cache import kept
from benchmarks.markdown import table
from benchmarks.neat_runs import solve

CASES: dict[str, dict[str, Any]] = {
    "with velocities, from 1 degree": {"task": "double-pole", "start": 1.0, "population": 150, "limit": 30_000, "paper": "3,600"},
    "with velocities, from 4 degrees": {"task": "double-pole", "start": 4.0, "population": 150, "limit": 30_000, "paper": "3,600"},
    "without velocities, from 4 degrees": {
        "task": "double-pole-without-velocities", "start": 4.0, "population": 1_000, "limit": 100_000, "paper": "33,184",
    },
    "without velocities, 500 a generation": {
        "task": "double-pole-without-velocities", "start": 4.0, "population": 500, "limit": 100_000, "paper": "",
    },
}  # fmt: skip

RIVALS = ("genetic", "openai-es", "cma-es")


def measure(settings: Settings, say: Say) -> Result:
    """NEAT on all cases, then the rivals with velocities; finished runs are kept."""
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for case, about in CASES.items():
        hidden = about["task"] != "double-pole"
        for evolver in ("neat",) if hidden else ("neat", *RIVALS):
            count = (
                settings["hidden_runs"]
                if hidden
                else settings["runs"]
                if evolver == "neat"
                else settings["rival_runs"]
            )
            for seed in range(count):
                keep = partial(kept, places.CACHE / "neat_poles", about)
                part = f"{'hidden' if hidden else about['start']:}-{evolver}-{seed}"
                found = keep(part, lambda a=about, e=evolver, s=seed: _run(a, e, s))
                runs.setdefault(case, {}).setdefault(evolver, []).append(found)
            all_ = runs[case][evolver]
            say(
                f"{case}, {evolver}: {sum(r['solved'] for r in all_)} of {count}, {mean(r['evaluations'] for r in all_):,.0f} evaluations"
            )
    spent = sum(run["seconds"] for of in runs.values() for every in of.values() for run in every)
    return {"runs": runs, "seconds": spent}


def _run(about: dict[str, Any], evolver: str, seed: int) -> dict[str, Any]:
    from speciate.neat.evolvers import evolver_by_name
    from speciate.neat.tasks import task_by_name

    task = task_by_name(about["task"], start=about["start"])
    return solve(task, evolver_by_name(evolver, task, about["population"], seed), seed, about["limit"])


def show(result: Result) -> str:
    """A row for each case and evolver."""
    rows = []
    for case, of in result["runs"].items():
        for evolver, runs in of.items():
            counts = [run["evaluations"] for run in runs]
            general = [run["verify"]["starts balanced, of 625"] for run in runs if run["solved"]]
            spread = f" ± {stdev(counts):,.0f}" if len(counts) > 1 else ""
            rows.append(
                (
                    case,
                    evolver,
                    f"{sum(run['solved'] for run in runs)} of {len(runs)}",
                    f"{mean(counts):,.0f}{spread}",
                    CASES[case]["paper"] if evolver == "neat" else "",
                    f"{mean(run['processor'] for run in runs):.1f}",
                    f"{median(run['hidden'] for run in runs):.0f}" if evolver == "neat" else "8",
                    f"{mean(general):.0f}" if general else "",
                )
            )
    head = (
        "double pole", "evolver", "solved", "evaluations (± standard deviation)", "NEAT's paper", "processor s", "hidden nodes", "starts of 625",
    )  # fmt: skip
    limits = ", ".join(
        sorted({f"{about['limit']:,} ({about['population']} a generation)" for about in CASES.values()})
    )
    note = (
        "Everything at rest but the long pole; poles of 1.0 and 0.1 m; a force every 0.02 s, Runge-Kutta steps of 0.01 s. With velocities a "
        "solution balances 100,000 steps. Without them fitness is Gruau's, over 1,000 steps, and a network is a solution if "
        "it balances 100,000 steps and at least 200 of 625 starts for 1,000 steps each. Evaluations are those of whole generations, runs that "
        f"found nothing with all they spent; limits: {limits}. At most one network of a generation is put to that test: the fittest that "
        "reaches the goal and is no unchanged copy. Bars: all of 40 and at most 3,600 evaluations from 1 degree; 18 of 20 and at most "
        "33,184 without velocities. Weights alone: a fixed network with 8 hidden units. Default settings everywhere."
    )
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "neat_poles",
    "How many evaluations does it take to balance two poles?",
    {"runs": 40, "hidden_runs": 20, "rival_runs": 10},
    lambda s: 2.0 * s["runs"] + 40.0 * s["hidden_runs"] + 5.0 * s["rival_runs"],
    measure,
    show,
)
