"""scikit-learn's own small data sets, which need no network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources.arrays import Rows, from_arrays, refuse_target
from speciate.errors import DataError
from speciate.text import did_you_mean, quoted

NAMES = ("digits", "wine", "breast_cancer", "iris", "diabetes")


def read(name: str, target: str | None, reading: Reading) -> Raw:
    """One of `NAMES`; digits as images of 8 x 8.

    Raises:
        DataError: There is no such data set, or a target was given.
    """
    refuse_target(target, f"sklearn:{name}")
    bunch = _load(name)
    if name == "digits":
        x: Rows = bunch.images
    else:
        x = pd.DataFrame(bunch.data, columns=[str(column) for column in bunch.feature_names])
    y: NDArray[Any] = bunch.target
    labels = np.asarray(getattr(bunch, "target_names", ()))
    if labels.dtype.kind == "U":
        y = labels.astype(object)[y]
    return from_arrays(x, pd.Series(y), name=name, source=f"sklearn:{name}", target="target")


def read_rows(name: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """The rows, twice: for people and for the preprocessing."""
    raw = read(name, None, Reading())
    return raw.x, raw.x


def _load(name: str) -> Any:
    if name not in NAMES:
        close = did_you_mean(name, NAMES)
        raise DataError(
            f"scikit-learn has no data set {quoted(name)} here",
            hint=(f"{close} " if close else "") + f"there are {', '.join(NAMES)}",
        )
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")()
