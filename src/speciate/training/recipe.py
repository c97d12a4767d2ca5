"""How one network is trained: everything but the network and the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OPTIMIZERS = ("sgd", "adam", "adamw", "adadelta", "rmsprop")
"""The optimizers that every engine knows."""


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
        class_weights: Weights of the classes in the loss, or None for equal ones.
        warmup: Share of the training in which the learning rate rises linearly; then it falls linearly to zero.
    """

    optimizer: str
    learning_rate: float
    weight_decay: float
    batch_size: int
    examples: int
    loss: str = "cross_entropy"
    class_weights: tuple[float, ...] | None = None
    warmup: float = 0.2

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS or self.loss not in ("cross_entropy", "mse"):
            raise ValueError(f"unknown optimizer or loss in {self}")
        if self.batch_size < 1 or self.examples < 1 or self.learning_rate <= 0 or self.weight_decay < 0:
            raise ValueError(f"a number is out of range in {self}")

    @property
    def steps(self) -> int:
        """How many steps the training takes."""
        return -(-self.examples // self.batch_size)

    @property
    def learning_rates(self) -> np.ndarray:
        """The learning rate of every step: one cycle (Smith & Topin 2017, arXiv:1708.07120), linear both ways."""
        position = (np.arange(self.steps) + 0.5) / self.steps
        up, down = position / self.warmup, (1 - position) / (1 - self.warmup)
        return self.learning_rate * np.minimum(up, down)
