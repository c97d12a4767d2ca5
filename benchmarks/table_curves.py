"""What searches have found after 50, 100 and 200 evaluations of eight tables, on one scale, next to Optuna's samplers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import table

AFTER = (50, 100, 200)
"""After how many evaluations it is looked."""

FILES = {
    "fcnet_protein_structure": ("valid_mse_seeds", -1),
    "fcnet_slice_localization": ("valid_mse_seeds", -1),
    "hpobench_nn_phoneme": ("val_bal_acc_seeds", 1),
    "hpobench_nn_vehicle": ("val_bal_acc_seeds", 1),
}
"""Tables of perceptrons: which numbers are scores, and whether more is better (1) or worse (-1)."""


@dataclass(frozen=True)
class Curve:
    """A table of trained networks in which something is searched.

    Attributes:
        name: Its name.
        options: How many options each gene has, and whether they are ordered.
        seen: (networks, draws): what a search sees, one of the draws at random.
        found: (networks,): what the networks are worth by the measure that the search sees, without noise.
        tested: (networks,): by the measure that is reported.
    """

    name: str
    options: tuple[tuple[int, bool], ...]
    seen: np.ndarray
    found: np.ndarray
    tested: np.ndarray

    @property
    def counts(self) -> tuple[int, ...]:
        """How many options each gene has."""
        return tuple(count for count, _ in self.options)

    def regrets(self, rows: np.ndarray, scores: np.ndarray) -> dict[str, list[float]]:
        """How far a search was from the best possible, 0, where a network of the middle is 1.

        Args:
            rows: (evaluations,): the networks that it looked up.
            scores: (evaluations,): what it saw.

        Returns:
            After each of `AFTER`: `found`, of the best network that it looked up; `regret`, of the one that scored best, as tested.
        """

        def far(worth: np.ndarray, row: int) -> float:
            return float((worth.max() - worth[row]) / (worth.max() - np.median(worth)))

        some = [count for count in AFTER if count <= len(rows)]
        best = [rows[:count][self.found[rows[:count]].argmax()] for count in some]
        chosen = [rows[scores[:count].argmax()] for count in some]
        return {
            "found": [far(self.found, row) for row in best],
            "regret": [far(self.tested, row) for row in chosen],
        }


def load() -> Iterator[Curve]:
    """Three of NAS-Bench-201, NAS-Bench-Macro, two of FC-Net, two of HPOBench. Errors count by their logarithm."""
    cells = np.load(places.data() / "tables/nasbench201.npz")
    order = np.argsort(np.ravel_multi_index(cells["op_codes"].T, (5,) * 6))
    for name in ("c10", "c100", "im"):
        seen, tested = cells[f"{name}_val_ep12"][order], cells[f"{name}_test_ep200"][order]
        yield Curve(name, ((5, False),) * 6, seen[:, None], seen, tested)
    macro = np.load(places.data() / "tables/nasbench_macro.npz")
    runs = macro["test_acc_runs"].astype(float)[np.argsort(np.ravel_multi_index(macro["codes"].T, (3,) * 8))]
    yield Curve("macro", ((3, False),) * 8, runs, runs.mean(axis=1), runs.mean(axis=1))
    for name, (column, sign) in FILES.items():
        found = np.load(places.data() / f"tables/{name}.npz")
        index = found["config_index"].astype(int)
        counts = tuple(int(n) for n in index.max(axis=0) + 1)
        scores = found[column].astype(float)[np.argsort(np.ravel_multi_index(index.T, counts))]
        worth = scores.mean(axis=1) if sign > 0 else -np.log(scores.mean(axis=1))
        values = (json.loads(text) if text.startswith("[") else [] for text in map(str, found["hp_values"]))
        ordered = (not any(isinstance(value, str) for value in options) for options in values)
        yield Curve(name, tuple(zip(counts, ordered, strict=True)), sign * scores, worth, worth)


Step = Callable[[list[int] | None, float], list[int]]
"""Told the options that it asked for and their score (at first None), what asks next gives options."""


def ours(make: Callable[[], Any], curve: Curve, seed: int) -> Step:
    """One of our algorithms, one evaluation after another; as many are on their way as it allows."""
    from speciate.records import Budget, Evaluation, Status
    from speciate.spaces import Choice, ParameterSpace

    names = [f"gene{i}" for i in range(len(curve.options))]
    space = ParameterSpace({n: Choice(range(c), o) for n, (c, o) in zip(names, curve.options, strict=True)})
    running, asked = make().start(space, seed=seed, budget=Budget(1)), []

    def step(options: list[int] | None, score: float) -> list[int]:
        if options is not None:
            running.tell([Evaluation(asked[-1], Status.OK, score)])
        asked.extend(running.ask(1))
        return [asked[-1].genome.hyper_parameters[name] for name in names]

    return step


def optuna(curve: Curve, seed: int, again: bool = True, **settings: Any) -> Step:
    """Optuna's TPE; without `again`, what was asked for before is drawn anew."""
    import optuna as module

    module.logging.set_verbosity(module.logging.WARNING)
    sampler = module.samplers.TPESampler(seed=seed, **settings)
    study, trials, known = module.create_study(direction="maximize", sampler=sampler), [], set()
    ranges = {
        f"gene{i}": (
            module.distributions.IntDistribution(0, count - 1)
            if ordered
            else module.distributions.CategoricalDistribution(range(count))
        )
        for i, (count, ordered) in enumerate(curve.options)
    }

    def step(options: list[int] | None, score: float) -> list[int]:
        if options is not None:
            study.tell(trials[-1], score)
        for _ in range(1 if again else 20):
            trials.append(study.ask(ranges))
            found = [int(trials[-1].params[name]) for name in ranges]
            if again or tuple(found) not in known:
                break
        known.add(tuple(found))
        return found

    return step


