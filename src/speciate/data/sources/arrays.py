"""Arrays and tables that are already in memory, and what other readers share once they have arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.raw import Raw
from speciate.errors import DataError
from speciate.text import counted, did_you_mean, listed, quoted

Rows = pd.DataFrame | NDArray[Any]
MANY = 1000


def read(source: object, target: str | None) -> Raw:
    """A pair (X, y), or a DataFrame with the name of its target column.

    Raises:
        DataError: It is something else, or the lengths differ.
    """
    if isinstance(source, pd.DataFrame):
        return from_table(tidy(source), target, name="table", source="a table in memory")
    if not isinstance(source, tuple | list) or len(source) != 2:
        raise DataError(
            f"{type(source).__name__} is not a type of data source",
            hint="give a file's path, a pair (X, y), or a DataFrame with target=",
        )
    X, y = source
    refuse_target(target, "a pair (X, y)")
    name = str(getattr(y, "name", None) or "y")
    return from_arrays(rows_of(X), labels_of(y), name="arrays", source="arrays in memory", target=name)


def read_rows(source: object) -> tuple[Rows, Rows]:
    """Rows in memory, twice: for people and for the preprocessing."""
    rows = tidy(source) if isinstance(source, pd.DataFrame) else rows_of(source)
    return rows, rows


def refuse_target(target: str | None, what: str) -> None:
    """A target was named where the source has its own."""
    if target is not None:
        raise DataError(
            f"{what} says itself what the target is",
            where=f"target {quoted(target)}",
            hint="leave target out",
        )


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """The same columns with text names, different from each other, and an index 0..n-1."""
    names = [str(name).strip() for name in table.columns]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"more than one column is named {listed(twice)}", hint="rename or remove one of them")
    # A deep copy is stored in one piece per type; 50,000 loose columns make pandas slow.
    table = table.copy(deep=len(names) > MANY)
    table.columns = pd.Index(names)
    table.index = pd.RangeIndex(len(table))
    return table


def rows_of(x: object) -> Rows:
    """X as a table or an array (n, ...) of numbers.

    Raises:
        DataError: It is neither.
    """
    if isinstance(x, pd.DataFrame):
        return tidy(x)
    array = np.asarray(x.toarray() if hasattr(x, "toarray") else x)
    if array.dtype.kind in "OUS" and array.ndim == 2:
        return pd.DataFrame(array.astype(object), columns=made_up_names(array)).infer_objects()
    if array.ndim < 2 or array.dtype.kind not in "biuf":
        raise DataError(
            f"X has shape {array.shape} and type {array.dtype}",
            hint="X holds numbers, one row an example: (n, features), (n, height, width), (n, channels, height, width)",
        )
    return array


def labels_of(y: object) -> pd.Series[Any]:
    """Y as a column with index 0..n-1.

    Raises:
        DataError: It does not have one value a row.
    """
    if isinstance(y, pd.Series):
        return y.reset_index(drop=True)
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"y has shape {array.shape}", hint="y holds one value for each row: (n,)")
    return pd.Series(np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array)


def made_up_names(array: NDArray[Any]) -> list[str]:
    """Names for the columns of an array (n, columns)."""
    return [f"x{i}" for i in range(array.shape[1])]


def from_arrays(
    x: Rows,
    y: pd.Series[Any],
    *,
    name: str,
    source: str,
    target: str,
    own_valid: int = 0,
    own_test: int = 0,
) -> Raw:
    """A source from X and y; the arguments are those of `Raw`.

    Raises:
        DataError: The lengths differ, or there are too few rows.
    """
    if len(x) != len(y):
        raise DataError(f"there are {counted(len(x), 'row')} but {counted(len(y), 'target')}", where=source)
    if len(x) < 2:
        raise DataError(
            f"there {'is one row' if len(x) else 'are no rows'}", where=source, hint="give more rows"
        )
    anonymous = False
    # Bytes and anything with more axes are pictures of some kind: scaled as a whole. Other columns stand for themselves.
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype != np.uint8:
        x, anonymous = pd.DataFrame(x, columns=made_up_names(x)), True
    if len(x.columns if isinstance(x, pd.DataFrame) else x[0].ravel()) == 0:
        raise DataError("the rows are empty", where=source)
    return Raw(name, source, x, y, target, own_valid, own_test, anonymous)


def from_table(table: pd.DataFrame, target: str | None, *, name: str, source: str) -> Raw:
    """A source from a table with its target among the columns.

    Raises:
        DataError: The target is not named or not there, or there is nothing else.
    """
    names = [str(column) for column in table.columns]
    if not names:
        raise DataError("the table has no columns", where=source)
    if target is None:
        raise DataError(
            "which column is to be predicted? no target is given",
            where=source,
            why=f"it has {counted(len(names), 'column')}: {listed(names, 30)}",
            hint=f"--target {names[-1] if names[-1].isidentifier() else quoted(names[-1])}, if it is the last one",
        )
    if target not in names:
        close = did_you_mean(target, names)
        raise DataError(
            f"there is no column {quoted(target)} to predict",
            where=source,
            why=f"it has {counted(len(names), 'column')}: {listed(names, 30)}",
            hint=close or "name one of these as the target",
        )
    if len(names) == 1:
        raise DataError(f"there is no column besides the target {quoted(target)}", where=source)
    return from_arrays(table.drop(columns=target), table[target], name=name, source=source, target=target)
