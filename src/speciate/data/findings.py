"""What is noted about the columns of a table: which are useless, which give the target away, and what is missing in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.cells import LARGEST
from speciate.data.columns import Columns
from speciate.data.kinds import BY_NAME, CATEGORY, DATE, FEW
from speciate.data.notes import Note
from speciate.data.raw import AS_IT_IS, Reading
from speciate.text import counted, listed, quoted

ID_NAME = re.compile(r"(?i)(^|[_\W])(id|uuid|guid|rownum|row_number|index)$|^unnamed: \d+$")

ENOUGH_DAYS = 10
"""So many different numbers are not all dates by accident."""


def drop_useless(columns: Columns, rows: NDArray[Any], reading: Reading = AS_IT_IS) -> None:
    """Take constant columns, columns equal to an earlier one, and row numbers out of `columns`.

    Args:
        columns: Changed in place.
        rows: The rows' numbers in the source, of which some may be missing here.
        reading: What the user wants to be used is not taken for a row number.
    """
    seen: dict[tuple[Any, bytes], str] = {}
    kept = {*reading.numeric, *reading.categorical}
    for column in columns.used:
        name, read = column.name, columns.read[column.name]
        cells = values.cells_of(read)
        exact = read if isinstance(read, np.ndarray) and _is_rounded(cells) else cells
        digest = hashlib.sha256(np.ascontiguousarray(exact).data)
        digest.update(repr(list(getattr(read, "categories", ()))).encode())
        key = (column.kind, digest.digest())
        if reason := _useless(name, cells, exact, rows, name in kept):
            columns.drop(name, reason)
        elif key in seen:
            columns.drop(name, f"the same as {quoted(seen[key])}")
        else:
            seen[key] = name
            if name not in kept and _are_days(cells):
                columns.all[name].warn(
                    f"column {quoted(name)} looks like dates, such as {cells[~np.isnan(cells)][0]:.0f}, and is used as numbers; "
                    "dates are read with separators, as in 2024-05-31"
                )


def _are_days(cells: NDArray[Any]) -> bool:
    """Whether all are whole numbers such as 20240531, of at least ten days."""
    if not (np.fmin.reduce(cells) >= 19_000_101 and np.fmax.reduce(cells) <= 21_001_231):
        return False
    days = pd.Series(np.unique(cells[~np.isnan(cells)]))
    read = pd.to_datetime(days.astype(np.int64).astype(str), format="%Y%m%d", errors="coerce")
    return bool(len(days) >= ENOUGH_DAYS and (days == np.round(days)).all() and read.notna().all())


def _is_rounded(cells: NDArray[Any]) -> bool:
    """Whether whole numbers may have lost their last digits."""
    return bool(np.abs(cells[:1]) >= 2**53) if len(cells) else False


def _useless(name: str, cells: NDArray[Any], exact: NDArray[Any], rows: NDArray[Any], kept: bool) -> str:
    """Why the column cannot help, or nothing."""
    least, most = np.fmin.reduce(cells), np.fmax.reduce(cells)  # NaN is passed over
    numbers = cells.dtype.kind == "f"
    if np.isnan(most) if numbers else most < 0:
        return "no value in any row"
    gaps = bool(np.isnan(cells.min()))
    whole = exact if exact.dtype.kind in "iu" else cells
    if numbers and not kept and not gaps and _is_row_number(name, whole, rows):
        return "it numbers the rows"
    if least == most and not gaps:
        same = whole is cells or (whole == whole[0]).all()
        return (
            "the same value in every row"
            if same
            else f"its whole numbers, near {int(whole[0]):,}, differ by less than 64-bit numbers can hold of them"
        )
    return ""


def _is_row_number(name: str, cells: NDArray[Any], rows: NDArray[Any]) -> bool:
    """Whether the numbers go up with the rows, or are all different whole numbers under an identifier's name."""
    if len(cells) < FEW:
        return False
    if all((cells[:some] - rows[:some] == cells[0] - rows[0]).all() for some in (FEW, len(cells))):
        return True
    return bool(
        ID_NAME.search(name) and (cells == np.round(cells)).all() and len(np.unique(cells)) == len(cells)
    )


ENOUGH = 50
"""From this many rows on, ranking all of them exactly as the target does is no accident."""


