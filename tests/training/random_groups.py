"""Random groups: networks that differ in everything that may differ."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from speciate.layers import LAYERS
from speciate.layers.activations import GAINS, activation
from speciate.layers.modules import BatchNorm1d, Dropout, Graph, Join, Scaling, Sum, drawn, linear
from speciate.training import OPTIMIZERS, Recipe
from speciate.training.jobs import Job
from speciate.training.schedules import SCHEDULES

ACTIVATIONS = tuple(GAINS)
RATES = {"sgd": 0.004, "adam": 0.003, "adamw": 0.003, "adadelta": 1.0, "rmsprop": 0.001}
"""Highest learning rates at which rounding errors do not grow: a chaotic training proves nothing."""


def network(rng: np.random.Generator, inputs: int, outputs: int, depth: int | None = None) -> nn.Sequential:
    """A random stack of zero to five dense layers with a head that is not zero."""
    parts: list[nn.Module] = [nn.Flatten()]
    for _ in range(int(rng.integers(0, 6)) if depth is None else depth):
        units, kind = int(rng.integers(1, 40)), str(rng.choice(ACTIVATIONS))
        parts.append(linear(inputs, units, 1.0, rng))
        if kind != "linear":
            parts.append(activation(kind))
        if rng.random() < 0.6:
            parts.append(Dropout(float(rng.uniform(0.01, 0.7))))
        inputs = units
    parts.append(linear(inputs, outputs, 0.5, rng))
    return nn.Sequential(*parts)


def recipe(rng: np.random.Generator, loss: str) -> Recipe:
    """A random recipe."""
    optimizer = str(rng.choice(OPTIMIZERS))
    return Recipe(
        optimizer=optimizer,
        learning_rate=RATES[optimizer] * float(rng.uniform(0.2, 1)),
        weight_decay=float(10 ** rng.uniform(-5, -2)),
        batch_size=int(rng.integers(1, 65)),
        examples=int(rng.integers(1, 600)),
        loss=loss,
        seen=int(rng.choice([0, 0, 300])),
        schedule=str(rng.choice(list(SCHEDULES))),
        label_smoothing=float(rng.choice([0.0, 0.1, 0.7])),
        beta2=float(rng.choice([0.9, 0.95, 0.999])),
        ema=float(rng.choice([0.0, 0.01, 0.1, 1.0])),
        decay_schedule=str(rng.choice(["flat", "schedule", "flat_cos"])),
    )


def problem(
    rng: np.random.Generator, loss: str = "cross_entropy", shape: tuple[int, ...] = (9,)
) -> tuple[Tensor, Tensor]:
    """150 examples with something to learn in them: four classes, or a value."""
    x = torch.from_numpy(rng.standard_normal((150, *shape), dtype=np.float32))
    flat = x.flatten(1)
    if loss == "mse":
        return x, torch.sin(flat[:, 0]) + flat[:, 1] * flat[:, 2]
    return x, (flat[:, 0] > 0).long() * 2 + (flat[:, 1] > flat[:, 2]).long()


def weights(seed: int, n: int = 150) -> Tensor:
    """What each of `n` examples counts: 1 on the average, some nearly nothing."""
    drawn = np.random.default_rng([seed, 8]).exponential(size=n) ** 2
    return torch.from_numpy((drawn / drawn.mean()).astype(np.float32))


def group(seed: int, size: int, loss: str = "cross_entropy") -> tuple[list[Job], Tensor, Tensor]:
    """A group of `size` random networks and the problem that they are trained on."""
    rng = np.random.default_rng([seed, 7])
    x, y = problem(rng, loss, shape=(9,) if rng.random() < 0.5 else (3, 2, 2))
    outputs = 1 if loss == "mse" else 4
    inputs = int(np.prod(x.shape[1:]))
    jobs = [
        Job(network(rng, inputs, outputs), recipe(rng, loss), np.random.default_rng([seed, i]))
        for i in range(size)
    ]
    return jobs, x, y


def twins(jobs: list[Job]) -> list[Job]:
    """The same jobs over again: equal weights, and streams that begin where those of the others begin."""
    return [Job(copy.deepcopy(job.module), job.recipe, copy.deepcopy(job.rng)) for job in jobs]


def branching(rng: np.random.Generator, inputs: int, outputs: int) -> Graph:
    """A random graph of one to eight layers of any kind for vectors: every value is read, most by several."""
    widths: dict[str, int] = {"in": inputs}
    modules: dict[str, nn.Module] = {}
    sources: dict[str, list[str]] = {}
    for place in range(int(rng.integers(1, 9))):
        name, kind = f"n{place}", str(rng.choice(PARTS))
        unread = [mark for mark in widths if not any(mark in given for given in sources.values())]
        given = [str(rng.choice(list(widths) if rng.random() < 0.5 or not unread else unread))]
        if kind in ("add", "concat"):
            others = [mark for mark in widths if mark not in given and rng.random() < 0.6]
            given += others if sum(widths[mark] for mark in others) < 90 else others[:1]
        if kind == "periodic" and widths[given[0]] > 20:
            kind = "scale"
        if isinstance(modules.get(given[0]), BatchNorm1d) and kind == "batch_norm":
            kind = "layer_norm"  # behind another, the first one's weights have no effect, and rounding moves them
        width = widths[given[0]]
        modules[name], widths[name] = part(rng, kind, width, [widths[mark] for mark in given])
        sources[name] = given
    unread = [mark for mark in widths if not any(mark in given for given in sources.values())]
    modules["join"], sources["join"] = Join(), unread
    modules["out"] = linear(sum(widths[mark] for mark in unread), outputs, 0.5, rng)
    sources["out"] = ["join"]
    return Graph(modules, sources)


PARTS = (
    "dense",
    "dense",
    "batch_norm",
    "layer_norm",
    "dropout",
    "activation",
    "add",
    "concat",
    "nothing",
    "scale",
    "periodic",
)


def part(rng: np.random.Generator, kind: str, width: int, widths: list[int]) -> tuple[nn.Module, int]:
    """A random module of a kind, and the units that it gives."""
    units, name = int(rng.integers(1, 40)), str(rng.choice(ACTIVATIONS))
    drop = Dropout(float(rng.uniform(0.01, 0.5)))
    if kind == "dense":
        behind = [activation(name), drop] if rng.random() < 0.5 else [activation(name)]
        return nn.Sequential(linear(width, units, 1.0, rng), *behind), units
    if kind in ("batch_norm", "layer_norm"):
        norm = BatchNorm1d(width) if kind == "batch_norm" else nn.LayerNorm(width)
        with torch.no_grad():
            norm.weight.copy_(torch.from_numpy(rng.uniform(0.5, 1.5, width)))
            norm.bias.copy_(torch.from_numpy(rng.standard_normal(width)))
        return norm, width
    if kind == "scale":
        scale = Scaling(width)
        drawn(scale.weight, rng.uniform(0.5, 1.5, width))
        return scale, width
    if kind == "periodic":
        genes = {"frequencies": int(rng.integers(1, 20)), "sigma": 0.3, "size": int(rng.integers(2, 5))}
        layer = LAYERS["periodic"]
        return layer.module(genes, [(width,)], rng), layer.shape(genes, [(width,)])[0]
    if kind in ("add", "concat"):
        merge = Sum(len(widths)) if kind == "add" else Join()
        return merge, max(widths) if kind == "add" else sum(widths)
    return {"dropout": drop, "activation": activation(name), "nothing": nn.Identity()}[kind], width


def branching_group(seed: int, size: int, loss: str) -> tuple[list[Job], Tensor, Tensor]:
    """Like `group`, of random graphs. Batches have at least eight examples: norms of two or three multiply rounding errors."""
    rng = np.random.default_rng([seed, 9])
    x, y = problem(rng, loss)
    jobs = []
    for i in range(size):
        one = recipe(rng, loss)
        module = branching(rng, 9, 1 if loss == "mse" else 4)
        jobs.append(
            Job(module, replace(one, batch_size=one.batch_size + 7), np.random.default_rng([seed, i]))
        )
    return jobs, x, y
