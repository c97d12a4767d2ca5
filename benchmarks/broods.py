"""Random broods to measure training with: networks that differ in everything that may differ, and what they learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from benchmarks import mnist

ACTIVATIONS = ("linear", "tanh", "sigmoid", "relu", "elu")
OPTIMIZERS = ("sgd", "adam", "adadelta", "rmsprop")
CLASSES = 10

T = TypeVar("T")


@dataclass(frozen=True)
class Brood:
    """A kind of brood.

    Attributes:
        label: Its name in tables.
        data: "noise", "digits" or "mnist".
        units: Narrowest and widest layer.
        batch: Examples in a step.
    """

    label: str
    data: str
    units: tuple[int, int]
    batch: int

    def genomes(self, count: int) -> list[Any]:
        """The first `count` networks, the same every time: 1-4 layers, all widths equally likely.

        Their learning rates are low enough for no training to diverge: one that stops early is no measure.
        """
        from speciate.spaces import Choice, Integer, NetworkSpace, Real

        layer = {
            "units": Integer(*self.units),
            "activation": Choice(ACTIVATIONS),
            "dropout": Real(0.0, 0.7),
        }
        hyper = {
            "learning_rate": Real(1e-4, 3e-3, log=True),
            "weight_decay": Real(5e-5, 2e-3, log=True),
            "optimizer": Choice(OPTIMIZERS),
        }
        space = NetworkSpace((1, 4), {"dense": layer}, hyper)
        return [space.sample(np.random.default_rng([i, *self.units])) for i in range(count)]

    def problem(self) -> tuple[Tensor, Tensor]:
        """Examples (n, inputs), standardized, and their classes (n,)."""
        return _problem(self.data)

    def jobs(self, genomes: Sequence[Any], examples: int) -> list[Any]:
        """Freshly built networks, with how each is to be trained."""
        from speciate.networks import build
        from speciate.training import Recipe
        from speciate.training.jobs import Job

        inputs = self.problem()[0].shape[1:]
        found = []
        for i, genome in enumerate(genomes):
            weights, training = np.random.default_rng(i).spawn(2)
            module = build(genome, tuple(inputs), CLASSES, weights)
            recipe = Recipe(**genome.hyper_parameters, batch_size=self.batch, examples=examples)
            found.append(Job(module, recipe, training))
        return found


BROODS = {
    "small": Brood("20 inputs, 16-64 units, batch 32", "noise", (16, 64), 32),
    "digits": Brood("digits (64 inputs), 16-128 units, batch 32", "digits", (16, 128), 32),
    "narrow": Brood("MNIST (784 inputs), 32-128 units, batch 64", "mnist", (32, 128), 64),
    "wide": Brood("MNIST (784 inputs), 128-1024 units, batch 64", "mnist", (128, 1024), 64),
}
"""The broods by name."""


@cache
def _problem(data: str) -> tuple[Tensor, Tensor]:
    if data == "noise":
        rng = np.random.default_rng(0)
        x = rng.standard_normal((10_000, 20), dtype=np.float32)
        y = (x @ rng.standard_normal((20, CLASSES))).argmax(1)
        return torch.from_numpy(x), torch.from_numpy(y)
    if data == "digits":
        from speciate.data import load_data

        train = load_data("sklearn:digits").train
        return torch.from_numpy(train.x).flatten(1), torch.from_numpy(train.y)
    pixels, labels = mnist.pixels()
    x = torch.from_numpy(pixels.reshape(len(pixels), -1).astype(np.float32))
    spread, mean = torch.std_mean(x)
    return x.sub_(mean).div_(spread), torch.from_numpy(labels)


def inputs_of(brood: Brood) -> int:
    """How many numbers an example of the brood's data has."""
    return brood.problem()[0].shape[1]


def parameters(genome: Any, inputs: int) -> int:
    """Trainable parameters of a network."""
    from speciate.spaces import count_parameters

    return count_parameters(genome, (inputs,), CLASSES)


def spread(items: Sequence[T], sizes: Sequence[int], count: int) -> list[T]:
    """`count` items from evenly spaced ranks by size, so that together they are what the average is; all if there are fewer."""
    by_size = sorted(range(len(items)), key=lambda i: (sizes[i], i))
    count = min(count, len(items))
    return [items[by_size[int((i + 0.5) / count * len(items))]] for i in range(count)]
