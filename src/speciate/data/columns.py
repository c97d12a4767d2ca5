"""What the columns of a table hold: numbers, dates, categories, or nothing that can be used.

Decided over all rows, since a type is not a statistic; everything that is estimated is estimated in `fitting.py`, on
the training rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from speciate.data import values
from speciate.data.kinds import CATEGORY, DATE, KINDS, NUMBER, Cells, Column, Kind, too_large
from speciate.data.raw import AS_IT_IS, Reading
from speciate.errors import DataError
from speciate.text import did_you_mean, listed, quoted


@dataclass
class Columns:
    """The columns of a table.

    Attributes:
        all: By name, in the table's order, those that are left out among them.
        read: What the cells of those that are not mean, as `speciate.data.values.Read`.
    """

    all: dict[str, Column]
    read: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> list[Column]:
        """Those that are not left out."""
        return [column for column in self.all.values() if column.kind is not None]

    def of(self, kind: Kind) -> list[str]:
        """The names of those of one kind."""
        return [column.name for column in self.used if column.kind is kind]

    def numbers(self) -> list[str]:
        """The names of those that hold numbers."""
        return self.of(NUMBER)

    def dropped(self) -> dict[str, list[str]]:
        """The names of those that are left out, by reason."""
        found: dict[str, list[str]] = {}
        for column in self.all.values():
            if column.kind is None:
                found.setdefault(column.reason, []).append(column.name)
        return found

    def drop(self, name: str, reason: str) -> None:
        """Leave a column out."""
        self.all[name].kind, self.all[name].reason = None, reason
        del self.read[name]


def understand_columns(
    table: pd.DataFrame, reading: Reading = AS_IT_IS, decimal: str = ".", has_commas: bool = False
) -> Columns:
    """The columns of a table, and what its cells mean.

    Args:
        table: Its index numbers the rows of the source from 0.
        reading: What the user says about columns.
        decimal: The decimal mark where a column's own cells do not say it.
        has_commas: Whether columns of numbers were written with a decimal comma.

    Raises:
        DataError: The user names a column that is not there, or is no number.
    """
    asked = _asked(reading, [str(name) for name in table.columns])
    columns = Columns({})
    for name, (_, cells) in zip(map(str, table.columns), table.items(), strict=True):
        dtype = cells.dtype
        if name in reading.ignore:
            columns.all[name] = Column(name, None, reason="as you say")
        elif asked.get(name) is not CATEGORY and isinstance(dtype, np.dtype) and dtype.kind in "biuf":
            how = {"decimal": ","} if has_commas and dtype.kind == "f" else {}
            columns.all[name] = Column(name, NUMBER, how)  # the fast way: there may be 50,000 of these
            columns.read[name] = cells.to_numpy()
        else:
            column = columns.all[name] = _understood(cells, asked.get(name), decimal)
            if column.kind is not None:
                if column.kind is NUMBER:
                    column.infinite = too_large(cells)
                columns.read[name] = column.kind.read(cells, column.how)
            elif name in reading.numeric:
                raise DataError(f"column {quoted(name)} cannot be used as numbers", why=column.reason)
    return columns


def _understood(column: pd.Series[Any], asked: Kind | None, decimal: str) -> Column:
    name = str(column.name)
    typed = {"M": DATE, "O": CATEGORY if isinstance(column.dtype, pd.CategoricalDtype) else None}
    kind = NUMBER if values.is_numeric(column) else typed.get(column.dtype.kind)
    if kind is not None and asked in (kind, None):
        return Column(name, kind)  # said so by whoever made the table
    cells = Cells(column, decimal)
    if not cells.total:
        return Column(name, None, reason="no value in any row")
    tried = KINDS if asked is None else (asked,)
    return next(found for kind in tried if (found := kind.recognize(cells, asked is not None)))


def _asked(reading: Reading, names: list[str]) -> dict[str, Kind]:
    """The kinds that the user wants columns to be.

    Raises:
        DataError: There is no such column, or it is to be two things.
    """
    wishes = {"ignore": reading.ignore, "numeric": reading.numeric, "categorical": reading.categorical}
    unknown = [(wish, name) for wish, named in wishes.items() for name in named if name not in names]
    if unknown:
        wish, name = unknown[0]
        raise DataError(
            f"there is no column {listed(dict.fromkeys(name for _, name in unknown))}",
            where=f"--{wish}",
            why=f"the columns are {listed(names, 30)}",
            hint=did_you_mean(name, names),
        )
    everything = [name for named in wishes.values() for name in dict.fromkeys(named)]
    if twice := {name for name in everything if everything.count(name) > 1}:
        raise DataError(
            f"column {listed(sorted(twice))} is to be two things", where="--ignore, --numeric, --categorical"
        )
    return dict.fromkeys(reading.numeric, NUMBER) | dict.fromkeys(reading.categorical, CATEGORY)
