"""What a search has to beat: the majority class (or the mean), a linear model, and a network made by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speciate.data import Data, score
from speciate.rng import Stream, generator

LINEAR_ROWS = 20_000
"""The linear model sees at most this many training rows; more cost time and hardly change it."""


@dataclass(frozen=True, slots=True)
class FittedBaseline:
    """A baseline that has learned from the training rows.

    Attributes:
        name: "majority", "mean" or "linear".
        description: One line for people.
        predict: From inputs (n, *shape) to probabilities (n, classes) or values (n,).
        valid_score: Its score on the validation rows.
        seconds: How long fitting and scoring took.
    """

    name: str
    description: str
    predict: Callable[[np.ndarray], np.ndarray]
    valid_score: float
    seconds: float


def fit_baselines(data: Data) -> list[FittedBaseline]:
    """Both baselines that need no network, fitted on the training rows and scored on the validation rows."""
    return [_fitted(data, *_constant(data)), _fitted(data, *_linear(data))]


Fit = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


def _fitted(data: Data, name: str, description: str, fit: Fit) -> FittedBaseline:
    started = time.perf_counter()
    predict = fit(data.train.x, data.train.y)
    value = score(data.metric, data.valid.y, predict(data.valid.x))
    return FittedBaseline(name, description, predict, value, time.perf_counter() - started)


def _constant(data: Data) -> tuple[str, str, Fit]:
    if data.task == "regression":
        return "mean", "always the mean", lambda x, y: lambda new: np.full(len(new), y.mean())

    def fit(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        shares = np.bincount(y, minlength=data.outputs) / len(y)
        return lambda new: np.tile(shares, (len(new), 1))

    return "majority", "always the most frequent class", fit


def _linear(data: Data) -> tuple[str, str, Fit]:
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = min(len(data.train), LINEAR_ROWS)
    note = f" on {rows:,} rows" if rows < len(data.train) else ""

    def fit(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        chosen = generator(0, Stream.BASELINE).permutation(len(x))[:rows]
        x, y = x[chosen].reshape(rows, -1), y[chosen]
        if data.task == "regression":
            ridge = Ridge().fit(x, y)
            return lambda new: np.asarray(ridge.predict(new.reshape(len(new), -1)))
        weights = None if data.class_weights is None else dict(enumerate(data.class_weights))
        # A coarse tolerance: the score settles long before the weights do.
        model = LogisticRegression(max_iter=200, tol=1e-2, class_weight=weights).fit(x, y)

        def probabilities(new: np.ndarray) -> np.ndarray:
            found = np.zeros((len(new), data.outputs))
            found[:, model.classes_] = model.predict_proba(new.reshape(len(new), -1))
            return found

        return probabilities

    return "linear", ("ridge regression" if data.task == "regression" else "logistic regression") + note, fit
