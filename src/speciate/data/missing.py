"""Says what was left out of a table and what is missing in it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from speciate.data import values
from speciate.data.columns import Columns, too_large
from speciate.data.dataset import Note
from speciate.data.table import blocks
from speciate.text import counted, listed, quoted

RULES = {
    "numeric": "filled with the median, and an input of its own says so",
    "date": "filled with the median, and an input of its own says so",
    "category": "a level of its own",
}


def describe_columns(table: pd.DataFrame, columns: Columns) -> list[Note]:
    """Notes on columns that were left out or mix types, on dates, and on missing and infinite values."""
    notes = [
        Note("info", f"left out {counted(len(names), 'column')} ({reason}): {listed(names)}")
        for reason, names in columns.dropped.items()
    ]
    if dates := columns.named("date"):
        notes.append(
            Note("info", f"dates are used as days since 1970, month, weekday and hour: {listed(dates)}")
        )
    return [*notes, *columns.notes, *_missing(table, columns), *_infinite(table, columns)]


def _missing(table: pd.DataFrame, columns: Columns) -> list[Note]:
    found: dict[str, dict[str, int]] = {kind: {} for kind in RULES}
    for names, block in blocks(table, columns.named("numeric")):
        found["numeric"].update(zip(names, np.isnan(block).sum(axis=0).tolist(), strict=True))
    for name in columns.named("date"):
        found["date"][name] = int(np.isnan(values.date_parts(table[name], ("days",))).sum())
    for name in columns.named("category"):
        found["category"][name] = int((~values.has_text(values.texts(table[name]))).sum())
    return [
        Note("info", f"missing values in {text}: {RULES[kind]}")
        for kind, numbers in found.items()
        if (text := _counted(numbers.items()))
    ]


def _infinite(table: pd.DataFrame, columns: Columns) -> list[Note]:
    found = {}
    for names, block in blocks(table, columns.named("numeric")):
        for i in np.flatnonzero(np.isnan(block).any(axis=0)):
            found[names[i]] = int(too_large(table[names[i]]).sum())
    text = _counted(found.items())
    return [Note("warning", f"infinite, or beyond 1e100, and so counted as missing: {text}")] if text else []


def _counted(numbers: Iterable[tuple[str, int]]) -> str:
    """`"age" (3), "job" (12) and 4 more columns`, without those that have none."""
    each = [f"{quoted(name)} ({number:,})" for name, number in numbers if number]
    more = f" and {counted(len(each) - 8, 'more column')}" if len(each) > 8 else ""
    return ", ".join(each[:8]) + more
