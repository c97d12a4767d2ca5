"""The rules of `cells.py` and `dates.py` for whole columns of pandas: they run once a different value, not once a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.cells import LARGEST, number_of, text_of
from speciate.data.dates import date_part

Read = NDArray[Any] | pd.Categorical
"""What the cells of a column mean, (n,): numbers as they are, or codes into different texts or datetimes."""


def each_different(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """(n,) codes into the list of different values, -1 for missing."""
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and the like cannot be compared; their text can
        codes, values = pd.factorize(column.map(str, na_action="ignore"), use_na_sentinel=True)
    return codes.astype(np.int64), np.asarray(values, dtype=object).tolist()


def spread(column: pd.Series[Any], rule: Callable[[Any], Any], empty: Any, dtype: Any) -> NDArray[Any]:
    """(n,) what a rule makes of the values, and `empty` where there is none."""
    codes, values = each_different(column)
    results: NDArray[Any] = np.empty(len(values) + 1, dtype=dtype)
    results[-1] = empty  # where code -1 points
    for i, value in enumerate(values):
        results[i] = rule(value)
    return results[codes]


def spread_all(column: pd.Series[Any], rule: Callable[[list[Any], list[int]], list[Any]]) -> NDArray[Any]:
    """(n,) what a rule makes of all different values, of which None is the last, and of how many rows have each."""
    codes, values = each_different(column)
    rows = np.bincount(codes % (len(values) + 1), minlength=len(values) + 1)
    return np.array(rule([*values, None], rows.tolist()))[codes]


def meanings(column: pd.Series[Any], rule: Callable[[list[Any], list[int]], Sequence[Any]]) -> pd.Categorical:
    """(n,) the same, as codes into what differs of it; missing where the rule makes None of a value."""
    codes, values = each_different(column)
    rows = np.bincount(codes % (len(values) + 1), minlength=len(values) + 1)
    places: dict[Any, int] = {}
    found = [
        -1 if made is None else places.setdefault(made, len(places))
        for made in rule([*values, None], rows.tolist())
    ]
    return pd.Categorical.from_codes(np.array(found)[codes], categories=pd.Index(list(places), dtype=object))


def counts(read: pd.Categorical) -> dict[Any, int]:
    """In how many rows each of the texts or datetimes is."""
    rows = np.bincount(read.codes[read.codes >= 0], minlength=len(read.categories))
    return dict(zip(read.categories, rows.tolist(), strict=True))


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether the column holds numbers, truth values or spans of time by its type, missing values aside."""
    real = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)
    return bool(real or pd.api.types.is_bool_dtype(column.dtype) or column.dtype.kind == "m")


def numbers(column: pd.Series[Any], decimal: str = ".", unit: str = "") -> NDArray[np.float64]:
    """(n,) float64, NaN where there is no usable number; spans of time in days."""
    if column.dtype.kind == "m":
        return usable(column.to_numpy() / np.timedelta64(1, "D"))
    if not is_numeric(column):
        return spread(column, lambda cell: number_of(cell, decimal, unit), math.nan, np.float64)
    return usable(column.to_numpy(dtype=np.float64, na_value=np.nan))


def usable(values: NDArray[Any]) -> NDArray[np.float64]:
    """The same shape in float64, with NaN for what cannot be used."""
    numbers = np.asarray(values, dtype=np.float64)
    if not numbers.size:
        return numbers
    least, most = np.fmin.reduce(numbers, None), np.fmax.reduce(numbers, None)  # NaN is passed over
    if not (least < -LARGEST or most > LARGEST):
        return numbers
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def cells_of(read: Read) -> NDArray[Any]:
    """(n,) numbers in float64, NaN where missing; or codes, -1 where missing."""
    return read.codes if isinstance(read, pd.Categorical) else usable(read)


def texts(column: pd.Series[Any]) -> NDArray[np.object_]:
    """(n,) of str, None where missing."""
    return spread(column, text_of, None, object)


def has_text(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """(n,) whether there is a text, for what `texts` gives."""
    return np.array([text is not None for text in texts], dtype=bool)


def date_parts(read: pd.Categorical, part: str) -> NDArray[np.float64]:
    """A part of each of the different datetimes, in float64, then NaN."""
    return np.array([date_part(date, part) for date in (*read.categories, None)])
