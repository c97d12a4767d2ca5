"""What an engine is given, and what it gives back."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor, nn

from speciate.layers.modules import Masks
from speciate.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Job:
    """A network to train in place.

    Attributes:
        module: From (batch, *shape) to (batch, outputs).
        recipe: How to train it.
        rng: Where the order of the examples and the dropout masks come from.
    """

    module: nn.Module
    recipe: Recipe
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a training.

    Attributes:
        diverged: Whether a loss was not finite; training stopped there.
        examples_seen: Examples shown, counting repetitions.
        loss: Mean loss over the last tenth of the steps; NaN after a divergence.
        engine: Which engine did it.
        seconds: How long it took; an equal share where several networks were trained as one.
        stopped: Whether its time was up before its last step.
    """

    diverged: bool
    examples_seen: int
    loss: float
    engine: str = ""
    seconds: float = 0.0
    stopped: bool = False


def outcome_of(
    losses: np.ndarray, recipe: Recipe, engine: str, seconds: float, stopped: bool = False
) -> Outcome:
    """The outcome for the losses (steps,) of the steps that were begun, the last of them maybe not finite, or not taken to its end."""
    seen = min(recipe.examples, len(losses) * recipe.batch_size)
    if not np.isfinite(losses[-1]):
        return Outcome(True, seen, float("nan"), engine, seconds)
    loss = float(np.mean(losses[-max(1, len(losses) // 10) :]))
    return Outcome(False, seen, loss, engine, seconds, stopped or len(losses) < recipe.steps)


class Engine(ABC):
    """A way to train networks. All engines give what the reference engine gives, up to rounding.

    Attributes:
        name: As evaluations have it.
    """

    name: ClassVar[str]

    @abstractmethod
    def misfit(self, job: Job, x: Tensor) -> str:
        """Why the engine cannot train this network on examples like these; empty if it can."""

    @abstractmethod
    def train(
        self,
        jobs: Sequence[Job],
        x: Tensor,
        y: Tensor,
        weight: Tensor | None = None,
        until: float = math.inf,
    ) -> list[Outcome]:
        """Train networks in place.

        Args:
            jobs: What fits.
            x: Examples, shape (n, *shape), float32.
            y: Class indices, shape (n,), int64; or standardized values, shape (n,), float32.
            weight: What each example counts in the loss, shape (n,), float32, with a mean of 1; None if all count the same.
            until: When they stop at their next step, in seconds of `time.monotonic`.

        Returns:
            What came of each, in order.
        """


def streams(job: Job) -> tuple[np.random.Generator, Masks]:
    """A job's stream for the order of the examples and that for the masks.

    They are apart, so that the order of the examples does not depend on the network.
    """
    order, masks = job.rng.spawn(2)
    return order, Masks(int(masks.integers(2**64, dtype=np.uint64)))


def order_of(n: int, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Row numbers of all examples to show: one permutation of the n rows after another, `recipe.examples` in all."""
    rounds = -(-recipe.examples // n)
    return np.concatenate([rng.permutation(n) for _ in range(rounds)])[: recipe.examples]
