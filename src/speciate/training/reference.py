"""The reference engine: one network, plain PyTorch, a loop that reads top to bottom.

Nothing here knows what a genome is. Whatever other engines do faster must give what this one gives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from speciate.layers.modules import Dropout, single_precision
from speciate.training.jobs import Engine, Job, Outcome, order_of, outcome_of, streams
from speciate.training.recipe import Recipe

SCORING_BATCH = 1024
"""Examples scored at once: large enough to be fast, small enough for activations to stay in the cache."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread and in single precision inside, so that sums are added in the same order on every machine of a kind."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # denormal numbers slow some processors down a hundredfold
    try:
        with single_precision():
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


class ReferenceEngine(Engine):
    """Any module, any device, one network after another."""

    name = "reference"

    def misfit(self, job: Job, x: Tensor) -> str:
        """Everything fits."""
        return ""

    def train(
        self,
        jobs: Sequence[Job],
        x: Tensor,
        y: Tensor,
        weight: Tensor | None = None,
        until: float = math.inf,
    ) -> list[Outcome]:
        """Train one network after another."""
        return [self._one(job, x, y, weight, until) for job in jobs]

    def _one(self, job: Job, x: Tensor, y: Tensor, weight: Tensor | None, until: float) -> Outcome:
        started = time.perf_counter()
        losses = train(job, x, y, weight, until)
        return outcome_of(losses, job.recipe, self.name, time.perf_counter() - started)


def train(
    job: Job, x: Tensor, y: Tensor, weight: Tensor | None = None, until: float = math.inf
) -> np.ndarray:
    """Train a module in place.

    Args:
        job: The module, and how to train it.
        x: Examples, shape (n, *shape), float32.
        y: Class indices, shape (n,), int64; or standardized values, shape (n,), float32.
        weight: What each example counts in the loss, shape (n,), float32, with a mean of 1; None if all count the same.
        until: When it stops at its next step, in seconds of `time.monotonic`.

    Returns:
        The loss of every step that was begun, shape (steps,), one at least; training ends with one that is not finite.
    """
    module, recipe = job.module, job.recipe
    optimizer = make_optimizer(module, recipe)
    rng, masks = streams(job)
    order = order_of(len(x), recipe, rng)
    for part in module.modules():
        if isinstance(part, Dropout):
            part.masks = masks
    layout = _layout(x)
    module.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stub lacks it
    module.train()
    losses = np.empty(recipe.steps)
    decays, averaging = recipe.weight_decays.tolist(), recipe.averaging.tolist()
    averaged = _averaged(module) if averaging else []
    averages = [tensor.clone() for tensor in averaged]
    for step, rate in enumerate(recipe.learning_rates.tolist()):
        if step and time.monotonic() >= until:
            losses = losses[:step]
            break
        rows = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
        index = torch.from_numpy(rows).to(x.device)
        for group in optimizer.param_groups:
            group["lr"], group["weight_decay"] = rate * group["factor"], decays[step]
        optimizer.zero_grad()
        outputs = module(x[index].contiguous(memory_format=layout))
        loss = loss_of(
            outputs, y[index], recipe.loss, None if weight is None else weight[index], recipe.label_smoothing
        )
        losses[step] = loss.item()
        if not math.isfinite(losses[step]):
            losses = losses[: step + 1]
            break
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if averaging:
            torch._foreach_lerp_(averages, averaged, averaging[step])
    with torch.no_grad():
        for tensor, average in zip(averaged, averages, strict=True):
            tensor.copy_(average)
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return losses


def _layout(x: Tensor) -> torch.memory_format:
    """How examples lie in memory: with channels last, convolutions and pools take about two thirds of the time."""
    return torch.channels_last if x.ndim == 4 else torch.contiguous_format


def _averaged(module: nn.Module) -> list[Tensor]:
    """What an average of the weights is made of: they, and what norms have counted, which would not suit them otherwise."""
    tensors = [*module.parameters(), *module.buffers()]
    return [tensor.detach() for tensor in tensors if tensor.is_floating_point()]


def loss_of(
    outputs: Tensor, y: Tensor, loss: str, weight: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """The mean loss of a batch: outputs (batch, classes) with y (batch,), or outputs (batch, 1) with values (batch,).

    Weights (batch,) multiply the examples' losses. They are not divided by their sum in the batch: their mean over all examples is
    1, and a batch that weighs much shall count much.
    """
    reduction = "mean" if weight is None else "none"
    if loss == "mse":
        found = functional.mse_loss(outputs.squeeze(1), y, reduction=reduction)
    else:
        found = functional.cross_entropy(outputs, y, reduction=reduction, label_smoothing=smoothing)
    return found if weight is None else (found * weight).mean()


def make_optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer, in its fused form where torch has one.

    Tensors of modules with a `learning_rate_factor` learn so many times as fast as others, in a group of their own.
    """
    factors = {
        id(p): float(getattr(part, "learning_rate_factor", 1.0))
        for part in module.modules()
        for p in part.parameters(recurse=False)
        if p.requires_grad
    }
    parameters = [
        {"params": [p for p in module.parameters() if factors.get(id(p)) == factor], "factor": factor}
        for factor in sorted(set(factors.values()))
    ]
    rate, decay, betas = recipe.learning_rate, recipe.weight_decay, (0.9, recipe.beta2)
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(
                parameters, rate, momentum=0.9, nesterov=True, weight_decay=decay, fused=True
            )
        case "adam":
            return torch.optim.Adam(parameters, rate, betas, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(parameters, rate, betas, weight_decay=decay, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, rate, weight_decay=decay, foreach=True)
        case _:
            return torch.optim.Adadelta(parameters, rate, weight_decay=decay, foreach=True)


@torch.inference_mode()
def outputs_of(module: nn.Module, x: Tensor) -> Tensor:
    """The module's outputs in evaluation mode, shape (n, outputs); of fewer examples at once where memory is short."""
    module.eval()
    batch = SCORING_BATCH
    while True:
        parts = torch.split(x, batch) if len(x) else [x]
        try:
            return torch.cat([module(part.contiguous(memory_format=_layout(x))) for part in parts])
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
        batch //= 2
