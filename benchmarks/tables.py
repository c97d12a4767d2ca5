"""The algorithms on tables of trained networks, next to another implementation's numbers and Optuna's TPE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import table

TPE = "Optuna, TPE"


@dataclass(frozen=True)
class Table:
    """A table of trained networks, and what a search on it is given and judged by.

    Attributes:
        name: Its name in the results.
        evaluations: How many networks a search may look up.
        options: How many options each gene has.
        seen: (networks, draws): the scores that a search sees, one of the draws at random.
        found: (networks,): what the network that scored best is worth.
        tested: (networks,): the same by another measure that no search sees, or None.
        reference: What others have found, by our algorithm's name: 100 seeds, the same tables, another implementation.
    """

    name: str
    evaluations: int
    options: tuple[int, ...]
    seen: np.ndarray
    found: np.ndarray
    tested: np.ndarray | None
    reference: dict[str, float]

    @property
    def genes(self) -> list[str]:
        """Names of the genes."""
        return [f"gene{i}" for i in range(len(self.options))]

    def row(self, values: list[int]) -> int:
        """Which network a choice of options is."""
        return int(np.ravel_multi_index(values, self.options))

    def score(self, values: list[int], seed: int) -> float:
        """What a search sees."""
        return float(self.seen[self.row(values), seed % self.seen.shape[1]])


def algorithms() -> dict[str, Callable[[], Any]]:
    """What is compared, by the name in the results."""
    from speciate.algorithms import (
        AgingEvolution,
        GenerationalTournament,
        GuidedEvolution,
        LocalSearch,
        RandomSearch,
    )

    return {
        "random": RandomSearch,
        "tournament 50/3": GenerationalTournament,
        "tournament 20/3": lambda: GenerationalTournament(population_size=20),
        "aging 20/5, serial": lambda: AgingEvolution(20, 5, lag=1),
        "aging 20/5": lambda: AgingEvolution(20, 5),
        "aging, defaults": AgingEvolution,
        "local, 10 starts, patience 24": lambda: LocalSearch(10, starts=10, patience=24, lag=1),
        "local, defaults": LocalSearch,
        "guided, defaults": GuidedEvolution,
    }


REFERENCES = {
    "random": "random",
    "tournament": "tournament 50/3",
    "aging 20/5": "aging 20/5, serial",
    "aging 20/5 without repeats": "aging 20/5, serial",
    "local search": "local, 10 starts, patience 24",
}
"""What others have measured, and the algorithm of ours that is the same or nearest."""


def load() -> list[Table]:
    """The tables; those of NAS-Bench-201 as after 12 epochs, so that every score of a network is the same."""
    cells = np.load(places.data() / "tables/nasbench201.npz")
    order = np.argsort(np.ravel_multi_index(cells["op_codes"].T, (5,) * 6))

    def cell(name: str, column: str, evaluations: int, *reference: float) -> Table:
        seen, tested = cells[f"{column}_val_ep12"][order], cells[f"{column}_test_ep200"][order]
        known = dict(zip(REFERENCES, reference, strict=True))
        return Table(name, evaluations, (5,) * 6, seen[:, None], seen, tested, known)

    macro = np.load(places.data() / "tables/nasbench_macro.npz")
    codes = np.ravel_multi_index(macro["codes"].T, (3,) * 8)
    runs = macro["test_acc_runs"].astype(float)[np.argsort(codes)]
    known = dict(zip(REFERENCES, (93.01, 93.06, 93.23, 93.25, 93.20), strict=True))
    return [
        cell("CIFAR-10", "c10", 100, 83.73, 83.63, 84.46, 84.43, 84.57),
        cell("CIFAR-100", "c100", 100, 59.18, 58.85, 60.73, 60.65, 60.87),
        cell("CIFAR-100", "c100", 200, 59.75, 59.92, 61.07, 61.15, 61.18),
        cell("ImageNet16-120", "im", 500, 37.18, 38.09, 38.47, 38.56, 38.65),
        Table("Macro, first run", 200, (3,) * 8, runs[:, :1], runs[:, 0], runs.mean(1), known),
        Table("Macro, a run at random", 200, (3,) * 8, runs, runs.mean(1), None, {}),
    ]


def search(algorithm: Any, space: Table, seed: int) -> int:
    """The network that one of our algorithms ends with."""
    from speciate.evaluators import FunctionEvaluator
    from speciate.records import Budget
    from speciate.spaces import Choice, ParameterSpace

    genes = {name: Choice(range(n)) for name, n in zip(space.genes, space.options, strict=True)}

    def values(genome: Any) -> list[int]:
        return [genome.hyper_parameters[name] for name in space.genes]

    evaluator = FunctionEvaluator(lambda genome, seed: space.score(values(genome), seed), noisy=True)
    running = algorithm.start(ParameterSpace(genes), seed=seed, budget=Budget(1))
    best, row = -np.inf, -1
    while candidates := running.ask(space.evaluations - running.asked):
        evaluations = evaluator.evaluate(candidates)
        running.tell(evaluations)
        for evaluation in evaluations:
            if evaluation.fitness > best:
                best, row = evaluation.fitness, space.row(values(evaluation.candidate.genome))
    return row


def tpe(space: Table, seed: int) -> int:
    """The network that Optuna's default sampler ends with."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))

    def objective(trial: Any) -> float:
        chosen = [
            trial.suggest_categorical(n, list(range(k)))
            for n, k in zip(space.genes, space.options, strict=True)
        ]
        return space.score(chosen, seed + trial.number)

    study.optimize(objective, n_trials=space.evaluations)
    return space.row([study.best_params[name] for name in space.genes])


