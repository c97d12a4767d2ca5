"""What a reader hands over: rows as they are in the source, before anything is decided about them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.memory import allowed
from speciate.data.notes import Note
from speciate.errors import DataError
from speciate.text import counted, did_you_mean, listed, quoted


@dataclass(frozen=True)
class Reading:
    """What the user says about how rows are read.

    Attributes:
        encoding: Of text tables; None finds it out.
        ignore: Columns to leave out.
        categorical: Columns whose cells are categories, whatever they look like.
        numeric: Columns whose cells are numbers; other texts in them are missing.
        keep_none: Whether words such as None and NA are classes where they are in the target.
        image_size: Height and width that images get; None for what suits them.
        memory: Bytes that reading may take; None for a share of the machine's.
    """

    encoding: str | None = None
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    keep_none: bool = False
    image_size: tuple[int, int] | None = None
    memory: int | None = None

    @cached_property
    def most(self) -> int:
        """Bytes that reading may take."""
        return allowed() if self.memory is None else self.memory


AS_IT_IS = Reading()
"""Nothing is said."""


@dataclass
class Raw:
    """Rows of a source, in the order: free to be split, the source's own validation rows, its own test rows.

    Attributes:
        name: Short name for people.
        source: What the user wrote.
        x: A table (columns by name, index 0..n-1 as in the source) or an array (n, ...).
        y: The target column, index as in the source.
        target: The target's name.
        own_valid: How many rows the source itself marks as validation rows.
        own_test: How many rows the source itself marks as test rows.
        numbers: (n,) where each row is in its own source, from 0, where that is not what the index says; None elsewhere.
        written: The target's cells as they are written in a file, where `y` was made of them; None elsewhere.
        complete: Whether every label is one, whatever it says: a folder's name, or one that was checked before.
        decimal: The decimal mark where a column's own cells do not say it.
        has_commas: Whether columns of numbers were written with a decimal comma.
        white: For images from files, the value that stands for white; None for other rows.
        anonymous: Whether the columns' names were made up here, so that rows must be matched by position.
        weight: (n,) what each row counts; None where all count the same.
        notes: What the reader understood.
    """

    name: str
    source: str
    x: pd.DataFrame | NDArray[Any]
    y: pd.Series[Any]
    target: str
    own_valid: int = 0
    own_test: int = 0
    anonymous: bool = False
    weight: NDArray[np.float64] | None = None
    numbers: NDArray[np.int64] | None = None
    written: pd.Series[Any] | None = None
    complete: bool = False
    decimal: str = "."
    has_commas: bool = False
    white: float | None = None
    notes: list[Note] = field(default_factory=list)

    def keep(self, rows: NDArray[np.bool_]) -> Raw:
        """The same source with fewer rows; `rows` is (n,)."""
        if rows.all():
            return self
        test = len(rows) - self.own_test
        return dataclasses.replace(
            self,
            x=self.x[rows] if isinstance(self.x, np.ndarray) else self.x.loc[rows],
            y=self.y.loc[rows],
            weight=None if self.weight is None else self.weight[rows],
            numbers=None if self.numbers is None else self.numbers[rows],
            written=None if self.written is None else self.written.loc[rows],
            own_valid=int(rows[test - self.own_valid : test].sum()),
            own_test=int(rows[test:].sum()),
        )

    def take_column(self, name: str) -> pd.Series[Any]:
        """A column that is no input: it is taken out of `x`.

        Raises:
            DataError: There is none of that name.
        """
        table = self.x if isinstance(self.x, pd.DataFrame) else pd.DataFrame()
        names = [str(column) for column in table.columns]
        if name not in names:
            raise DataError(
                f"there is no column {quoted(name)}" + (", it is the target" if name == self.target else ""),
                where=self.source,
                why=f"it has {counted(len(names), 'column')}: {listed(names, 30)}"
                if names
                else "its rows are no table",
                hint=did_you_mean(name, names),
            )
        column = table[name]
        self.x = table.drop(columns=name)
        return column

    def info(self, text: str) -> None:
        """Remember something for people."""
        self.notes.append(Note("info", text))

    def warn(self, text: str) -> None:
        """Remember something that the user should look at."""
        self.notes.append(Note("warning", text))
