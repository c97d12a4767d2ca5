"""Tables to network inputs: how a fitted `TableState` is applied, to cells as they are or to values that were read before."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.kinds import BY_NAME
from speciate.data.schema import CLIP, Category, Date, Numeric, TableState
from speciate.errors import DataError, DataWarning
from speciate.text import counted, did_you_mean, listed

if TYPE_CHECKING:
    Float = NDArray[np.float64]


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
        return self.encode(self._read(self._matched(table)))

    def _read(self, table: pd.DataFrame) -> pd.DataFrame:
        """The values that the cells mean."""
        problems, read = [], table.copy(deep=False)
        for entry in self.firsts:
            try:
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    read[entry.name] = BY_NAME[entry.type].again(table[entry.name], entry)
                for warning in said:
                    warnings.warn(str(warning.message), DataWarning, stacklevel=4)
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

    def encode(self, table: pd.DataFrame) -> NDArray[np.float32]:
        """(n, width) float32, finite, of values that were read before."""
        out = np.zeros((len(table), self.width), dtype=np.float32)
        step = max(1, values.CELLS_AT_ONCE // max(self.width, 1))
        for start in range(0, len(table), step):
            rows, part = table.iloc[start : start + step], out[start : start + step]
            self._numbers(rows, part)
            for entry, at in self.categories:
                _one_hot(entry, values.texts(rows[entry.name]), part[:, at : at + entry.width])
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

    def _numbers(self, rows: pd.DataFrame, out: NDArray[np.float32]) -> None:
        if self.numeric:
            block = values.number_block(rows, [entry.name for entry, _ in self.numeric])
            _standardize(block, self.numeric, out)
        if self.dates:
            block = np.empty((len(rows), len(self.dates)))
            for name in dict.fromkeys(entry.name for entry, _ in self.dates):
                mine = [i for i, (entry, _) in enumerate(self.dates) if entry.name == name]
                block[:, mine] = values.date_parts(rows[name], tuple(self.dates[i][0].part for i in mine))
            _standardize(block, self.dates, out)


def _standardize(block: Float, placed: list[tuple[Any, int]], out: NDArray[np.float32]) -> None:
    """Block (n, entries) to the entries' places in `out`."""
    fill, mean, scale = (np.array([getattr(e, key) for e, _ in placed]) for key in ("fill", "mean", "scale"))
    at = np.array([place for _, place in placed])
    marked = np.array([e.indicator for e, _ in placed])
    missing = np.isnan(block)
    with np.errstate(over="ignore"):  # a hostile or absurd scale: the clip takes care of it
        standard = (np.where(missing, fill, block) - mean) / scale
    out[:, at] = np.clip(standard, -CLIP, CLIP)
    out[:, at[marked] + 1] = missing[:, marked]


def _one_hot(entry: Category, texts: NDArray[np.object_], out: NDArray[np.float32]) -> None:
    """Texts (n,) to `out` (n, entry.width)."""
    other = entry.width - 1 if entry.other else -1
    places = {level: i for i, level in enumerate(entry.levels)}
    missing = len(entry.levels) if entry.missing_level else other
    place = np.array([missing if text is None else places.get(text, other) for text in texts], dtype=np.int64)
    rows = np.flatnonzero(place >= 0)
    out[rows, place[rows]] = 1
