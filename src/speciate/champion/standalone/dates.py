"""What a cell of a table means as a date, in plain Python: the rules of `speciate.data.values`, which tests compare it with."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from speciate.champion.standalone.cells import text_of


# model.py
def date_of(value: Any) -> dt.datetime | None:
    """The date in a cell (2024-05-31, 2024-05-31T10:30), without its zone, or None if there is none."""
    if isinstance(value, dt.datetime):
        return None if value != value else value.replace(tzinfo=None)  # pandas' NaT is not itself
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = text_of(value)
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?", text):
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def date_part(value: Any, part: str) -> float | None:
    """One number from a date: days since 1970, month 1-12, weekday 0-6 from Monday, or hour 0-24 with fractions."""
    date = date_of(value)
    if date is None:
        return None
    if part == "days":
        return (date - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    if part == "month":
        return date.month
    return date.weekday() if part == "weekday" else date.hour + date.minute / 60 + date.second / 3600
