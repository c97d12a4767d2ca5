"""Measures a champion's answers beside its score: confusion, scores per class, calibration, ROC curve, residuals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.data import Data, Split
from speciate.data.metrics import area
from speciate.evaluators.importance import importance
from speciate.intervals import Z, wilson
from speciate.store import diagnostics as records
from speciate.store.diagnostics import MOST_CLASSES, MOST_ROWS, MOST_SCORES, Diagnostics, Measured

Floats = NDArray[np.float64]

BINS = 15
"""Of a calibration curve, as in Guo et al. 2017."""
PAIRS = 20
"""Errors that are told where there are too many classes for a matrix."""
CURVE = 200
"""Points of a ROC curve."""
CLOUD = 600
"""Rows whose values and predictions are kept."""
RESIDUAL_BINS = 41
"""At most; fewer rows have twice the cube root of their number (Rice's rule), always odd: one bin is around 0."""
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
WITHIN = (0.5, 0.8, 0.95)
MOST_RANKED = 2_000_000
"""Numbers that are sorted for the areas under the curves of single classes; there are none where it would take more."""


def diagnose(
    data: Data,
    split: Split,
    answers: NDArray[Any],
    predict: Callable[[Any], Any],
    size: int,
    sealed: bool,
    seconds: float = math.inf,
) -> Diagnostics | None:
    """What is known of answers beside their score; None where some are not finite.

    Args:
        data: What the champion learned from.
        split: The rows.
        answers: Probabilities (n, classes), or values (n,).
        predict: The champion: from inputs (m, *shape) to answers.
        size: Its parameters, for how long predicting takes.
        sealed: Whether the rows are the sealed test rows.
        seconds: About how long it may take.
    """
    with np.errstate(over="ignore"):
        finite = np.isfinite(split.y - answers if data.task == "regression" else answers).all()
    if not finite:
        return None
    classes = data.task == "classification"
    return Diagnostics(
        rows=len(split),
        sealed=sealed,
        labels=labels(split, answers, data.class_weights) if classes else None,
        values=None if classes else values(split, answers),
        importance=importance(data, split, answers, predict, size, seconds),
    )


def labels(split: Split, p: Floats, class_weights: Any = None) -> records.Labels:
    """What probabilities p (n, classes) say of the rows of a split.

    Calibration is Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599, section 2, equations 2, 3 and 5;
    for two classes that of the second one's probability (Naeini et al. 2015). Accuracy on the most certain rows: Geifman & El-Yaniv
    2017, arXiv:1705.08500, section 2. The area under the ROC curve has the interval of DeLong et al. 1988.

    Args:
        split: The rows.
        p: Probabilities.
        class_weights: What they are multiplied by before a row is called the class of the largest one; None for nothing.
    """
    y, weight, count = split.y, split.weight, p.shape[1]
    called = (p if class_weights is None else p * np.asarray(class_weights)).argmax(axis=1)
    sure = p[np.arange(len(y)), called]
    pairs, place = np.unique(y * count + called, return_inverse=True)
    sums = np.bincount(place, weight)
    matrix = np.zeros((count, count) if count <= MOST_CLASSES else (0, 0))
    confused = [(int(pair // count), int(pair % count), n) for pair, n in zip(pairs, sums, strict=True)]
    if len(matrix):
        matrix.flat[pairs] = sums
        confused = []
    errors = sorted((one for one in confused if one[0] != one[1]), key=lambda one: (-one[2], one[:2]))
    if count == 2:
        bins, error = _calibration(p[:, 1], y == 1, weight)
    else:
        bins, error = _calibration(sure, called == y, weight)
    areas = _areas(y, p, weight)
    return records.Labels(
        matrix=tuple(tuple(map(_short, row)) for row in matrix),
        confused=tuple((a, b, _short(n)) for a, b, n in errors[:PAIRS]),
        scores=_class_scores(y, called, weight, areas if count > 2 else [], count),
        bins=bins,
        calibration_error=_short(error),
        auc=_auc(y == 1, p[:, 1], weight) if count == 2 else _mean(areas),
        roc=_roc(y == 1, p[:, 1], weight) if count == 2 else (),
        certain=_certain(sure, called == y, weight),
        wrong=tuple(
            records.WrongLabel(_number(split, i), int(y[i]), int(called[i]), _short(sure[i]))
            for i in np.lexsort((np.arange(len(y)), -sure))
            if called[i] != y[i]
        )[:MOST_ROWS],
    )


def values(split: Split, predicted: Floats) -> records.Values:
    """What predictions (n,) say of the rows of a split."""
    y = split.y.astype(np.float64)
    left = y - predicted
    size = np.abs(left)
    largest = np.lexsort((np.arange(len(y)), -size))[:MOST_ROWS]
    drawn = np.random.Generator(np.random.Philox(0)).permutation(len(y))[:CLOUD]
    reach = float(np.abs(np.quantile(left, [0.005, 0.995])).max()) or float(size.max()) or 1.0
    bins = min(RESIDUAL_BINS, 2 * math.ceil(np.cbrt(len(y))) - 1)
    counts, _ = np.histogram(left, bins=bins, range=(-reach, reach))
    return records.Values(
        points=tuple((_short(y[i]), _short(predicted[i])) for i in np.union1d(drawn, largest)),
        residuals=records.Residuals(
            low=-_short(reach),
            high=_short(reach),
            counts=tuple(counts.tolist()),
            below=int((left < -reach).sum()),
            above=int((left > reach).sum()),
            mean=_short(np.average(left, weights=split.weight)),
        ),
        within=tuple((share, _short(np.quantile(size, share))) for share in WITHIN),
        largest=tuple(
            records.WrongValue(_number(split, i), _short(y[i]), _short(predicted[i])) for i in largest
        ),
    )


def _short(value: float) -> float:
    """Six digits: more say nothing, and take room."""
    return float(f"{value:.6g}")


def _number(split: Split, i: int) -> int:
    """The number of a row in its source, from 1."""
    return int(i) + 1 if split.numbers is None else int(split.numbers[i])


def _share(hits: float, of: float, weight: object) -> Measured | None:
    """A share with Wilson's interval, where rows count the same; None of nothing."""
    if not of:
        return None
    low, high = (None, None) if weight is not None else map(_short, wilson(int(hits), int(of)))
    return Measured(_short(hits / of), low, high)


def _class_scores(
    y: NDArray[np.int64], called: NDArray[np.int64], weight: Any, areas: list[float], count: int
) -> tuple[records.ClassScores, ...]:
    hit = called == y
    hits = np.bincount(y[hit], None if weight is None else weight[hit], minlength=count)
    there, named = (np.bincount(part, weight, minlength=count) for part in (y, called))
    rows = np.bincount(y, minlength=count)
    both = there + named
    f1 = np.divide(2 * hits, both, out=np.full(count, np.nan), where=both > 0)
    chosen = np.arange(count) if count <= MOST_SCORES else np.argsort(f1, kind="stable")[:MOST_SCORES]
    return tuple(
        records.ClassScores(
            label=int(i),
            rows=int(rows[i]),
            precision=_share(hits[i], named[i], weight),
            recall=_share(hits[i], there[i], weight),
            f1=_known(f1[i]),
            auc=_known(areas[i]) if areas else None,
        )
        for i in chosen
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else _short(value)


def _calibration(sure: Floats, came: NDArray[np.bool_], weight: Any) -> tuple[tuple[records.Bin, ...], float]:
    """The bins that hold rows, and the expected calibration error."""
    place = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    rows = np.bincount(place, minlength=BINS)
    ones = np.ones(len(sure)) if weight is None else weight
    total, thought, true = (np.bincount(place, ones * part, minlength=BINS) for part in (1.0, sure, came))
    bins, error = list[records.Bin](), 0.0
    for i in np.flatnonzero(rows):
        seen = _share(true[i], total[i], weight)
        if seen is not None:
            bins.append(records.Bin(int(rows[i]), _short(thought[i] / total[i]), seen))
            error += abs(true[i] - thought[i]) / total.sum()
    return tuple(bins), error


def _areas(y: NDArray[np.int64], p: Floats, weight: Any) -> list[float]:
    """The area under the ROC curve of each class against the rest, NaN without rows on both sides; empty where there are too many."""
    return [] if p.size > MOST_RANKED else [area(y == i, p[:, i], weight) for i in range(p.shape[1])]


def _mean(areas: list[float]) -> Measured | None:
    known = [value for value in areas if not math.isnan(value)]
    return Measured(_short(math.fsum(known) / len(known))) if known else None


def _auc(positive: NDArray[np.bool_], value: Floats, weight: Any) -> Measured | None:
    """The area under the ROC curve, with the interval of DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837, equation 5."""
    found = area(positive, value, weight)
    if math.isnan(found):
        return None
    ones, others = np.sort(value[positive]), np.sort(value[~positive])
    if weight is not None or min(len(ones), len(others)) < 2:
        return Measured(_short(found))
    spread = 0.0
    for some, rest in ((ones, others), (others, ones)):
        below = (np.searchsorted(rest, some) + np.searchsorted(rest, some, "right")) / (2 * len(rest))
        spread += float(below.var(ddof=1)) / len(some)
    half = Z * math.sqrt(spread)
    return Measured(_short(found), _short(max(0.0, found - half)), _short(min(1.0, found + half)))


def _roc(positive: NDArray[np.bool_], value: Floats, weight: Any) -> tuple[tuple[float, float], ...]:
    """Points of the ROC curve, from (0, 0) to (1, 1), evenly spaced along it where there are more than `CURVE`."""
    weight = np.ones(len(value)) if weight is None else weight
    _, place = np.unique(-value, return_inverse=True)
    sides = [np.cumsum(np.bincount(place, weight * side)) for side in (~positive, positive)]
    if not all(side[-1] > 0 for side in sides):
        return ()
    false, true = (np.concatenate([[0.0], side / side[-1]]) for side in sides)
    if len(false) > CURVE:
        kept = np.unique(np.searchsorted(false + true, np.linspace(0, 2, CURVE)).clip(0, len(false) - 1))
        false, true = false[kept], true[kept]
    return tuple((_short(a), _short(b)) for a, b in zip(false, true, strict=True))


def _certain(sure: Floats, right: NDArray[np.bool_], weight: Any) -> tuple[records.Certain, ...]:
    order = np.lexsort((np.arange(len(sure)), -sure))
    ones = np.ones(len(sure)) if weight is None else weight
    hits, total = np.cumsum((ones * right)[order]), np.cumsum(ones[order])
    found = []
    for share in SHARES:
        rows = max(1, round(share * len(sure)))
        accuracy = _share(hits[rows - 1], total[rows - 1], weight)
        if accuracy is not None:
            found.append(records.Certain(share, rows, accuracy))
    return tuple(found)
