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
WORSE = 0.01
"""Copies are added as long as the cost is above the least one, which was one of fewer networks, by at most this share of it."""

CALIBRATED = "calibrated_neg_log_loss"
"""The measurement that trainings of a final are ordered by beside their score; see `calibrated_loss`."""
TEMPERATURES = tuple(2.0 ** (power / 2) for power in range(-2, 7))
"""Those that a rough calibration chooses from: 0.5 to 8."""

Losses = Callable[[np.ndarray], np.ndarray]
"""From probabilities (n, classes), or values (n,), to what each row loses by them (n,), weighted."""
Cost = Callable[[np.ndarray], float]
"""From probabilities or values to how bad they are; lower is better."""
LEAST = 1e-15
"""Probabilities are at least this in a logarithm."""


def loss_of(data: Data) -> str:
    """The measurement that says most of how good answers are, higher is better."""
    return "neg_log_loss" if data.task == "classification" else "neg_root_mean_squared_error"


def ordering_loss(data: Data) -> str | None:
    """The measurement by which trainings of a final are ordered beside their score; None where that is the score itself."""
    name = CALIBRATED if data.task == "classification" else loss_of(data)
    return None if name == data.metric else f"valid_{name}"


def losses_of(data: Data, rows: Split) -> Losses:
    """What each of some rows loses by answers: the log loss of its class, or the squared error of its standardized value."""
    weight = 1.0 if rows.weight is None else rows.weight / rows.weight.mean(dtype=np.float64)
    if data.task == "regression":
        values = data.standardized(rows.y)
        return lambda answers: weight * (data.standardized(answers) - values) ** 2
    return lambda answers: -weight * np.log(np.maximum(answers[np.arange(len(answers)), rows.y], LEAST))


def cost_of_answers(data: Data, rows: Split) -> Cost:
    """What answers for some rows are chosen by.

    That is their mean loss. Of labels it is added to what their score lacks to 1: accuracy alone says little of few rows, and the
    loss alone prefers networks that were trained briefly.
    """
    losses = losses_of(data, rows)
    if data.task == "regression" or loss_of(data) == data.metric:
        return lambda answers: float(losses(answers).mean())
    return lambda answers: float(losses(answers).mean()) + 1 - data.score(rows, answers)


def tempered(answers: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) that a temperature makes less sure, or surer below 1; anything else as it is at 1."""
    if temperature == 1:
        return answers
    logits = np.log(np.maximum(answers, LEAST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Pooled:
    """A network that may be chosen, with its copies.

    Attributes:
        answers: What it says of all rows, each said by a copy that was not trained on it: (n, classes) or (n,).
        copies: How many trained copies there are: it can be chosen so often.
    """

    answers: np.ndarray
    copies: int


def greedy(pool: Sequence[Pooled], cost: Cost, largest: int = LARGEST) -> tuple[int, ...]:
    """Which networks answer best together: one after another, always the one that helps the mean of all most.

    Ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble Chosen from Libraries of Models", ICML,
    section 2.2). Copies of a network say the same of rows here, since only one of them may be asked about a row. In truth their mean is
    at least as good as one of them is on average: losses are convex (Jensen's inequality). So it goes on up to `largest`, unless that
    does harm that can be seen.

    Args:
        pool: What there is.
        cost: How bad their answers are.
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
        found = {i: cost((total + pool[i].answers) / size) for i in free}
        best = min(free, key=found.__getitem__)
        if found[best] > least + WORSE * abs(least):
            break
        least = min(least, found[best])
        chosen.append(best)
        total += pool[best].answers
    return tuple(sorted(chosen, key=lambda i: (-chosen.count(i), chosen.index(i))))


def calibrated_loss(probabilities: np.ndarray, losses: Losses) -> float:
    """The mean loss of probabilities (n, classes) at the best of `TEMPERATURES`.

    Long trainings make networks too sure long before they make them wrong, and a temperature mends that: what is compared is what is left.
    """
    return min(float(losses(tempered(probabilities, t)).mean()) for t in TEMPERATURES)


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
