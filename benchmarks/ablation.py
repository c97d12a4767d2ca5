"""What inheritance, function preservation, crossover and growing each add, on a table, with paired seeds."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.cache import kept
from benchmarks.intervals import compare_pairs, mean_interval, shown
from benchmarks.markdown import table

FILE = "tabular/letter.csv"


@dataclass(frozen=True)
class Arm:
    """A way to search.

    Attributes:
        inherit: What children take over.
        growing: Whether layers are made deeper and wider by the operators that preserve the function.
        crossover: Share of the children with two parents.
        merge: What these get where both have the same layer.
        times: How many times as many examples each network gets.
        start: Whether the search starts from a network that was trained on as many examples as a line of the search.
        freeze: Whether that network's layers stay as they are.
    """

    inherit: str = "none"
    growing: bool = False
    crossover: float = 0.0
    merge: str = "layers"
    times: int = 1
    start: bool = False
    freeze: bool = False


def arms(generations: int) -> dict[str, Arm]:
    """The arms by name; the first is what all others are compared with."""
    return {
        "from scratch": Arm(),
        "common layers": Arm("common"),
        "preserve": Arm("preserve"),
        "preserve, and grow": Arm("preserve", True),
        "preserve, grow, crossover": Arm("preserve", True, 0.3),
        "preserve, grow, crossover with means": Arm("preserve", True, 0.3, "mean"),
        "on top of a trained network": Arm("preserve", True, start=True),
        "on top of a frozen network": Arm("preserve", True, start=True, freeze=True),
        "from scratch, as many examples as a line": Arm(times=generations + 1),
    }


def measure(settings: Settings, say: Say) -> Result:
    """Seed by seed, arm by arm. Finished runs are kept."""
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in range(settings["seeds"]):
        for name, arm in arms(settings["generations"]).items():
            known = {**{k: v for k, v in settings.items() if k != "seeds"}, **asdict(arm)}
            part = kept(
                places.CACHE / "ablation", known, f"seed-{seed}", lambda a=arm, s=seed: run(a, s, settings)
            )
            found.setdefault(name, []).append(part)
            say(f"seed {seed}, {name}: test {part['test']:.2%}, {part['seconds']:.0f} s")
    return {"runs": found, "seconds": sum(part["seconds"] for parts in found.values() for part in parts)}


def run(arm: Arm, seed: int, settings: Settings) -> dict[str, Any]:
    """One search, in this process, its population's broods on all cores."""
    import numpy as np

    from speciate.algorithms import GenerationalTournament
    from speciate.backends import InlineBackend
    from speciate.data import load_data
    from speciate.evaluators import SupervisedEvaluator
    from speciate.mutation import LOCAL, PRESERVING
    from speciate.run.search import Search
    from speciate.spaces import NetworkSpace

    data = load_data(str(places.data() / FILE), target="class", seed=seed)
    space = NetworkSpace.mlp(
        features=int(np.prod(data.input_shape)),
        rows=len(data.train),
        outputs=data.outputs,
        operators=PRESERVING if arm.growing else LOCAL,
    )
    started = time.perf_counter()
    ancestor = _ancestor(data, seed, settings) if arm.start else None
    evaluator = SupervisedEvaluator(data, inherit=arm.inherit, merge=arm.merge)
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        search = Search(
            space,
            GenerationalTournament(settings["population"], crossover=arm.crossover),
            evaluator,
            store=f"{folder}/run",
            seed=seed,
            examples=settings["examples"] * arm.times,
            final_examples=settings["examples"] * arm.times,
            backend=InlineBackend(),
            **({} if ancestor is None else {"ancestor": ancestor, "freeze": arm.freeze}),
        ).run(generations=settings["generations"])
        rows, champion = search.rows, search.champion
        return {
            "test": champion.test_score,
            "valid": champion.valid_score,
            "parameters": champion.parameters,
            "examples": sum(row.examples for row in rows if row.repeat_of is None),
            "lineage": max(row.lineage_examples for row in rows if row.phase == "champion"),
            "champion": champion.description,
            "seconds": time.perf_counter() - started,
        }


def _ancestor(data: Any, seed: int, settings: Settings) -> Any:
    """The hand-made network, trained once on as many examples as a line of the search sees."""
    from speciate.evaluators import SupervisedEvaluator
    from speciate.networks import Network, Origin, hand_made
    from speciate.records import Budget, Candidate, Phase
    from speciate.store import WeightFolder

    examples = settings["examples"] * (settings["generations"] + 1)
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        evaluator = SupervisedEvaluator(data, weights=WeightFolder(Path(folder)))
        candidate = Candidate(0, hand_made(), seed, Budget(examples), phase=Phase.CHAMPION)
        evaluation = evaluator.evaluate([candidate])[0]
        network = evaluator.load(candidate, str(evaluation.weights))
    known = {"task": data.task, "target": data.target, "classes": tuple(data.classes)}
    return Network(network.genome, network.tensors, Origin("hand-made", examples=examples, **known))


def show(result: Result) -> str:
    """A line an arm, with the paired difference to the first."""
    runs = result["runs"]
    first = next(iter(runs))
    rows = []
    for name, parts in runs.items():
        tests = [part["test"] for part in parts]
        gain = compare_pairs(tests, [part["test"] for part in runs[first]])
        ends = (
            ""
            if name == first
            else f"{gain['mean'] * 100:+.2f} [{gain['low'] * 100:+.2f}, {gain['high'] * 100:+.2f}]"
        )
        line = sum(part["lineage"] for part in parts) / len(parts)
        spent = sum(part["examples"] for part in parts) / len(parts)
        sizes = sum(part["parameters"] for part in parts) / len(parts)
        rows.append(
            (
                name,
                shown(mean_interval(tests), factor=100),
                ends,
                f"{line:,.0f}",
                f"{spent / 1e6:.2f} M",
                f"{sizes:,.0f}",
            )
        )
    head = (
        "children",
        "champion, test %",
        f"minus '{first}', points",
        "examples of the champion's line",
        "examples of the run",
        "parameters",
    )
    return table(head, rows)


BENCHMARK = Benchmark(
    "ablation",
    "What do inheritance, function preservation, growing and crossover each add?",
    {"seeds": 8, "population": 15, "generations": 10, "examples": 4_000},
    lambda s: s["seeds"] * s["population"] * s["generations"] * s["examples"] / 4_000 * 0.75,
    measure,
    show,
    data=(FILE,),
)
