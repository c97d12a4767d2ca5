"""How one network is trained: everything but the network and the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from speciate.training.schedules import SCHEDULES

OPTIMIZERS = ("sgd", "adam", "adamw", "adadelta", "rmsprop")
"""The optimizers that every engine knows."""

OPTIONAL = ("schedule", "label_smoothing", "beta2", "ema", "decay_schedule")
"""Settings of a recipe that a genome need not have."""

AS_RATE = "schedule"
"""The schedule of a weight decay that changes as the learning rate does."""

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
        schedule: How the learning rate changes: a name in `SCHEDULES`.
        label_smoothing: Of cross entropy, the share of every label that is spread evenly over all classes, from 0 to below 1
            (Szegedy et al. 2016, arXiv:1512.00567, section 7). A row's loss with it is multiplied by what the row counts.
        beta2: Share of its second memory that Adam keeps in a step, for "adam" and "adamw".
        ema: Half-life of the average that the network's weights are at the end, as a share of the training, from 0 to 1; 0 is
            no average, but the last weights.
        decay_schedule: How the weight decay changes: a name in `SCHEDULES`, or "schedule" for as the learning rate does.
    """

    optimizer: str
    learning_rate: float
    weight_decay: float
    batch_size: int
    examples: int
    loss: str = "cross_entropy"
    seen: int = 0
    schedule: str = "one_cycle"
    label_smoothing: float = 0.0
    beta2: float = 0.999
    ema: float = 0.0
    decay_schedule: str = "flat"

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS or self.loss not in ("cross_entropy", "mse"):
            raise ValueError(f"unknown optimizer or loss in {self}")
        if self.schedule not in SCHEDULES or self.decay_schedule not in (AS_RATE, *SCHEDULES):
            raise ValueError(f"unknown schedule, not one of {', '.join(SCHEDULES)}, in {self}")
        if (
            self.batch_size < 1
            or self.examples < 1
            or self.learning_rate <= 0
            or self.weight_decay < 0
            or self.seen < 0
            or not (0 <= self.label_smoothing < 1 and 0 < self.beta2 < 1 and 0 <= self.ema <= 1)
        ):
            raise ValueError(f"a number is out of range in {self}")

    @property
    def steps(self) -> int:
        """How many steps the training takes."""
        return -(-self.examples // self.batch_size)

    @property
    def learning_rates(self) -> np.ndarray:
        """The learning rate of every step, shape (steps,).

        Weights that have been trained before must not be thrown far off again: whatever the schedule, the highest rate is lower
        the more they have seen in proportion to this training.
        """
        peak = self.learning_rate / math.sqrt(1 + min(self.seen / self.examples, OLDEST))
        return peak * SCHEDULES[self.schedule](self._positions, self.seen > 0)

    @property
    def weight_decays(self) -> np.ndarray:
        """The weight decay of every step, shape (steps,)."""
        if self.decay_schedule == AS_RATE:
            return self.weight_decay * SCHEDULES[self.schedule](self._positions, self.seen > 0)
        return self.weight_decay * SCHEDULES[self.decay_schedule](
            self._positions, False
        )  # it needs no warm-up

    @property
    def averaging(self) -> np.ndarray:
        """How far the average of the weights moves toward the weights after every step, shape (steps,); empty without one.

        The average after step t is (1 - b) / (1 - b**t) times the sum of b**(t - s) times the weights after step s, for s from 1 to
        t: an exponential moving average with the bias of Kingma & Ba 2015 (arXiv:1412.6980, section 3) corrected, so that it
        holds nothing of the initial weights and may begin with the first step. Its half-life is a share of the training, since a
        length that suits one training suits a longer one in proportion (Karras et al. 2024, arXiv:2312.02696, section 3.1).
        """
        if self.ema == 0:
            return np.empty(0)
        rate = math.log(2) / (self.ema * self.steps)  # b is e**-rate
        return np.asarray(np.expm1(-rate) / np.expm1(-rate * np.arange(1, self.steps + 1)))

    @property
    def _positions(self) -> np.ndarray:
        """Where in the training each step is, shape (steps,), in (0, 1)."""
        return (np.arange(self.steps) + 0.5) / self.steps
