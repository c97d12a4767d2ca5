"""One network trained again and again on other examples, as a line of inherited weights is: which schedule, which optimizer state."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import mnist, places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.intervals import mean_interval, shown
from benchmarks.markdown import table

ARMS = {
    "the full cycle each time": (False, False),
    "a lower peak the more was seen": (True, False),
    "the same, the optimizer's moments inherited": (True, True),
}
"""By name: whether the recipe knows what the weights have seen, and whether the optimizer goes on."""

RATES = (2e-3, 4e-3)
UNITS, BATCH = 512, 64


def measure(settings: Settings, say: Say) -> Result:
    """Every arm with every learning rate and seed."""
    from speciate.data import load_data
    from speciate.training import reference

    data = load_data(f"idx:{places.data() / 'mnist'}", seed=0)
    runs: dict[str, dict[str, list[float]]] = {name: {str(rate): [] for rate in RATES} for name in ARMS}
    started = time.perf_counter()
    with reference.one_thread():
        for seed in range(settings["seeds"]):
            for name, (knows, keeps) in ARMS.items():
                for rate in RATES:
                    score = _line(data, seed, rate, knows, keeps, settings["rounds"])
                    runs[name][str(rate)].append(score)
            say(f"seed {seed}: {time.perf_counter() - started:.0f} s")
    return {"runs": runs, "rounds": settings["rounds"]}


def _line(data: Any, seed: int, rate: float, knows: bool, keeps: bool, rounds: int) -> float:
    """Validation accuracy after the last of so many trainings."""
    import numpy as np
    import torch

    from speciate.networks import build
    from speciate.spaces import NetworkGenome, Node
    from speciate.training import Recipe, reference

    rng = np.random.default_rng(seed)
    genes = {"units": UNITS, "activation": "relu", "dropout": 0.0}
    layers = [Node.make(mark, "dense", genes) for mark in ("first", "second")]
    module = build(NetworkGenome.path(layers, {}), data.input_shape, data.outputs, rng)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    optimizer = None
    for number in range(rounds):
        seen = number * mnist.EXAMPLES if knows else 0
        recipe = Recipe("adamw", rate, 1e-2, BATCH, mnist.EXAMPLES, seen=seen)
        optimizer = optimizer if optimizer and keeps else reference.make_optimizer(module, recipe)
        order = torch.from_numpy(rng.permutation(len(x))[: recipe.examples])
        module.train()
        for step, now in enumerate(recipe.learning_rates.tolist()):
            rows = order[step * BATCH : (step + 1) * BATCH]
            optimizer.param_groups[0]["lr"] = now
            optimizer.zero_grad()
            reference.loss_of(module(x[rows]), y[rows], "cross_entropy").backward()
            optimizer.step()
    hits = reference.outputs_of(module, torch.from_numpy(data.valid.x)).argmax(dim=1).numpy() == data.valid.y
    return float(hits.mean())


def show(result: Result) -> str:
    """A line an arm."""
    rows = [
        (name, *(shown(mean_interval(scores), factor=100) for scores in by_rate.values()))
        for name, by_rate in result["runs"].items()
    ]
    head = ("", *(f"learning rate {rate:g}" for rate in RATES))
    note = (
        f"Validation accuracy in % on MNIST of two layers of {UNITS} units after {result['rounds']} trainings of "
        f"{mnist.EXAMPLES:,} examples in a row, each beginning with the weights of the one before; AdamW, batches of {BATCH}; the "
        "same data and split for all seeds."
    )
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "continued",
    "Weights that were trained before: with which learning rate are they trained on, and does the optimizer's state help?",
    {"seeds": 5, "rounds": 11},
    lambda s: 6 * 0.7 * s["seeds"] * s["rounds"],
    measure,
    show,
    data=mnist.FILES,
)
