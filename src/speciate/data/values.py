"""What a cell means: missing, a number, a date or text. The one place for these rules.

A standalone model repeats them, so they are few:
* text is stripped; a text of `MISSING` is a missing value;
* a number is what Python's `float` reads, without underscores; "true" and "false" in any case are 1 and 0; infinite
  numbers and those beyond `LARGEST` count as missing, and so does text where a number is expected;
* a date is an ISO text (2024-05-31, 2024-05-31T10:30, with or without a zone) or a datetime; its parts are numbers;
* a category is text; whole numbers are written without ".0", truth values as "true" and "false".
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.schema import DATE_PARTS

MISSING = frozenset(
    [
        "",
        "?",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "#NA",
        "<NA>",
        "NaN",
        "nan",
        "-NaN",
        "-nan",
        "NULL",
        "null",
        "None",
        "NaT",
    ]
)
LARGEST = 1e100
"""Squares of larger numbers come near the end of what a float64 holds, so that they cannot be standardized."""
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


def text_of(value: object) -> str | None:
    """The text of a cell, or None if it is missing."""
    if isinstance(value, str):
        text = value.strip()
        return None if text in MISSING else text
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)
    return text_of(str(value))


def number_of(value: object) -> float:
    """The number in a cell, or NaN if there is none."""
    text = text_of(value)
    if text is None or "_" in text:
        return math.nan
    folded = text.lower()
    if folded in ("true", "false"):
        return float(folded == "true")
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if abs(number) <= LARGEST else math.nan


def date_of(value: object) -> dt.datetime | None:
    """The date in a cell, or None if there is none; zones are dropped, so that the hour is the local one."""
    if isinstance(value, dt.datetime):  # and so pandas' Timestamp, and NaT
        return None if pd.isna(value) else value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = text_of(value)
    if text is None or not _ISO_DATE.fullmatch(text):
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def each_different(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """(n,) codes into the list of different values, -1 for missing: rules run once a value, not once a row."""
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and the like cannot be compared; their text can
        codes, values = pd.factorize(column.map(str, na_action="ignore"), use_na_sentinel=True)
    return codes.astype(np.int64), list(values)


def _spread(column: pd.Series[Any], rule: Callable[[Any], Any], empty: Any, dtype: type) -> NDArray[Any]:
    codes, values = each_different(column)
    results: NDArray[Any] = np.empty(len(values) + 1, dtype=dtype)
    results[-1] = empty  # where code -1 points
    for i, value in enumerate(values):
        results[i] = rule(value)
    return results[codes]


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether the column holds numbers or truth values by its type, missing values aside."""
    real = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)
    return bool(real or pd.api.types.is_bool_dtype(column.dtype))


def numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """(n,) float64, NaN where there is no usable number."""
    if not is_numeric(column):
        return _spread(column, number_of, math.nan, np.float64)
    return usable(column.to_numpy(dtype=np.float64, na_value=np.nan))


def usable(values: NDArray[Any]) -> NDArray[np.float64]:
    """The same shape in float64, with NaN for what cannot be used."""
    numbers = np.asarray(values, dtype=np.float64)
    bad = ~(np.abs(numbers) <= LARGEST)
    return np.where(bad, np.nan, numbers) if bad.any() else numbers


def texts(column: pd.Series[Any]) -> NDArray[np.object_]:
    """(n,) of str, None where missing."""
    return _spread(column, text_of, None, object)


def has_text(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """(n,) whether there is a text, for what `texts` gives."""
    return np.array([text is not None for text in texts], dtype=bool)


def date_parts(column: pd.Series[Any], parts: tuple[str, ...] = DATE_PARTS) -> NDArray[np.float64]:
    """(n, parts) float64, NaN where there is no date."""
    codes, values = each_different(column)
    table = np.full((len(values) + 1, len(parts)), np.nan)
    for i, value in enumerate(values):
        date = date_of(value)
        if date is not None:
            table[i] = [_part(date, part) for part in parts]
    return table[codes]


def _part(date: dt.datetime, part: str) -> float:
    if part == "days":
        return (date - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    if part == "month":
        return date.month
    return date.weekday() if part == "weekday" else date.hour + date.minute / 60 + date.second / 3600
