"""What rows and classes count: weights that come with the rows, and weights that let every class count the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from speciate.data import values
from speciate.data.dataset import Split
from speciate.data.metrics import find_metric
from speciate.data.raw import Raw
from speciate.errors import ConfigurationError, DataError
from speciate.text import counted, quoted

if TYPE_CHECKING:
    from speciate.data.targets import Target


def weighted(raw: Raw, weight: str | ArrayLike | None) -> Raw:
    """The rows with their weights, whose mean is 1; rows that weigh nothing are left out.

    Args:
        raw: Rows of a source.
        weight: The column that holds the weights; or (n,) numbers; None where all rows count the same.

    Raises:
        DataError: There is no such column, or weights are missing, negative, or all zero.
    """
    if weight is None:
        return raw
    name = f"weight {quoted(weight)}" if isinstance(weight, str) else "weight"
    given: pd.Series[Any] = (
        raw.take_column(weight) if isinstance(weight, str) else pd.Series(np.ravel(weight))
    )
    if len(given) != len(raw.y):
        raise DataError(
            f"there are {counted(len(raw.y), 'row')} but {counted(len(given), 'weight')}", where=raw.source
        )
    numbers = values.numbers(given)
    for wrong, what in ((np.isnan(numbers), "is not a number"), (numbers < 0, "is negative")):
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"the {name} {what} in {counted(int(wrong.sum()), 'row')} of {len(wrong):,}",
                where=f"{raw.source}, first {quoted(str(given.iloc[first]))} in row {first + 1:,}",
                hint="a weight is a number of at least 0; a row of weight 0 is left out",
            )
    there = numbers > 0
    if not there.any():
        raise DataError(f"the {name} is 0 in all {counted(len(there), 'row')}", where=raw.source)
    shares = numbers / numbers.max()
    raw.weight = np.maximum(shares / shares[there].mean(), np.finfo(np.float32).tiny)
    if lost := int((~there).sum()):
        raw.info(f"the {name} is 0 in {counted(lost, 'row')} of {len(there):,}: left out")
    if np.ptp(raw.weight[there]) == 0:  # then a run is the same as without
        raw.weight = None
    else:
        raw.info(f"rows count by the {name}, {numbers[there].min():g} to {numbers.max():g}")
    return raw.keep(there)


def balanced(raw: Raw, goal: Target, metric: str, asked: str, train: Split) -> tuple[float, ...] | None:
    """Weights of the classes with which each counts the same in training, where that is asked for, or what the metric measures.

    Args:
        raw: Where the rows come from.
        goal: The target.
        metric: The name of the score.
        asked: "balanced" or "none".
        train: The training rows, whose own weights count.

    Raises:
        ConfigurationError: It is asked for, and there are no classes; or it is a word of another kind.
    """
    if asked not in ("none", "balanced"):
        raise ConfigurationError(
            f"class_weights cannot be {quoted(asked)}", where="class_weights", hint="none or balanced"
        )
    if asked == "balanced" and not goal.classes:
        raise ConfigurationError(
            f"the target {quoted(raw.target)} is a number and has no classes to balance",
            where="class_weights",
        )
    if not goal.classes or (asked != "balanced" and not find_metric(metric).balanced):
        return None
    sums: NDArray[Any] = np.bincount(train.y, train.weight, minlength=len(goal.classes))
    return tuple((sums.sum() / (len(sums) * sums)).tolist())
