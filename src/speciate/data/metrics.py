"""Scores: scikit-learn's names and convention, higher is better.

The usual ones are in NumPy alone, so that workers stay light; tests compare each of them with scikit-learn. Every other
scorer of scikit-learn is found by its name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError, EvaluationError
from speciate.text import did_you_mean, quoted

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """One score.

    Attributes:
        name: scikit-learn's name.
        task: The task it is for.
        about: What it measures, for people.
        function: (y (n,), outputs, weight (n,) or None) -> score; outputs are probabilities (n, classes) or values (n,).
        labels: Whether only the most probable class counts, and not how probable it is.
        balanced: Whether every class counts the same, however many rows it has.
        takes_weights: Whether rows can have weights.
    """

    name: str
    task: str
    about: str
    function: Callable[[Array, Array, Array | None], float]
    labels: bool = False
    balanced: bool = False
    takes_weights: bool = True


def _accuracy(y: Array, p: Array, weight: Array | None) -> float:
    return float(np.average(p.argmax(axis=1) == y, weights=weight))


def _hits(y: Array, p: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """Per class: rows of it that were found, rows of it, rows that were called it; or their weights."""
    classes, guess = p.shape[1], p.argmax(axis=1)
    hit = guess == y
    return (
        np.bincount(y[hit], None if weight is None else weight[hit], minlength=classes),
        np.bincount(y, weight, minlength=classes),
        np.bincount(guess, weight, minlength=classes),
    )


def _balanced_accuracy(y: Array, p: Array, weight: Array | None) -> float:
    found, there, _ = _hits(y, p, weight)
    present = there > 0
    return float(np.mean(found[present] / there[present]))


def _f1_macro(y: Array, p: Array, weight: Array | None) -> float:
    found, there, called = _hits(y, p, weight)
    used = (there + called) > 0
    return float(np.mean(2 * found[used] / (there + called)[used]))


def _roc_auc(y: Array, p: Array, weight: Array | None) -> float:
    """Mean over the classes of the area under one class against the rest (two classes: the second one)."""
    columns = [1] if p.shape[1] == 2 else range(p.shape[1])
    return float(np.mean([area(y == c, p[:, c], weight) for c in columns]))


def area(positive: Array, value: Array, weight: Array | None) -> float:
    """Mann and Whitney's U over the number of pairs, or over their weights; ties count half."""
    weight = np.ones(len(value)) if weight is None else weight
    _, place = np.unique(value, return_inverse=True)
    ones, others = np.bincount(place, weight * positive), np.bincount(place, weight * ~positive)
    pairs = ones.sum() * others.sum()
    return float((ones * (np.cumsum(others) - others / 2)).sum() / pairs) if pairs else math.nan


def _neg_log_loss(y: Array, p: Array, weight: Array | None) -> float:
    p = p.astype(np.float64)
    p = np.clip(p / p.sum(axis=1, keepdims=True), np.finfo(np.float64).eps, 1.0)
    return float(np.average(np.log(p[np.arange(len(y)), y]), weights=weight))


def _r2(y: Array, p: Array, weight: Array | None) -> float:
    y, p = y.astype(np.float64), p.astype(np.float64)
    off, rest = y - np.average(y, weights=weight), y - p
    unit = np.abs(off).max() or 1.0
    if not 1e-100 < unit < 1e100:  # squares would come near the end of what a float64 holds
        off, rest = off / unit, rest / unit
    weight = np.ones(len(y)) if weight is None else weight
    left, total = float(np.sum(weight * rest**2)), float(np.sum(weight * off**2))
    if total == 0:  # as in scikit-learn: 1 for a perfect answer, else 0
        return float(left == 0)
    return 1 - left / total


def _neg_root_mean_squared_error(y: Array, p: Array, weight: Array | None) -> float:
    return -math.sqrt(np.average((y.astype(np.float64) - p) ** 2, weights=weight))


def _neg_mean_absolute_error(y: Array, p: Array, weight: Array | None) -> float:
    return -float(np.average(np.abs(y.astype(np.float64) - p), weights=weight))


