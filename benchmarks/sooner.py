"""How soon 97.5 % of MNIST's validation rows are told apart: with inheritance, without, and by Optuna."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

from benchmarks import machine, mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.cache import kept
from benchmarks.markdown import table

GOAL, BAR = 0.975, 3.0
"""The validation accuracy to reach, and how many times as long the others are to take."""

POPULATION = 20
"""Of our searches, with and without inheritance."""

RUNG = 10_000
"""Examples of our networks' trainings, and of a rung of Optuna's."""

RUNGS = 9
"""Most rungs of a trial: Hyperband prunes at 1, 3 and 9."""


def measure(settings: Settings, say: Say) -> Result:
    """With inheritance until the goal is reached; the others for at most `BAR` times as long, and a little more."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise SkippedError("Optuna is not installed; pip install 'speciate[bench]'") from None
    known = {**settings, "code": machine.commit()}
    folder = places.CACHE / "sooner"
    runs: dict[str, list[dict[str, Any]]] = {"inheritance": [], "from scratch": [], "Optuna": []}
    for seed in range(settings["seeds"]):
        ours = kept(
            folder, known, f"inheritance-{seed}", lambda s=seed: _search(_heirs(), s, settings["most"])
        )
        limit = 1.05 * BAR * ours["seconds"]
        scratch = kept(folder, known, f"scratch-{seed}", lambda s=seed, t=limit: _search(mnist.How(), s, t))
        theirs = kept(folder, known, f"optuna-{seed}", lambda s=seed, t=limit: _optuna(s, t))
        for found, run in zip(runs.values(), (ours, scratch, theirs), strict=True):
            found.append(run)
        say(", ".join(f"{name}: {words(found[-1])}" for name, found in runs.items()))
    return {"runs": runs, "seconds": sum(run["seconds"] for found in runs.values() for run in found)}


def _heirs() -> mnist.How:
    return mnist.How("mlp", "preserve")


class _Reached(BaseException):
    """The goal is reached, or the time is up: nothing more is to be trained."""


def _search(how: mnist.How, seed: int, most: float) -> dict[str, Any]:
    """A search until the goal is reached, at most so many seconds; wall time from before the data are read."""
    from speciate.run.callbacks import Callback

    started = time.perf_counter()
    best: dict[str, Any] = {"score": 0.0, "seconds": 0.0, "networks": 0, "goal": False}

    class Watch(Callback):
        """Stops where the goal is reached."""

        def on_told(self, search: Any, evaluations: Any) -> None:
            for evaluation in evaluations:
                best["networks"] += 1
                if evaluation.score is not None and evaluation.score > best["score"]:
                    best["score"], best["network"] = evaluation.score, evaluation.candidate.genome.describe()
            best["seconds"] = time.perf_counter() - started
            best["goal"] = best["score"] >= GOAL
            if best["goal"] or best["seconds"] > most:
                raise _Reached

    with suppress(_Reached):
        mnist.run("tournament", seed, POPULATION, how, generations=1_000, callbacks=[Watch()])
    return best


def _optuna(seed: int, most: float) -> dict[str, Any]:
    """TPE with the Hyperband pruner over the same space; every rung goes on with our own training code."""
    import numpy as np
    import optuna
    import torch

    from benchmarks import script
    from speciate.data import load_data
    from speciate.networks import build
    from speciate.spaces import NetworkGenome, Node
    from speciate.training import Recipe, planner, reference
    from speciate.training.jobs import Job

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    started = time.perf_counter()
    data = load_data(f"idx:{places.data() / 'mnist'}", seed=seed)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    valid_x, valid_y = torch.from_numpy(data.valid.x), torch.from_numpy(data.valid.y)
    best: dict[str, Any] = {"score": 0.0, "seconds": 0.0, "networks": 0, "goal": False}
    lock = threading.Lock()

    def objective(trial: optuna.Trial) -> float:
        drawn = script.suggest(trial)
        layers = [
            Node.make(f"layer{i}", node["kind"], node["genes"]) for i, node in enumerate(drawn["nodes"])
        ]
        genome = NetworkGenome.path(layers, drawn["hyper"])
        streams = np.random.default_rng([seed, trial.number]).spawn(1 + RUNGS)
        module = build(genome, data.input_shape, data.outputs, streams[0])
        score = 0.0
        for rung in range(1, RUNGS + 1):
            recipe = Recipe(**drawn["hyper"], batch_size=64, examples=RUNG, seen=(rung - 1) * RUNG)
            outcome = planner.train([Job(module, recipe, streams[rung])], x, y)[0]
            if outcome.diverged:
                raise optuna.TrialPruned
            hits = reference.outputs_of(module, valid_x).argmax(dim=1) == valid_y
            score = float(hits.double().mean())
            with lock:
                best["networks"] += 1
                best["seconds"] = time.perf_counter() - started
                best["score"] = max(best["score"], score)
                best["goal"] = best["score"] >= GOAL
                if best["goal"] or best["seconds"] > most:
                    study.stop()
                    return score
            trial.report(score, rung)
            if trial.should_prune():
                raise optuna.TrialPruned
        return score

    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=RUNGS, reduction_factor=3)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner
    )
    with reference.one_thread():
        study.optimize(objective, timeout=most, n_jobs=_cores())
    best["seconds"] = best["seconds"] if best["goal"] else time.perf_counter() - started
    return best


def _cores() -> int:
    from speciate.backends import available_cores

    return available_cores()


def words(run: dict[str, Any]) -> str:
    """What came of a run."""
    if run["goal"]:
        return f"{run['seconds']:.0f} s"
    return f"not in {run['seconds']:.0f} s ({run['score']:.2%})"


def show(result: Result) -> str:
    """A line a seed."""
    runs = result["runs"]
    rows, ratios = [], {name: [] for name in runs}
    for seed, each in enumerate(zip(*runs.values(), strict=True)):
        rows.append((seed, *(words(run) for run in each), *(run["networks"] for run in each)))
        for name, run in zip(runs, each, strict=True):
            ratios[name].append((run["seconds"] / each[0]["seconds"], run["goal"]))
    claims = [
        f"{name} takes {'' if all(goal for _, goal in found) else 'more than '}"
        f"{min(ratio for ratio, _ in found):.1f} times as long in the seed that is best for it"
        for name, found in ratios.items()
        if name != "inheritance"
    ]
    note = (
        f"Wall time on all cores, from before the data are read to the first network with {GOAL:.1%}; the others are stopped at "
        f"{BAR:g} times our time and a little more. {'; '.join(claims)} (bar {BAR:g}). The space is the article's (1-4 dense "
        "layers) in all three, and so are the training code and its engine. Ours: tournament, population "
        f"{POPULATION}, `--inherit preserve`, 10,000 examples a network; from scratch: the same without inheritance. Optuna: TPE with "
        f"the Hyperband pruner, up to {RUNGS} rungs of 10,000 examples, each going on with the trial's own weights, `n_jobs` = "
        "cores."
    )
    head = ("seed", *runs, *(f"trainings: {name}" for name in runs))
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "sooner",
    "How soon does a search reach 97.5 % on MNIST with inheritance, without it, and with Optuna's TPE and Hyperband?",
    {"seeds": 2, "most": 1_200},
    lambda s: 2_000.0 * s["seeds"],
    measure,
    show,
    data=mnist.FILES,
)
