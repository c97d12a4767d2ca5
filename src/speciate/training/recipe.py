"""How one network is trained: everything but the network and the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

OPTIMIZERS = ("sgd", "adam", "adamw", "adadelta", "rmsprop")
"""The optimizers that every engine knows."""

FRESH, AGAIN = 0.2, 0.1
"""Share of the training in which the learning rate rises: for fresh weights, and for weights that were trained before."""

OLDEST = 15
"""Weights that have seen more than so many times this training's examples are trained like those that have seen so many."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training.

    Attributes:
        optimizer: One of `OPTIMIZERS`; "sgd" has Nesterov momentum 0.9.
        learning_rate: The highest learning rate of the schedule.
        weight_decay: L2 penalty; decoupled for "adamw".
        batch_size: Examples in a step; the last one of the budget may have fewer.
        examples: Examples to show in all, counting repetitions.
        loss: "cross_entropy" on logits or "mse" on standardized values.
        seen: Examples that the initial weights have seen before: 0 for fresh ones.
    """

    optimizer: str
    learning_rate: float
    weight_decay: float
    batch_size: int
    examples: int
    loss: str = "cross_entropy"
    seen: int = 0

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS or self.loss not in ("cross_entropy", "mse"):
            raise ValueError(f"unknown optimizer or loss in {self}")
        if (
            self.batch_size < 1
            or self.examples < 1
            or self.learning_rate <= 0
            or self.weight_decay < 0
            or self.seen < 0
        ):
            raise ValueError(f"a number is out of range in {self}")

    @property
    def steps(self) -> int:
        """How many steps the training takes."""
        return -(-self.examples // self.batch_size)

    @property
    def learning_rates(self) -> np.ndarray:
        """The learning rate of every step: it rises linearly to its peak, then falls linearly to zero.

        One cycle (Smith & Topin 2017, arXiv:1708.07120) for fresh weights. Weights that have been trained before must not be
        thrown far off again: the peak is lower the more they have seen in proportion to this training, and comes sooner.
        """
        position = (np.arange(self.steps) + 0.5) / self.steps
        warmup = AGAIN if self.seen else FRESH
        peak = self.learning_rate / math.sqrt(1 + min(self.seen / self.examples, OLDEST))
        return peak * np.minimum(position / warmup, (1 - position) / (1 - warmup))