def find_leaks(columns: Columns, y: NDArray[Any], task: str, target: str) -> list[Note]:
    """A loud warning that names the columns, if there are any.

    Args:
        columns: The columns in use, with all rows.
        y: (n,) class indices or values.
        task: "classification" or "regression".
        target: The target's name.
    """
    found = _amounts(columns, y) if task == "regression" else _names(columns, y)
    if not found:
        return []
    return [
        Note(
            "warning",
            f"LEAK? {listed(found)} {'tells' if len(found) == 1 else 'tell'} the target {quoted(target)} exactly, in "
            "every row. Unless it is known before the target is, remove it from the data: otherwise all scores are "
            "meaningless.",
        )
    ]


def _names(columns: Columns, y: NDArray[Any]) -> list[str]:
    """The columns whose values and the classes go one to one."""
    classes = len(np.unique(y[:100]))
    found = []
    for name in columns.numbers():
        head = np.unique(values.usable(columns.read[name][:100]), equal_nan=False)
        if len(head) == classes and _renames(pd.factorize(values.usable(columns.read[name]))[0], y):
            found.append(name)
    return found + [name for name in columns.of(CATEGORY) if _renames(values.cells_of(columns.read[name]), y)]


def _renames(codes: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether values, as codes with -1 for missing, and classes go one to one."""
    classes = int(y.max()) + 1
    if codes.min() < 0 or codes.max() + 1 != classes:
        return False
    return len(np.unique(codes.astype(np.int64) * classes + y)) == classes


def _amounts(columns: Columns, y: NDArray[Any]) -> list[str]:
    """The columns that are a multiple of the target plus a constant, or that rank the rows exactly as it does."""
    found = []
    centered = y - y.mean()
    size = np.einsum("i,i", centered, centered)
    order = np.argsort(centered, kind="stable")
    steps = np.sign(np.diff(centered[order]))
    for name in columns.numbers():
        numbers = values.usable(columns.read[name])
        if np.isnan(mean := numbers.mean()):
            continue  # where a value is missing, it is never a leak
        off = numbers - mean
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = abs(np.einsum("i,i", centered, off)) / np.sqrt(np.einsum("i,i", off, off) * size)
        if correlation > 0.5:
            moves = np.sign(np.diff(numbers[order]))
            ranks = len(y) >= ENOUGH and ((moves == steps).all() or (moves == -steps).all())
            if ranks or correlation > 1 - 1e-9:
                found.append(name)
    return found


def describe_columns(columns: Columns) -> list[Note]:
    """Notes on columns that were left out or mix types, on dates, and on missing and infinite values."""
    notes = [
        Note("info", f"left out {counted(len(names), 'column')} ({reason}): {listed(names)}", listed=True)
        for reason, names in columns.dropped().items()
    ]
    if dates := columns.of(DATE):
        notes.append(
            Note("info", f"dates are used as days since 1970, month, weekday and hour: {listed(dates)}")
        )
    for column in columns.all.values():
        notes += column.notes
    return [*notes, *_missing(columns), *_infinite(columns)]


def _missing(columns: Columns) -> list[Note]:
    notes = []
    for kind in BY_NAME.values():
        named = columns.of(kind)
        for name in named:
            columns.all[name].missing = kind.missing(columns.read[name])
        if text := _counted((name, columns.all[name].missing) for name in named):
            notes.append(Note("info", f"missing values in {text}: {kind.filled}", listed=True))
    return notes


def _infinite(columns: Columns) -> list[Note]:
    found = {}
    for name in columns.numbers():
        if (column := columns.all[name]).missing:
            read = np.abs(np.asarray(columns.read[name], dtype=np.float64))
            found[name] = column.infinite or int((read > LARGEST).sum())
    text = _counted(found.items())
    return [Note("warning", f"infinite, or beyond 1e100, and so counted as missing: {text}")] if text else []


def _counted(numbers: Iterable[tuple[str, int]]) -> str:
    """`"age" (3), "job" (12) and 4 more columns`, without those that have none."""
    each = [f"{quoted(name)} ({number:,})" for name, number in numbers if number]
    more = f" and {counted(len(each) - 8, 'more column')}" if len(each) > 8 else ""
    return ", ".join(each[:8]) + more
