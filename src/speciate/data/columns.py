"""What the columns of a table hold: numbers, dates, categories, or nothing that can be used.

Decided over all rows, since a type is not a statistic; everything that is estimated is estimated in `fitting.py`, on
the training rows alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from speciate.data import values
from speciate.data.dataset import Note
from speciate.data.wording import count, listed, shown

RARE = 0.05
"""Text among numbers, up to this share of the values, counts as missing; above it the column is a category."""
UNIQUE = 0.9
"""A text column in which more than this share of the values are different says who a row is, not what it is like."""
FEW = 20
"""Below this many rows nothing is said about how many values are different."""


@dataclass
class Columns:
    """The usable columns by type, the names that were left out by reason, and what to tell people.

    Attributes:
        types: Column name to "numeric", "date" or "category", in the table's order.
        dropped: Reason to names.
        notes: What was decided about single columns.
    """

    types: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, list[str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def drop(self, name: str, reason: str) -> None:
        """Leave a column out."""
        self.types.pop(name, None)
        self.dropped.setdefault(reason, []).append(name)


def understand_columns(table: pd.DataFrame) -> Columns:
    """The type of every column of `table`, whose index numbers the rows of the source from 0."""
    columns = Columns()
    for name, dtype in zip(table.columns, table.dtypes, strict=True):
        if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
            columns.types[name] = "numeric"  # the fast way: there may be 50,000 of these
        elif dtype.kind == "M":
            columns.types[name] = "date"
        elif values.is_numeric(table[name]):
            columns.types[name] = "numeric"
        else:
            _understand_text(name, table[name], columns)
    return columns


def _understand_text(name: str, column: pd.Series[Any], columns: Columns) -> None:
    codes, cells = values.each_different(column)
    texts = [values.text_of(cell) for cell in cells]
    rows = np.bincount(codes[codes >= 0], minlength=len(cells))
    there = np.array([text is not None for text in texts], dtype=bool)
    total = int(rows[there].sum()) if len(cells) else 0
    if total == 0:
        columns.drop(name, "no value in any row")
        return
    number = np.array(
        [
            not np.isnan(values.number_of(cell)) or _infinite(text)
            for cell, text in zip(cells, texts, strict=True)
        ]
    )
    odd = there & ~number
    share = rows[odd].sum() / total
    first = int(np.flatnonzero(np.isin(codes, np.flatnonzero(odd)))[0]) if odd.any() else -1
    if share <= RARE or (odd.sum() == 1 and share <= 0.5 and number.sum() > 2):
        columns.types[name] = "numeric"
        if odd.any():
            columns.notes.append(
                _mixed(column, first, int(rows[odd].sum()), total, "it counts as missing there")
            )
    elif all(values.date_of(cell) is not None for cell, used in zip(cells, there, strict=True) if used):
        columns.types[name] = "date"
    elif total >= FEW and there.sum() > UNIQUE * total:
        columns.drop(name, "nearly every value is different, like a name or an identifier")
    else:
        columns.types[name] = "category"
        if share < 0.5:
            what = "so the whole column is used as categories"
            columns.notes.append(_mixed(column, first, int(rows[odd].sum()), total, what))


def _infinite(text: str | None) -> bool:
    """Whether the text is a number that is too large to use, which is not the same as text among numbers."""
    return text is not None and bool(re.fullmatch(r"[+-]?(inf|infinity|\d+(\.\d*)?(e\+?\d+)?)", text.lower()))


def _mixed(column: pd.Series[Any], first: int, odd: int, total: int, decision: str) -> Note:
    row = int(column.index[first]) + 1
    return Note(
        "warning",
        f"column {shown(column.name)} mixes numbers and text: {count(odd, 'text')} in {count(total, 'value')}, "
        f"the first is {shown(column.iloc[first])} in row {row:,}; {decision}",
    )


def describe_columns(table: pd.DataFrame, columns: Columns) -> list[Note]:
    """Notes on what was left out, on dates, and on missing values."""
    notes = [
        Note("info", f"left out {count(len(names), 'column')} ({reason}): {listed(names)}")
        for reason, names in columns.dropped.items()
    ]
    dates = [name for name, kind in columns.types.items() if kind == "date"]
    if dates:
        notes.append(
            Note("info", f"dates are used as days since 1970, month, weekday and hour: {listed(dates)}")
        )
    return notes + columns.notes + _missing(table, columns)


def _infinite_numbers(column: pd.Series[Any]) -> int:
    """How many numbers of the column are too large to use."""
    if values.is_numeric(column):
        plain = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return int((np.abs(plain) > values.LARGEST).sum())
    codes, cells = values.each_different(column)
    large = [
        i
        for i, cell in enumerate(cells)
        if _infinite(values.text_of(cell)) and np.isnan(values.number_of(cell))
    ]
    return int(np.isin(codes, large).sum())


def _missing(table: pd.DataFrame, columns: Columns) -> list[Note]:
    found: dict[str, list[str]] = {"numeric": [], "category": [], "date": []}
    infinite = []
    for name, kind in columns.types.items():
        column = table[name]
        if kind == "numeric":
            empty = np.isnan(values.numbers(column))
            if lost := _infinite_numbers(column):
                infinite.append(f"{shown(name)} {lost:,}")
        elif kind == "date":
            empty = np.isnan(values.date_parts(column, ("days",))[:, 0])
        else:
            empty = ~values.has_text(values.texts(column))
        if number := int(empty.sum()):
            found[kind].append(f"{shown(name)} {number:,}")
    rules = {
        "numeric": "numbers are filled with the median and marked by an input of their own",
        "date": "dates are filled with the median and marked by an input of their own",
        "category": "in categories it is a level of its own",
    }
    notes = []
    for kind, names in found.items():
        if names:
            more = f" and {len(names) - 8:,} more columns" if len(names) > 8 else ""
            notes.append(Note("info", f"missing values: {', '.join(names[:8])}{more}; {rules[kind]}"))
    if infinite:
        notes.append(Note("warning", f"infinite numbers count as missing: {', '.join(infinite[:8])}"))
    return notes
