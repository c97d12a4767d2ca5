"""Does the score by which the final chooses say which of its networks are good? Every one of them is scored on the sealed rows.

Only here: a run opens the seal once, for its champion. Nothing of a run depends on what is measured.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks import contenders, places, real_tables
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import table
from speciate.run.callbacks import Callback

BAR = 0.8
FEWEST = 4
"""Networks without which a rank correlation says nothing."""

LOSS = "neg_log_loss"
KINDS = ("metric", "loss", "search")
"""What is correlated with the sealed score: the final's score in the run's metric, its log loss (higher is better), both with the
same on the sealed rows; and the score of the search, at its few examples, with the sealed score in the metric."""


class Unsealed(Callback):
    """Scores all networks of the final on the sealed rows, when the champion has been chosen and weights are still there."""

    def __init__(self) -> None:
        self.networks: list[dict[str, Any]] = []

    def on_event(self, search: Any, kind: str, message: str) -> None:
        """Score them."""
        if kind != "champion":
            return
        from speciate.run.stored import candidate_of

        evaluator, data = search.evaluator, search.evaluator.data
        test = data.test.open()
        searched = {row.id: row.score for row in search.rows if row.phase == "search"}
        for row in search.rows:
            if row.phase not in ("final", "champion") or row.status != "ok" or row.weights is None:
                continue
            answers = evaluator.predict(evaluator.load(candidate_of(row), row.weights), test.x)
            found = {
                "network": row.parents[0],
                "examples": row.lineage_examples,
                "valid": row.score,
                "sealed": data.score(test, answers),
                "search": searched.get(row.parents[0]),
            }
            if data.task == "classification":
                found["sealed_loss"] = data.score(test, answers, LOSS)
                found["valid_loss"] = row.metrics.get(f"valid_{LOSS}", row.score)
            self.networks.append(found)


def correlations(networks: list[dict[str, Any]]) -> dict[str, float]:
    """Spearman's rank correlations over networks, each at its greatest length, its folds and seeds averaged.

    Args:
        networks: What `Unsealed` has found.

    Returns:
        By the names in `KINDS`; without what too few networks have. `networks`: how many there are.
    """
    groups: defaultdict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for one in networks:
        groups[one["network"], one["examples"]].append(one)
    longest = dict(sorted(groups))  # of each network the greatest length
    last = [groups[key] for key in longest.items()]
    pairs = {
        "metric": ("valid", "sealed"),
        "loss": ("valid_loss", "sealed_loss"),
        "search": ("search", "sealed"),
    }
    found = {"networks": float(len(last))}
    for kind, names in pairs.items():
        known = [g for g in last if all(one.get(n) is not None for one in g for n in names)]
        if len(known) >= FEWEST:
            means = [[np.mean([one[n] for one in g]) for g in known] for n in names]
            value = float(stats.spearmanr(*means).statistic)
            if np.isfinite(value):  # not where all scores are equal
                found[kind] = value
    return found


def measure(settings: Settings, say: Say) -> Result:
    """A run of each table and seed."""
    import speciate

    try:
        tables = real_tables.chosen(settings["tables"])
    except ValueError as error:
        raise SkippedError(str(error)) from None
    found: dict[str, list[dict[str, float]]] = {name: [] for name in tables}
    for seed in range(settings["seeds"]):
        for name in tables:
            watching = Unsealed()
            with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
                train, _ = real_tables.write(name, Path(folder))
                speciate.evolve(
                    train,
                    target=real_tables.TARGET,
                    seed=seed,
                    runs=folder,
                    name="run",
                    workers=contenders.THREADS,
                    callbacks=[watching],
                )
            found[name].append(correlations(watching.networks))
            say(f"{name}, seed {seed}: {found[name][-1]}")
    return {"tables": found}


def show(result: Result) -> str:
    """A row for each table, and the mean over all runs."""
    rows = []
    for name, runs in result["tables"].items():
        rows.append((name, *(_mean(runs, kind) for kind in KINDS), _mean(runs, "networks", 0)))
    everything = [run for runs in result["tables"].values() for run in runs]
    rows.append(("all", *(_mean(everything, kind) for kind in KINDS), _mean(everything, "networks", 0)))
    head = ("", "the final's score", "the final's log loss", "the search's score", "networks")
    return (
        table(head, rows)
        + "\n\n"
        + f"Spearman's rank correlation with the score on the sealed rows, over all networks of a run's final, each at the greatest length "
        f"that it reached, folds and seeds averaged; mean over seeds (bar {BAR} on average). The first two columns compare like with "
        "like, metric with metric and log loss with log loss, of the same trained networks; the third is the score of the search."
    )


def _mean(runs: list[dict[str, float]], kind: str, digits: int = 2) -> str:
    known = [run[kind] for run in runs if kind in run]
    return shown(mean_interval(known), digits) if known else ""


BENCHMARK = Benchmark(
    "final_correlation",
    "Does the score by which the final chooses among its networks agree with their scores on sealed rows?",
    {"seeds": 2, "tables": "all"},
    lambda s: 60.0 * s["seeds"] * real_tables.count(s["tables"]),
    measure,
    show,
    data=real_tables.FILES,
)
