"""What the engine itself costs: evaluations per second when an evaluation takes no time, next to Optuna."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import table
from benchmarks.timing import median_ratio, take_turns

TARGET = 2_000
"""Evaluations per second, store included, that the engine is to reach."""

OURS = ("random", "aging", "tournament", "local")


def learning_rate(genome: object) -> float:
    """A score that takes no time. Of a module, so that workers can import it."""
    return float(genome.hyper_parameters["learning_rate"])  # type: ignore[attr-defined]


def ours(algorithm: str, evaluations: int, on_disk: bool) -> float:
    """Evaluations per second of a whole run, from a new folder to the champion."""
    from speciate.algorithms import ALGORITHMS
    from speciate.evaluators import FunctionEvaluator
    from speciate.run.search import Search
    from speciate.spaces import NetworkSpace

    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        started = time.perf_counter()
        Search(
            NetworkSpace.mlp(),
            ALGORITHMS[algorithm](),
            FunctionEvaluator(learning_rate),
            store=Path(folder) / "run" if on_disk else None,
        ).run(evaluations=evaluations)
        return evaluations / (time.perf_counter() - started)


def optuna(evaluations: int, on_disk: bool) -> float:
    """The same for Optuna's random sampler on the same parameters."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        started = time.perf_counter()
        storage = f"sqlite:///{folder}/study.db" if on_disk else None
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0), storage=storage
        )
        study.optimize(_trial, n_trials=evaluations)
        return evaluations / (time.perf_counter() - started)


def _trial(trial: object) -> float:
    """The parameters of `NetworkSpace.mlp()`, asked for as Optuna's users write it."""
    suggest = trial  # type: ignore[var-annotated]
    for layer in range(suggest.suggest_int("layers", 1, 4)):
        suggest.suggest_int(f"units{layer}", 128, 1024, log=True)
        suggest.suggest_categorical(f"activation{layer}", ["linear", "tanh", "relu", "sigmoid", "elu"])
        suggest.suggest_float(f"dropout{layer}", 0.0, 0.7)
    suggest.suggest_categorical("optimizer", ["sgd", "adam", "adadelta", "rmsprop"])
    suggest.suggest_float("weight_decay", 5e-5, 2e-3, log=True)
    return float(suggest.suggest_float("learning_rate", 5e-4, 0.2, log=True))


def measure(settings: Settings, say: Say) -> Result:
    """Let all take turns."""
    try:
        import optuna as _optuna  # noqa: F401
    except ImportError:
        raise SkippedError("Optuna is not installed; pip install 'speciate[bench]'") from None
    evaluations, rival = settings["evaluations"], settings["rival_evaluations"]
    contenders: dict[str, Callable[[], float]] = {}
    for on_disk in (True, False):
        where = "disk" if on_disk else "memory"
        for name in OURS:
            contenders[f"{name}, {where}"] = lambda n=name, d=on_disk: ours(n, evaluations, d)
    contenders["optuna, disk"] = lambda: optuna(rival, True)
    contenders["optuna, memory"] = lambda: optuna(evaluations, False)
    ours("random", 50, True)  # imports
    return {"rates": take_turns(contenders, settings["rounds"], say)}


def show(result: Result) -> str:
    """A row for each."""
    rates: dict[str, list[float]] = result["rates"]
    rows = []
    for name, found in rates.items():
        who, _, where = name.partition(", ")
        ratio = median_ratio(found, rates[f"optuna, {where}"])
        store = {"disk": "SQLite file", "memory": "memory"}[where]
        label = "Optuna, random sampler" if who == "optuna" else f"Speciate, {who}"
        spread = f"{min(found):,.0f} - {max(found):,.0f}"
        rows.append(
            (label, store, f"{median(found):,.0f}", spread, f"{ratio:.1f} x" if who != "optuna" else "")
        )
    notes = (
        f"Evaluations per second, median over rounds; target with the file: {TARGET:,}. Whole runs, from a new folder to "
        "the champion; our file is written with `synchronous = FULL`, so what was reported as finished survives a power cut."
    )
    return table(("who", "store", "evaluations/s", "from - to", "to Optuna"), rows) + "\n\n" + notes


BENCHMARK = Benchmark(
    "overhead",
    "How many evaluations per second does the engine manage when an evaluation itself takes no time?",
    {"rounds": 5, "evaluations": 2_000, "rival_evaluations": 200},
    lambda s: s["rounds"] * (s["evaluations"] * 0.005 + s["rival_evaluations"] * 0.03),
    measure,
    show,
)
