"""Synthetic run folders, written with the store and without any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from speciate.records import Budget, Candidate, Cost, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, Node
from speciate.store import Baseline, RunFolder, Store

DATA: dict[str, Any] = {
    "name": "digits",
    "source": "sklearn:digits",
    "task": "classification",
    "metric": "accuracy",
    "target": "target",
    "classes": ["0", "1", "2"],
    "input_shape": [8, 8],
    "rows": {"train": 100, "valid": 20, "test": 50},
    "fingerprint": "f" * 64,
    "notes": [["warning", "a column looks like an identifier"]],
    "summary": ["digits: 170 rows"],
}
WEIGHTS = "a" * 64


def genome(units: Sequence[int] = (16,), activation: str = "relu", **hyper: Any) -> NetworkGenome:
    """A multi-layer perceptron."""
    nodes = [
        Node.make(f"mark{i}", "dense", {"units": u, "activation": activation, "dropout": 0.1})
        for i, u in enumerate(units)
    ]
    return NetworkGenome.path(nodes, {"learning_rate": 0.01, "optimizer": "adam", **hyper})


class Run:
    """A run folder in the making: candidates are added one by one."""

    def __init__(self, folder: Path, **facts: Any) -> None:
        self.folder = folder
        RunFolder(folder).create()
        self.store = Store(RunFolder(folder).database)
        given = {
            "name": folder.name,
            "seed": 0,
            "examples": 1000,
            "algorithm": "tournament",
            "population_size": 4,
            "versions": {"python": "3.11", "torch": "2"},
            "data": DATA,
            "identity": {"seed": 0, "examples": 1000, "finalists": 2},
            "created": "2026-01-01T00:00:00.000+00:00",
            "status": "finished",
            "seconds": 12.5,
            "backend": "inline",
            "workers": 1,
        }
        self.store.set(**{**given, **facts})
        self.count = 0

    def add(self, score: float | None = None, made: NetworkGenome | None = None, **how: Any) -> int:
        """One candidate: `status="pending"` leaves it without a result, `how` is anything a record has."""
        status = how.pop("status", "ok" if score is not None else "diverged")
        number, self.count = self.count, self.count + 1
        candidate = Candidate(
            id=number,
            genome=made or genome((8 + 4 * number,)),
            seed=number,
            budget=Budget(how.pop("examples", 1000)),
            parents=tuple(how.pop("parents", ())),
            operator=how.pop("operator", "sample"),
            generation=how.pop("generation", 0),
            phase=how.pop("phase", Phase.SEARCH),
            fold=how.pop("fold", 0),
        )
        self.store.add([candidate])
        if status == "pending":
            return number
        repeat = how.get("repeat_of")
        seen = 0 if repeat is not None else candidate.budget.examples
        cost = Cost(seen, candidate.budget.examples, how.pop("seconds", 0.5))
        engine = how.pop("engine", "reference" if repeat is None else "repeat")
        done = Evaluation(
            candidate,
            Status(status),
            score,
            how.pop("metrics", {}),
            cost,
            how.pop("parameters", 100),
            engine=engine,
            **how,
        )
        self.store.finish([done])
        return number

    def baseline(self, name: str, valid: float, test: float | None = None, **metrics: float) -> None:
        """One baseline."""
        self.store.set_baseline(Baseline(name, valid, test, metrics, f"about {name}", 0.1))

    def crown(self, number: int, made: NetworkGenome, valid: float, test: float | None, **more: Any) -> None:
        """Make a candidate champion."""
        found = {
            "id": number,
            "genome": made.to_json(),
            "description": made.describe(),
            "valid_score": valid,
            "test_score": test,
            "test_low": None if test is None else test - 0.02,
            "test_high": None if test is None else test + 0.02,
            "test_rows": 50,
            "parameters": 100,
            "examples": 4000,
            "weights": WEIGHTS,
        }
        self.store.set(champion={**found, **more})

    def close(self) -> Path:
        """The folder, ready to be read."""
        self.store.close()
        return self.folder


def finished(folder: Path, scores: Mapping[str, float] | None = None, **facts: Any) -> Run:
    """A small run with everything: two generations, a failure, a repeat, a final, two trainings, baselines.

    The champion is #5, made from #1 by `change_units`.
    """
    run, at = Run(folder, **facts), {"test": 0.9, "final": 0.0, **(scores or {})}
    first = [run.add(score, genome((8 * (i + 1),))) for i, score in enumerate((0.5, 0.7, 0.6))]
    run.add(None, genome((99,)), status="error", error="Traceback\n  File x\nValueError: out of luck")
    run.add(0.7, genome((16,)), operator="elite", parents=[1], generation=1, repeat_of=first[1])
    winner = genome((24,))
    run.add(0.8, winner, operator="change_units", parents=[4], generation=1)
    run.add(0.65, genome((16,), "tanh"), operator="change_activation", parents=[1], generation=1)
    run.add(0.75, genome((16, 8)), operator="add_layer", parents=[1], generation=1)
    for parent, made, found in ((5, winner, (0.78, 0.80)), (7, genome((16, 8)), (0.70, 0.74))):
        for score in found:
            up = at["final"]
            run.add(score + up, made, operator="retrain", parents=[parent], phase=Phase.FINAL)
    for examples, score in ((1000, 0.8), (2000, 0.85)):
        run.add(
            score,
            winner,
            operator="train",
            parents=[5],
            phase=Phase.CHAMPION,
            examples=examples,
            weights=WEIGHTS if score == 0.85 else "b" * 64,
        )
    run.baseline("majority", 0.3, 0.31, test_low=0.2, test_high=0.4)
    run.baseline("hand-made", 0.78, 0.86, test_low=0.84, test_high=0.88, parameters=500.0)
    run.crown(5, winner, 0.85, at["test"])
    run.store.event("champion", "candidate 5 is the champion")
    return run
