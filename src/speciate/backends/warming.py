"""Loads, in a worker process, what a first training would have to wait for, so that nobody's time limit pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speciate.evaluators.base import Evaluator


def warm_up(evaluator: Evaluator) -> None:
    """Import the libraries; where networks are trained, let the engine make or load its machine code.

    That code takes half a second from its cache, and up to half a minute to compile on a machine that has none. A worker
    that is killed meanwhile leaves nothing behind, so that under a short limit it would never be finished.
    """
    evaluator.evaluate([])
    if evaluator.trains:
        _train_something()


def _train_something() -> None:
    """One step of the smallest network, on the CPU."""
    import numpy as np
    import torch

    from speciate.training import Recipe, reference
    from speciate.training.jobs import Job
    from speciate.training.planner import train

    rng = np.random.default_rng(0)
    network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    recipe = Recipe("adam", learning_rate=0.01, weight_decay=0.0, batch_size=1, examples=1)
    with reference.one_thread():
        train([Job(network, recipe, rng)], torch.zeros(1, 1), torch.zeros(1, dtype=torch.int64))
