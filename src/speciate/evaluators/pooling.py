"""An ensemble of networks, chosen by what they say of rows that they were not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from speciate.data import Data, Split

LARGEST = 8
"""Networks of an ensemble at most."""
COLDEST, HOTTEST = 0.25, 4.0
"""Bounds of a temperature."""
SURE = 1.0
"""What is gained must be so many of its standard errors."""

Losses = Callable[[np.ndarray], np.ndarray]
"""From outputs (n, outputs) to what each row loses by them (n,), weighted."""


def loss_of(data: Data) -> str:
    """The measurement that says most of how good answers are, higher is better."""
    return "neg_log_loss" if data.task == "classification" else "neg_root_mean_squared_error"


def losses_of(data: Data, rows: Split) -> Losses:
    """What each of some rows loses by outputs (n, outputs): the log loss of its class, or the squared error of its standardized value."""
    weight = 1.0 if rows.weight is None else rows.weight / rows.weight.mean(dtype=np.float64)
    if data.task == "regression":
        values = data.standardized(rows.y)
        return lambda outputs: weight * (outputs[:, 0] - values) ** 2

    def log_losses(outputs: np.ndarray) -> np.ndarray:
        logits = outputs - data.shift
        return np.asarray(weight * (logsumexp(logits, axis=1) - logits[np.arange(len(logits)), rows.y]))

    return log_losses


@dataclass(frozen=True, slots=True)
class Pooled:
    """A network that may be chosen, with its copies.

    Attributes:
        outputs: What it says of all rows, each said by a copy that was not trained on it, (n, outputs).
        copies: How many trained copies there are: it can be chosen so often.
    """

    outputs: np.ndarray
    copies: int


def greedy(pool: Sequence[Pooled], losses: Losses, largest: int = LARGEST) -> tuple[int, ...]:
    """Which networks answer best together: one after another, always the one that helps the mean of all most.

    Ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble Chosen from Libraries of Models", ICML,
    section 2.2). Copies of a network say the same of rows here, since only one of them may be asked about a row. In truth their mean is
    at least as good as one of them is on average: losses are convex (Jensen's inequality). So it goes on up to `largest`.

    Args:
        pool: What there is.
        losses: What rows lose.
        largest: Networks at most.

    Returns:
        Places in `pool`, the most frequent first, ties by when they were chosen.
    """
    chosen: list[int] = []
    total = np.zeros_like(pool[0].outputs)
    for size in range(1, largest + 1):
        free = [i for i, network in enumerate(pool) if chosen.count(i) < network.copies]
        if not free:
            break
        best = min(free, key=lambda i: float(losses((total + pool[i].outputs) / size).mean()))
        chosen.append(best)
        total += pool[best].outputs
    return tuple(sorted(chosen, key=lambda i: (-chosen.count(i), chosen.index(i))))


def fitted_temperature(logits: np.ndarray, losses: Losses) -> float:
    """What logits (n, classes) are best divided by; 1 if that gains nothing beyond noise.

    Guo, Pleiss, Sun & Weinberger 2017, "On Calibration of Modern Neural Networks", ICML, arXiv:1706.04599, section 4.2.
    """
    bounds = float(np.log(COLDEST)), float(np.log(HOTTEST))
    found = minimize_scalar(
        lambda t: float(losses(logits / np.exp(t)).mean()),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-4},
    )
    temperature = float(np.exp(found.x))
    gains = losses(logits) - losses(logits / temperature)
    error = float(gains.std() / np.sqrt(len(gains)))
    return temperature if gains.mean() > SURE * error else 1.0
