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
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.dataset import Note
from speciate.text import quoted

RARE = 0.05
"""Text among numbers, up to this share of the values, counts as missing."""
MANY_NUMBERS = 50
"""With more different numbers than this, or one kind of text only, text may be up to half of the values."""
UNIQUE = 0.9
"""A text column in which more than this share of the values are different says which row it is, not what it is like."""
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

    def named(self, kind: str) -> list[str]:
        """The columns of one type."""
        return [name for name, found in self.types.items() if found == kind]

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
        elif isinstance(dtype, pd.CategoricalDtype):
            columns.types[name] = "category"  # said so by whoever made the table
        elif values.is_numeric(table[name]):
            columns.types[name] = "numeric"
        else:
            _understand_text(_Cells(table[name]), columns)
    return columns


class _Cells:
    """A column of text, looked at once for each different value."""

    def __init__(self, column: pd.Series[Any]) -> None:
        self.column, self.name = column, str(column.name)
        self.codes, self.cells = values.each_different(column)
        texts = [values.text_of(cell) for cell in self.cells]
        numbers = [values.number_of(cell) for cell in self.cells]
        self.rows = np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells))
        self.there = np.array([text is not None for text in texts], dtype=bool)
        self.number = np.array(
            [n == n or is_too_large(text) for n, text in zip(numbers, texts, strict=True)], dtype=bool
        )
        self.odd = self.there & ~self.number
        self.total = int(self.rows[self.there].sum())
        self.share = float(self.rows[self.odd].sum() / max(self.total, 1))

    @property
    def is_number(self) -> bool:
        """Whether the texts among the numbers are few enough, or are one marker, to count as missing."""
        different = int(self.number.sum())
        marked = int(self.odd.sum()) == 1 and different > 2
        return self.share <= RARE or (self.share <= 0.5 and (marked or different > MANY_NUMBERS))

    @property
    def is_date(self) -> bool:
        """Whether every value is a date."""
        return all(values.date_of(self.cells[i]) is not None for i in np.flatnonzero(self.there))

    def mixed(self, decision: str) -> Note:
        """What was found, with the first row of it."""
        first = int(np.flatnonzero(np.isin(self.codes, np.flatnonzero(self.odd)))[0])
        odd = int(self.rows[self.odd].sum())
        return Note(
            "warning",
            f"column {quoted(self.name)} mixes numbers and text: {odd:,} of {self.total:,} values "
            f"{'is' if odd == 1 else 'are'} text, first {quoted(self.column.iloc[first])} in row "
            f"{int(self.column.index[first]) + 1:,}; {decision}",
        )


def _understand_text(cells: _Cells, columns: Columns) -> None:
    different = int(cells.there.sum())
    if different == 0:
        columns.drop(cells.name, "no value in any row")
    elif cells.is_number:
        columns.types[cells.name] = "numeric"
        if cells.odd.any():
            columns.notes.append(cells.mixed("text counts as missing here"))
    elif cells.is_date:
        columns.types[cells.name] = "date"
    else:
        drop = cells.total >= FEW and different > UNIQUE * cells.total
        if drop:
            columns.drop(cells.name, "nearly every value is different, like a name or an identifier")
        else:
            columns.types[cells.name] = "category"
        if cells.share < 1 - RARE:
            columns.notes.append(
                cells.mixed("the column is left out" if drop else "all of it is used as categories")
            )


def is_too_large(text: str | None) -> bool:
    """Whether a text is a number that is too large to use, such as 1e400, which is not the same as no number."""
    if text is None or not re.fullmatch(r"[+-]?(inf|infinity|\d+\.?\d*(e\+?\d+)?)", text.lower()):
        return False
    return abs(float(text)) > values.LARGEST


def too_large(column: pd.Series[Any]) -> NDArray[np.bool_]:
    """(n,) whether the cell is a number that is too large to use."""
    codes, cells = values.each_different(column)
    large = [i for i, cell in enumerate(cells) if is_too_large(values.text_of(str(cell)))]
    return np.isin(codes, large)