_EVERY = (
    Metric("accuracy", "classification", "share of right answers", _accuracy, labels=True),
    Metric(
        "balanced_accuracy",
        "classification",
        "mean over the classes of the share found",
        _balanced_accuracy,
        labels=True,
        balanced=True,
    ),
    Metric("f1_macro", "classification", "mean over the classes of the F1 score", _f1_macro, labels=True),
    Metric("roc_auc", "classification", "area under the ROC curve, one class against the rest", _roc_auc),
    Metric("neg_log_loss", "classification", "minus the cross entropy", _neg_log_loss),
    Metric("r2", "regression", "share of the variance explained", _r2),
    Metric(
        "neg_root_mean_squared_error", "regression", "minus the typical error", _neg_root_mean_squared_error
    ),
    Metric(
        "neg_mean_absolute_error", "regression", "minus the mean absolute error", _neg_mean_absolute_error
    ),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _EVERY}


def _scorer(name: str) -> Metric | None:
    """Another of scikit-learn's scorers; None if there is none for classes or numbers."""
    from sklearn.metrics import get_scorer, get_scorer_names

    if name not in get_scorer_names():
        return None
    scorer = get_scorer(name)
    function, sign, options = scorer._score_func, scorer._sign, scorer._kwargs
    family = function.__module__.rpartition(".")[2]
    if "cluster" in function.__module__:
        return None
    regression = family == "_regression"
    labels = not regression and scorer._response_method == "predict"

    def measure(y: Array, p: Array, weight: Array | None) -> float:
        if not regression:
            p = (
                p.argmax(axis=1)
                if labels
                else p[:, 1]
                if p.shape[1] == 2
                else p / p.sum(axis=1, keepdims=True)
            )
        weighted = {} if weight is None else {"sample_weight": weight}
        return float(sign * function(y, p, **options, **weighted))

    return Metric(
        name,
        "regression" if regression else "classification",
        "a scorer of scikit-learn",
        measure,
        labels=labels,
        balanced=name == "recall_macro",  # another name of balanced accuracy
        takes_weights="sample_weight" in inspect.signature(function).parameters,
    )


@cache
def find_metric(name: str, task: str | None = None) -> Metric:
    """The metric of that name.

    Raises:
        ConfigurationError: There is none, or it is not for the task.
    """
    fitting = [metric.name for metric in _EVERY if task in (None, metric.task)]
    metric = METRICS.get(name) or _scorer(name)
    if metric is not None and task in (None, metric.task):
        return metric
    kind = f" for {task}" if task else ""
    what = (
        f"there is no metric {quoted(name)}" if metric is None else f"{name} is for {metric.task}, not{kind}"
    )
    close = did_you_mean(name, fitting) if metric is None else ""
    raise ConfigurationError(
        what,
        where="metric",
        hint=(close + " " if close else "")
        + f"metrics{kind}: auto, {', '.join(fitting)}, or another scorer of scikit-learn",
    )


def score(
    metric: str, y: Array, outputs: Array, weight: Array | None = None, class_weights: Any = None
) -> float:
    """How good the outputs are; higher is better.

    Args:
        metric: A name from `METRICS`.
        y: (n,) class indices or values.
        outputs: Probabilities (n, classes), or values (n,).
        weight: (n,), what each row counts; None where all count the same.
        class_weights: (classes,), what the probabilities are multiplied by before a row is called the class of the largest
            one; None for nothing. Metrics of probabilities take them as they are.

    Raises:
        ConfigurationError: There is no such metric.
        EvaluationError: The shapes do not fit, or the score is not a finite number.
    """
    found = find_metric(metric)
    y, outputs = np.asarray(y), np.asarray(outputs)
    axes = 1 if found.task == "regression" else 2
    if len(y) == 0 or y.ndim != 1 or outputs.ndim != axes or len(outputs) != len(y):
        rule = "values (n,)" if found.task == "regression" else "probabilities (n, classes)"
        raise EvaluationError(
            f"{metric} cannot be computed from targets {y.shape} and outputs {outputs.shape}",
            why=f"it needs at least one row, targets (n,) and {rule}",
        )
    if not np.isfinite(outputs).all():
        bad = int((~np.isfinite(outputs)).sum())
        raise EvaluationError(
            f"{metric} is undefined: {bad:,} of {outputs.size:,} outputs are not finite numbers"
        )
    if class_weights is not None and found.labels:
        outputs = outputs * np.asarray(class_weights)
    try:
        value = float(found.function(y, outputs, weight))
    except ValueError as error:  # scikit-learn's, such as a score of two classes that is given three
        raise EvaluationError(f"{metric} cannot be computed", why=str(error).splitlines()[0]) from error
    if not math.isfinite(value):
        raise EvaluationError(
            f"{metric} is {value}",
            why="the rows that are scored do not hold what the metric needs, such as every class",
        )
    return value
