"""Tables to network inputs: how a fitted `TableState` is applied, to cells as they are or to values that were read before."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.cells import ENOUGH
from speciate.data.kinds import BY_NAME
from speciate.data.schema import CLIP, Category, Date, Numeric, TableState
from speciate.errors import DataError, DataWarning
from speciate.text import counted, did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    Float = NDArray[np.float64]

FAR, FAR_SHARE = 10, 0.25
"""So many standard deviations from the mean is far; said where it is true of more than this share of the rows to predict for."""
CELLS_AT_ONCE = 500_000
"""So many inputs stay in a processor's cache while they are filled column by column."""


class TableEncoder:
    """Applies a `TableState`; everything that does not depend on the rows is worked out once."""

    def __init__(self, state: TableState) -> None:
        self.names = tuple(dict.fromkeys(entry.name for entry in state.columns))
        self.firsts = list({entry.name: entry for entry in reversed(state.columns)}.values())[::-1]
        self.width = state.input_shape[0]
        starts = np.cumsum([0, *(entry.width for entry in state.columns)])
        placed = list(zip(state.columns, starts[:-1].tolist(), strict=True))
        self.numeric = [(e, at) for e, at in placed if isinstance(e, Numeric)]
        self.dates = [(e, at) for e, at in placed if isinstance(e, Date)]
        self.categories = [(e, at) for e, at in placed if isinstance(e, Category)]

    def __call__(self, table: pd.DataFrame | NDArray[Any]) -> NDArray[np.float32]:
        """(n, width) float32, finite. What cannot be read is said in warnings.

        Raises:
            DataError: Columns are missing, doubled, or too few or too many to be matched by position; or what is in one
                cannot be read as in training.
        """
        return self.encode(self._read(matched := self._matched(table)), np.arange(len(matched)))

    def _read(self, table: pd.DataFrame) -> dict[str, values.Read]:
        """The values that the cells mean."""
        problems, read = [], dict[str, values.Read]()
        for entry in self.firsts:
            try:
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    read[entry.name] = BY_NAME[entry.type].again(table[entry.name], entry)
                for warning in said:
                    warnings.warn(str(warning.message), DataWarning, stacklevel=4)
                if isinstance(entry, Numeric) and (text := _far(np.asarray(read[entry.name]), entry)):
                    warnings.warn(text, DataWarning, stacklevel=4)
            except ValueError as error:
                problems.append(str(error))
        if problems:
            more = f"; and {counted(len(problems) - 8, 'more column')}" if len(problems) > 8 else ""
            raise DataError(
                problems[0]
                if len(problems) == 1
                else f"{len(problems)} columns cannot be read as in training",
                why="; ".join(problems[:8]) + more if len(problems) > 1 else "",
                hint="write these columns as they were in training",
            )
        return read

    def encode(self, read: Mapping[str, Any], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some rows of values that were read before, (rows, width) float32, finite."""
        out = np.zeros((len(rows), self.width), dtype=np.float32)
        days = [(values.date_parts(read[e.name], e.part), e, at) for e, at in self.dates]
        places = [(_places(entry, read[entry.name]), entry, at) for entry, at in self.categories]
        step = min(max(CELLS_AT_ONCE // self.width, 1024), 16 * 1024)
        for start in range(0, len(rows), step):
            some, part = rows[start : start + step], out[start : start + step]
            for number, at in self.numeric:
                _standardize(values.usable(read[number.name][some]), number, part[:, at:])
            for different, date, at in days:
                _standardize(different[read[date.name].codes[some]], date, part[:, at:])
            for inputs, entry, at in places:
                place = inputs[read[entry.name].codes[some]]
                there = np.flatnonzero(place >= 0)
                part[there, at + place[there]] = 1
        return out

    def _matched(self, table: pd.DataFrame | NDArray[Any]) -> pd.DataFrame:
        if not isinstance(table, pd.DataFrame):
            array = np.asarray(table)
            if array.ndim != 2 or array.shape[1] != len(self.names):
                raise DataError(
                    f"an array of shape {array.shape} does not hold {counted(len(self.names), 'column')} a row",
                    why="an array has no names, so its columns are matched by position",
                    hint=f"give a table with the columns {listed(self.names)}",
                )
            return pd.DataFrame(array, columns=list(self.names))
        table = table.set_axis([str(name).strip() for name in table.columns], axis=1)
        missing = [name for name in self.names if name not in table.columns]
        if missing:
            close = did_you_mean(missing[0], [str(name) for name in table.columns])
            raise DataError(
                f"{counted(len(missing), 'column')} missing: {listed(missing)}",
                why=f"the network was trained with {counted(len(self.names), 'column')}; the table has "
                f"{listed(table.columns)}",
                hint=f"for {listed(missing[:1])}: {close}" if close else "",
            )
        picked = table[list(self.names)]
        if not picked.columns.is_unique:
            twice = sorted(set(picked.columns[picked.columns.duplicated()]))
            raise DataError(
                f"the table has more than one column named {listed(twice)}", hint="rename or remove one"
            )
        return picked


def _far(numbers: Float, entry: Numeric) -> str:
    """What to say if many numbers are far from all of training, as in another unit; empty if not.

    By Chebyshev's inequality at most one training row of a hundred is so far from the mean.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        far = int((np.abs(values.usable(numbers) - entry.mean) > FAR * entry.scale).sum())
    if far <= FAR_SHARE * len(numbers) or len(numbers) < ENOUGH:
        return ""
    return (
        f'"{entry.name}": {far:,} of {len(numbers):,} values are far from those of training (mean {entry.mean:.4g}, standard '
        f"deviation {entry.scale:.4g}); in another unit?"
    )


def _standardize(numbers: Float, entry: Numeric | Date, out: NDArray[np.float32]) -> None:
    """Numbers (n,) to the first column of `out`, and to the second which are missing if the entry has that."""
    missing = np.isnan(numbers)
    if entry.indicator:
        out[:, 1] = missing
    standard = np.where(missing, entry.fill, numbers) if missing.any() else numbers
    with np.errstate(over="ignore"):  # a hostile or absurd scale: the clip takes care of it
        standard = standard - entry.mean
        standard /= entry.scale
    out[:, 0] = np.clip(standard, -CLIP, CLIP, out=standard)


def _places(entry: Category, texts: pd.Categorical) -> NDArray[np.int64]:
    """Which of its inputs is 1 for each of the different texts, then for none; -1 if no one is."""
    other = entry.width - 1 if entry.other else -1
    places = {level: i for i, level in enumerate(entry.levels)}
    missing = len(entry.levels) if entry.missing_level else other
    return np.array([*(places.get(text, other) for text in texts.categories), missing])
