"""The rules of `cells.py` and `dates.py` for whole columns of pandas: they run once a different value, not once a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.cells import LARGEST, number_of, text_of
from speciate.data.dates import date_of, date_part
from speciate.data.schema import DATE_PARTS

CELLS_AT_ONCE = 4_000_000
"""Rows are worked on in blocks of about this many cells, so that float64 copies stay small."""


def each_different(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """(n,) codes into the list of different values, -1 for missing."""
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and the like cannot be compared; their text can
        codes, values = pd.factorize(column.map(str, na_action="ignore"), use_na_sentinel=True)
    return codes.astype(np.int64), list(values)


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
    bad = ~(np.abs(numbers) <= LARGEST)
    return np.where(bad, np.nan, numbers) if bad.any() else numbers


def texts(column: pd.Series[Any]) -> NDArray[np.object_]:
    """(n,) of str, None where missing."""
    return spread(column, text_of, None, object)


def has_text(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """(n,) whether there is a text, for what `texts` gives."""
    return np.array([text is not None for text in texts], dtype=bool)


def date_parts(
    column: pd.Series[Any], parts: tuple[str, ...] = DATE_PARTS, order: str = ""
) -> NDArray[np.float64]:
    """(n, parts) float64, NaN where there is no date."""
    codes, values = each_different(column)
    table = np.full((len(values) + 1, len(parts)), np.nan)
    for i, value in enumerate(values):
        date = date_of(value, order)
        table[i] = [date_part(date, part) for part in parts]
    return table[codes]


def number_block(rows: pd.DataFrame, names: list[str]) -> NDArray[np.float64]:
    """(n, names) float64, NaN where missing. Columns of numbers are taken in one piece: there may be 50,000."""
    block = np.empty((len(rows), len(names)))
    plain = [
        i
        for i, dtype in enumerate(rows[names].dtypes)
        if isinstance(dtype, np.dtype) and dtype.kind in "biuf"
    ]
    if plain:
        block[:, plain] = usable(rows[[names[i] for i in plain]].to_numpy())
    for i in sorted(set(range(len(names))) - set(plain)):
        block[:, i] = numbers(rows[names[i]])
    return block


def blocks(table: pd.DataFrame, names: list[str]) -> Iterator[tuple[list[str], NDArray[np.float64]]]:
    """`number_block` for a few columns at a time, with their names."""
    step = max(1, CELLS_AT_ONCE // max(len(table), 1))
    for start in range(0, len(names), step):
        part = names[start : start + step]
        yield part, number_block(table, part)