def searches() -> dict[str, Callable[[Curve, int], Step]]:
    """What is compared, by the name in the results; rivals last."""
    from speciate.algorithms import AgingEvolution, GuidedEvolution, LocalSearch, RandomSearch

    makes: dict[str, Callable[[], Any]] = {
        "random": RandomSearch,
        "aging": AgingEvolution,
        "local": LocalSearch,
        "guided": GuidedEvolution,
        "guided, serial": lambda: GuidedEvolution(lag=1),
        "guided, lag 8": lambda: GuidedEvolution(lag=8),
    }
    found: dict[str, Callable[[Curve, int], Step]] = {
        name: lambda curve, seed, make=make: ours(make, curve, seed)  # type: ignore[misc]
        for name, make in makes.items()
    }
    found["Optuna, TPE"] = lambda curve, seed: optuna(curve, seed, multivariate=False)
    found["Optuna, multivariate TPE"] = lambda curve, seed: optuna(curve, seed, multivariate=True)
    found["Optuna, the same without repeats"] = lambda curve, seed: optuna(
        curve, seed, False, multivariate=True
    )
    return found


def follow(search: Callable[[Curve, int], Step], curve: Curve, seed: int, most: int) -> dict[str, Any]:
    """A search's regrets, and milliseconds of CPU a proposal."""
    rng, step = np.random.default_rng([seed, 7]), search(curve, seed)
    rows, scores = list[int](), list[float]()
    began, options = time.process_time(), step(None, 0.0)
    while True:
        rows.append(int(np.ravel_multi_index(options, curve.counts)))
        scores.append(float(curve.seen[rows[-1], rng.integers(curve.seen.shape[1])]))
        if len(rows) == most:
            break
        options = step(options, scores[-1])
    taken = (time.process_time() - began) / most * 1e3
    return {**curve.regrets(np.array(rows), np.array(scores)), "ms": taken}


def measure(settings: Settings, say: Say) -> Result:
    """By search: a mean over the tables for each seed."""
    seeds, rival_seeds, most = settings["seeds"], settings["rival_seeds"], settings["most"]
    curves, result = list(load()), {}
    for name, search in searches().items():
        runs = [
            [follow(search, curve, 1000 + seed, most) for curve in curves]
            for seed in range(rival_seeds if name.startswith("Optuna") else seeds)
        ]
        means = {
            part: [np.mean([run[part] for run in row], axis=0).tolist() for row in runs]
            for part in ("found", "regret", "ms")
        }
        result[name] = means
        say(
            f"{name}: found {np.mean(means['found'], axis=0).round(3).tolist()}, regret {np.mean(means['regret'], axis=0).round(3).tolist()}"
        )
    return result


def show(result: Result) -> str:
    """A row for each search."""
    counts = [count for i, count in enumerate(AFTER) if i < len(result["random"]["found"][0])]
    head = [
        "search",
        "seeds",
        *(f"{part} @{count}" for part in ("found", "regret") for count in counts),
        "ms a proposal",
    ]
    rows = [
        [
            name,
            str(len(means["ms"])),
            *(
                shown(mean_interval([run[i] for run in means[part]]), 3)
                for part in ("found", "regret")
                for i in range(len(counts))
            ),
            f"{np.mean(means['ms']):.2f}",
        ]
        for name, means in result.items()
    ]
    text = (
        "Eight tables on one scale: 0 is the best network of a table, 1 one of the middle; mean over tables, then over seeds. *Found* is the "
        "best network that a search has looked up, by what it sees without the noise; *regret* is the one that scored best, by test accuracy "
        "where the table has that. Ours have as many candidates on their way as `lag` allows; Optuna has one. CPU time."
    )
    return f"{text}\n\n{table(head, rows)}"


BENCHMARK = Benchmark(
    "curves",
    "How good is the best network after 50, 100 and 200 looks into tables of trained ones, next to Optuna's samplers?",
    {"seeds": 30, "rival_seeds": 10, "most": 200},
    lambda s: 0.06 * s["most"] * (s["seeds"] + s["rival_seeds"]),
    measure,
    show,
    data=("tables/nasbench201.npz", "tables/nasbench_macro.npz", *(f"tables/{name}.npz" for name in FILES)),
)