def measure(settings: Settings, say: Say) -> Result:
    """Every algorithm on every table."""
    spaces = []
    for space in load():
        rows = {
            n: [search(make(), space, s) for s in range(settings["seeds"])]
            for n, make in algorithms().items()
        }
        say(f"{space.name}, {space.evaluations} evaluations: " + _line(space, rows))
        rows[TPE] = [tpe(space, seed) for seed in range(settings["rival_seeds"])]
        say(_line(space, {TPE: rows[TPE]}))
        spaces.append(_summary(space, rows))
    return {"spaces": spaces}


def _line(space: Table, rows: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} {space.found[found].mean():.2f}" for name, found in rows.items())


def _summary(space: Table, rows: dict[str, list[int]]) -> dict[str, Any]:
    tested = {} if space.tested is None else {n: mean_interval(space.tested[r]) for n, r in rows.items()}
    return {
        "name": space.name,
        "evaluations": space.evaluations,
        "best": float(space.found.max()),
        "found": {name: mean_interval(space.found[found]) for name, found in rows.items()},
        "tested": tested,
        "reference": space.reference,
    }


def show(result: Result) -> str:
    """A column for each table, a row for each algorithm; what others have found below."""
    spaces = result["spaces"]
    names = list(spaces[0]["found"])
    head = ["found", *(f"{s['name']}, {s['evaluations']}" for s in spaces)]
    rows = [[name, *(shown(s["found"][name]) for s in spaces)] for name in names]
    rows += [
        [f"*reference: {name}*", *(f"*{s['reference'][name]:.2f}*" if s["reference"] else "" for s in spaces)]
        for name in REFERENCES
    ]
    rows.append(["best possible", *(f"{s['best']:.2f}" for s in spaces)])
    tested = [s for s in spaces if s["tested"]]
    test_head = ["tested", *(f"{s['name']}, {s['evaluations']}" for s in tested)]
    test_rows = [[name, *(shown(s["tested"][name]) for s in tested)] for name in names]
    seeds = {name: int(spaces[0]["found"][name]["n"]) for name in names}
    text = (
        f"Mean over {seeds['random']} seeds ({seeds[TPE]} for {TPE}) of what the best network of a search is worth, in %, by the "
        "score that the search sees: validation accuracy after 12 epochs (NAS-Bench-201), accuracy of the first of three "
        'trainings (Macro). Under "a run at random" a search sees one of the three, drawn anew, and the mean of the three '
        "counts. Evaluations are candidates asked for, elites and repeats included. References are another implementation's "
        "numbers on the same tables, 100 seeds; that its Macro score is the first training's is inferred from its best possible."
    )
    below = (
        "The same networks by a measure that no search sees: test accuracy after 200 epochs (NAS-Bench-201), mean of the three "
        "trainings (Macro)."
    )
    return "\n\n".join([text, table(head, rows), below, table(test_head, test_rows)])


BENCHMARK = Benchmark(
    "tables",
    "Which algorithm finds the best network in a table of trained ones, and do ours find what others' do?",
    {"seeds": 100, "rival_seeds": 20},
    lambda s: 2.0 * s["seeds"] + 5.0 * s["rival_seeds"],
    measure,
    show,
    data=("tables/nasbench201.npz", "tables/nasbench_macro.npz"),
)
