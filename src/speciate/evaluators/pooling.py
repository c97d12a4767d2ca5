"""An ensemble of networks, chosen by what they say of rows that they were not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from speciate.data import Data, Split

LARGEST = 8
"""Networks of an ensemble at most."""
COLDEST, HOTTEST = 0.25, 4.0
"""Bounds of a temperature."""
SURE = 2.0
"""What is gained must be so many of its standard errors."""
FEWEST = 100
"""A temperature is fitted to at least so many rows."""
WORSE = 1.01
"""Copies are added as long as the loss is at most so many times the least one, which was one of fewer networks."""

Losses = Callable[[np.ndarray], np.ndarray]
"""From probabilities (n, classes), or values (n,), to what each row loses by them (n,), weighted."""
LEAST = 1e-15
"""Probabilities are at least this in a logarithm."""


def loss_of(data: Data) -> str:
    """The measurement that says most of how good answers are, higher is better."""
    return "neg_log_loss" if data.task == "classification" else "neg_root_mean_squared_error"


def losses_of(data: Data, rows: Split) -> Losses:
    """What each of some rows loses by answers: the log loss of its class, or the squared error of its standardized value."""
    weight = 1.0 if rows.weight is None else rows.weight / rows.weight.mean(dtype=np.float64)
    if data.task == "regression":
        values = data.standardized(rows.y)
        return lambda answers: weight * (data.standardized(answers) - values) ** 2
    return lambda answers: -weight * np.log(np.maximum(answers[np.arange(len(answers)), rows.y], LEAST))


def tempered(answers: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) that a temperature makes less sure, or surer below 1; anything else as it is at 1."""
    if temperature == 1:
        return answers
    from scipy.special import softmax  # workers do without

    return np.asarray(softmax(np.log(np.maximum(answers, LEAST)) / temperature, axis=1))


@dataclass(frozen=True, slots=True)
class Pooled:
    """A network that may be chosen, with its copies.

    Attributes:
        answers: What it says of all rows, each said by a copy that was not trained on it: (n, classes) or (n,).
        copies: How many trained copies there are: it can be chosen so often.
    """

    answers: np.ndarray
    copies: int


def greedy(pool: Sequence[Pooled], losses: Losses, largest: int = LARGEST) -> tuple[int, ...]:
    """Which networks answer best together: one after another, always the one that helps the mean of all most.

    Ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble Chosen from Libraries of Models", ICML,
    section 2.2). Copies of a network say the same of rows here, since only one of them may be asked about a row. In truth their mean is
    at least as good as one of them is on average: losses are convex (Jensen's inequality). So it goes on up to `largest`, unless that
    does harm that can be seen.

    Args:
        pool: What there is.
        losses: What rows lose.
        largest: Networks at most.

    Returns:
        Places in `pool`, the most frequent first, ties by when they were chosen.
    """
    chosen: list[int] = []
    total, least = np.zeros_like(pool[0].answers), np.inf
    for size in range(1, largest + 1):
        free = [i for i, network in enumerate(pool) if chosen.count(i) < network.copies]
        if not free:
            break
        found = {i: float(losses((total + pool[i].answers) / size).mean()) for i in free}
        best = min(free, key=found.__getitem__)
        if found[best] > WORSE * least:
            break
        least = min(least, found[best])
        chosen.append(best)
        total += pool[best].answers
    return tuple(sorted(chosen, key=lambda i: (-chosen.count(i), chosen.index(i))))


def fitted_temperature(probabilities: np.ndarray, losses: Losses) -> float:
    """The temperature that suits probabilities (n, classes) best; 1 if that gains nothing beyond noise.

    Guo, Pleiss, Sun & Weinberger 2017, "On Calibration of Modern Neural Networks", ICML, arXiv:1706.04599, section 4.2.
    """
    from scipy.optimize import minimize_scalar  # it takes half a second to import

    if len(probabilities) < FEWEST:
        return 1.0
    bounds = float(np.log(COLDEST)), float(np.log(HOTTEST))
    found = minimize_scalar(
        lambda t: float(losses(tempered(probabilities, float(np.exp(t)))).mean()),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-4},
    )
    temperature = float(np.exp(found.x))
    gains = losses(probabilities) - losses(tempered(probabilities, temperature))
    error = float(gains.std() / np.sqrt(len(gains)))
    return temperature if gains.mean() > SURE * error else 1.0
