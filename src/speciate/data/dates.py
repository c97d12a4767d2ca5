"""What a date in a cell means, in plain Python; training, prediction and every model.py use these rules.

A date is an ISO text (2024-05-31, 2024-05-31T10:30, with or without a zone), a text with the year first (2024/5/31), one with
the month's English name (31 May 2024, May 31, 2024), or a datetime. In which order day and month stand in 31/05/2024 is
decided for a whole column. Its parts are numbers; zones are dropped, so that the hour is the local one.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from speciate.data.cells import text_of, weigh

# model.py
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
OTHER_DATE = re.compile(
    r"(\w+)([./\-]|,?\s)\s*(\w+)(?:\2|[.,]?\s)\s*(\w+)"
    r"(?:[T,\s]\s*(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(?:([AaPp])\.?[Mm]\.?)?)?"
)
MONTHS = {
    name: i
    for i, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
ORDERS = {"": "year first", "dmy": "day first", "mdy": "month first"}


def date_of(value: Any, order: str = "") -> dt.datetime | None:
    """The date in a cell without its zone, or None if there is none.

    Args:
        value: The cell.
        order: "dmy" or "mdy" if the year stands last.
    """
    if isinstance(value, dt.datetime):
        return None if value != value else value.replace(tzinfo=None)  # pandas' NaT is not itself
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = text_of(value)
    if text is None:
        return None
    try:
        if ISO_DATE.fullmatch(text):
            return dt.datetime.fromisoformat(text).replace(tzinfo=None)
        found = OTHER_DATE.fullmatch(text)
        return None if found is None else _made(found, order)
    except (ValueError, KeyError):
        return None


def _made(found: re.Match[str], order: str) -> dt.datetime:
    """The date of what was matched; raises ValueError or KeyError if it is none."""
    a, b, c = found[1], found[3], found[4]
    if a.isalpha():
        order = "mdy"
    elif b.isalpha():
        order = "dmy"
    elif len(a) == 4:
        order = "ymd"
    elif not order:
        raise ValueError("the year must be first")
    parts = dict(zip(order, (a, b, c), strict=True))
    short = found[2] == "/" or not (a + b).isdecimal()  # 10.11.12 may be a version or an address
    wide = [key for key in "dm" if len(parts[key]) > 2 and not parts[key].isalpha()]
    if wide or len(parts["y"]) not in ((2, 4) if short else (4,)):
        raise ValueError("this is no date")
    year = int(parts["y"]) + (0 if len(parts["y"]) == 4 else 2000 if int(parts["y"]) < 69 else 1900)
    month = MONTHS[parts["m"][:3].lower()] if parts["m"].isalpha() else int(parts["m"])
    hour, minute, second = (int(found[i] or 0) for i in (5, 6, 7))
    if found[8]:
        hour = hour % 12 + 12 * (found[8] in "Pp")
    return dt.datetime(year, month, int(parts["d"]), hour, minute, second)


def date_part(date: dt.datetime | None, part: str) -> float:
    """One number from a date: days since 1970, month 1-12, weekday 0-6 from Monday, or hour 0-24 with fractions; or NaN."""
    if date is None:
        return math.nan
    if part == "days":
        return (date - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    if part == "month":
        return date.month
    return date.weekday() if part == "weekday" else date.hour + date.minute / 60 + date.second / 3600


def find_order(texts: Mapping[str, int]) -> str:
    """The order in which most cells are dates; "?" if day and month may be either way round.

    Args:
        texts: Different cells, and how many there are of each.
    """
    readable, same = dict.fromkeys(ORDERS, 0), True
    for text, rows in texts.items():
        dates = [date_of(text, order) for order in ORDERS]
        for order, date in zip(ORDERS, dates, strict=True):
            readable[order] += rows * (date is not None)
        same = same and (dates[1] == dates[2] or None in dates[1:])
    best = max(readable, key=lambda order: readable[order])  # the first of equals
    return "?" if best and readable["dmy"] == readable["mdy"] and not same else best


def dates_in(
    cells: Sequence[Any], rows: Sequence[int], column: Mapping[str, Any]
) -> list[dt.datetime | None]:
    """The dates in cells, None where there is none; written as in training, or in another clear way.

    Args:
        cells: Cells of a column.
        rows: How many rows have each.
        column: What was fitted.

    Raises:
        ValueError: Nothing can be read, or day and month may be either way round.
    """
    texts, odd, gone = Counter[str](), Counter[str](), 0
    for cell, count in zip(cells, rows, strict=True):
        if not isinstance(cell, dt.date) and (text := text_of(cell)) is not None:
            texts[text] += count
    order = order_here(column["name"], texts, column.get("order", ""))
    dates = [date_of(cell, order) for cell in cells]
    for cell, date, count in zip(cells, dates, rows, strict=True):
        if date is None:
            text = text_of(cell)
            if text is None:
                gone += count
            else:
                odd[text] += count
    weigh(column["name"], sum(rows), odd, gone, column["indicator"], "dates")
    return dates


def order_here(name: str, texts: Mapping[str, int], order: str) -> str:
    """The order of a column's dates: that of training, or another one that is clear.

    Args:
        name: The column's.
        texts: Different cells that are there, and how many there are of each.
        order: The order in training.

    Raises:
        ValueError: Day and month may be either way round.
    """
    found = find_order(texts)
    if found in ("", order) or (found == "?" and order):
        return order
    if found == "?":
        text = next(text for text in texts if date_of(text, "dmy") != date_of(text, "mdy"))
        raise ValueError(f'"{name}": day and month of {text} may be either way round, and no date decides it')
    warnings.warn(
        f'"{name}" has the {ORDERS[found]} here and had the {ORDERS[order]} in training', stacklevel=2
    )
    return found
