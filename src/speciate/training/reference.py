"""The reference engine: one network, plain PyTorch, a loop that reads top to bottom.

Nothing here knows what a genome is. Whatever other engines do faster must give what this one gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from speciate.layers.dropout import Dropout
from speciate.training.recipe import Recipe

NAME = "reference"
"""The engine's name in evaluations."""

SCORING_BATCH = 1024
"""Examples scored at once: large enough to be fast, small enough for activations to stay in the cache."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a training.

    Attributes:
        diverged: Whether a loss was not finite; training stopped there.
        examples_seen: Examples shown, counting repetitions.
        loss: Mean loss over the last tenth of the steps; NaN after a divergence.
    """

    diverged: bool
    examples_seen: int
    loss: float


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside, so that sums are added in the same order on every machine of a kind."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # denormal numbers slow some processors down a hundredfold
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


def train(module: nn.Module, x: Tensor, y: Tensor, recipe: Recipe, rng: np.random.Generator) -> Outcome:
    """Train a module in place.

    Args:
        module: From (batch, *shape) to (batch, outputs).
        x: Examples, shape (n, *shape), float32.
        y: Class indices, shape (n,), int64; or standardized values, shape (n,), float32.
        recipe: How to train.
        rng: Where the order of the examples and the dropout masks come from.

    Returns:
        What came of it.
    """
    optimizer = make_optimizer(module, recipe)
    weights = None if recipe.class_weights is None else torch.tensor(recipe.class_weights, device=x.device)
    order, masks = rng.spawn(2)  # apart, so that the order of the examples does not depend on the network
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = masks
    module.train()
    losses: list[float] = []
    seen = 0
    for step, rows in enumerate(batches(len(x), recipe, order)):
        index = torch.from_numpy(rows).to(x.device)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate_at(step)
        optimizer.zero_grad()
        loss = loss_of(module(x[index]), y[index], recipe.loss, weights)
        losses.append(loss.item())
        seen += len(rows)
        if not math.isfinite(losses[-1]):
            return Outcome(True, seen, math.nan)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return Outcome(False, seen, float(np.mean(losses[-max(1, len(losses) // 10) :])))


def batches(n: int, recipe: Recipe, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Row numbers of each step: a fresh permutation whenever the rows are used up, `recipe.examples` in all."""
    left, order = recipe.examples, np.empty(0, np.int64)
    while left > 0:
        size = min(recipe.batch_size, left)
        while len(order) < size:
            order = np.concatenate([order, rng.permutation(n)])
        yield order[:size]
        order, left = order[size:], left - size


def loss_of(outputs: Tensor, y: Tensor, loss: str, weights: Tensor | None = None) -> Tensor:
    """The mean loss of a batch: outputs (batch, classes) with y (batch,), or outputs (batch, 1) with values (batch,)."""
    if loss == "mse":
        return functional.mse_loss(outputs.squeeze(1), y)
    return functional.cross_entropy(outputs, y, weight=weights)


def make_optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer, in its fused form where torch has one."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(
                parameters, rate, momentum=0.9, nesterov=True, weight_decay=decay, fused=True
            )
        case "adam":
            return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, weight_decay=decay, foreach=True)
        case _:
            return torch.optim.Adadelta(parameters, rate, weight_decay=decay, foreach=True)


@torch.inference_mode()
def outputs_of(module: nn.Module, x: Tensor) -> Tensor:
    """The module's outputs in evaluation mode, shape (n, outputs)."""
    module.eval()
    return torch.cat([module(part) for part in torch.split(x, SCORING_BATCH)]) if len(x) else module(x)
