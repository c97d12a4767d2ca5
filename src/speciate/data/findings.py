"""What is noted about the columns of a table: which are useless, which give the target away, and what is missing in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import Columns
from speciate.data.kinds import BY_NAME, CATEGORY, DATE, FEW, too_large
from speciate.data.notes import Note
from speciate.data.raw import AS_IT_IS, Reading
from speciate.text import counted, listed, quoted

ID_NAME = re.compile(r"(?i)(^|[_\W])(id|uuid|guid|rownum|row_number|index)$|^unnamed: \d+$")

ENOUGH_DAYS = 10
"""So many different numbers are not all dates by accident."""


def drop_useless(table: pd.DataFrame, columns: Columns, reading: Reading = AS_IT_IS) -> None:
    """Take constant columns, columns equal to an earlier one, and row numbers out of `columns`.

    Args:
        table: As `understand_columns` read it. Its index numbers the rows of the source, of which some may be missing here.
        columns: Changed in place.
        reading: What the user wants to be used is not taken for a row number.
    """
    place = {column.name: i for i, column in enumerate(columns.used)}
    seen: dict[tuple[Any, bytes], str] = {}
    rows, kept = table.index.to_numpy(), {*reading.numeric, *reading.categorical}
    for name, cells, digest in sorted(cells_of(table, columns), key=lambda found: place[found[0]]):
        key = (columns.all[name].kind, digest)
        if reason := _useless(name, cells, rows, table[name], name in kept):
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


def cells_of(table: pd.DataFrame, columns: Columns) -> Iterator[tuple[str, NDArray[Any], bytes]]:
    """Name, values (n,) as numbers or as codes with -1 for missing, and a digest of the values."""
    for names, block in values.blocks(table, columns.numbers()):
        for name, cells in zip(names, np.ascontiguousarray(block.T), strict=True):
            exact = table[name].to_numpy() if _is_rounded(cells) else cells
            yield name, cells, hashlib.sha256(exact.tobytes()).digest()
    for kind in (DATE, CATEGORY):
        for name in columns.of(kind):
            codes, found = pd.factorize(values.texts(table[name]), use_na_sentinel=True)
            yield name, codes, hashlib.sha256(codes.tobytes() + repr(list(found)).encode()).digest()


def _are_days(cells: NDArray[Any]) -> bool:
    """Whether all are whole numbers such as 20240531, of at least ten days."""
    there = cells[~np.isnan(cells)] if cells.dtype.kind == "f" else cells[:0]
    if len(there) < ENOUGH_DAYS or not (there[:1].min() >= 19_000_101 and there.max() <= 21_001_231):
        return False
    days = pd.Series(np.unique(there))
    read = pd.to_datetime(days.astype(np.int64).astype(str), format="%Y%m%d", errors="coerce")
    return bool(len(days) >= ENOUGH_DAYS and (days == np.round(days)).all() and read.notna().all())


def _is_rounded(cells: NDArray[Any]) -> bool:
    """Whether whole numbers may have lost their last digits."""
    return bool(np.abs(cells[:1]) >= 2**53) if len(cells) else False


def _useless(name: str, cells: NDArray[Any], rows: NDArray[Any], source: pd.Series[Any], kept: bool) -> str:
    """Why the column cannot help, or nothing."""
    missing = cells < 0 if cells.dtype.kind == "i" else np.isnan(cells)
    if missing.all():
        return "no value in any row"
    exact = source.to_numpy() if source.dtype.kind in "iu" and _is_rounded(cells) else cells
    if cells.dtype.kind == "f" and not kept and not missing.any() and _is_row_number(name, exact, rows):
        return "it numbers the rows"
    if (cells == cells[0]).all():
        same = exact is cells or (exact == exact[0]).all()
        return (
            "the same value in every row"
            if same
            else f"its whole numbers, near {int(exact[0]):,}, differ by less than 64-bit numbers can hold of them"
        )
    return ""


def _is_row_number(name: str, cells: NDArray[Any], rows: NDArray[Any]) -> bool:
    """Whether the numbers go up with the rows, or are all different whole numbers under an identifier's name."""
    if len(cells) < FEW:
        return False
    if (cells - rows == cells[0] - rows[0]).all():
        return True
    return bool(
        ID_NAME.search(name) and (cells == np.round(cells)).all() and len(np.unique(cells)) == len(cells)
    )


ENOUGH = 50
"""From this many rows on, ranking all of them exactly as the target does is no accident."""


def find_leaks(table: pd.DataFrame, columns: Columns, y: NDArray[Any], task: str, target: str) -> list[Note]:
    """A loud warning that names the columns, if there are any.

    Args:
        table: (n, columns) all rows.
        columns: The columns in use.
        y: (n,) class indices or values.
        task: "classification" or "regression".
        target: The target's name.
    """
    found = _amounts(table, columns, y) if task == "regression" else _names(table, columns, y)
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


def _names(table: pd.DataFrame, columns: Columns, y: NDArray[Any]) -> list[str]:
    """The columns whose values and the classes go one to one."""
    found = []
    classes = len(np.unique(y[:100]))
    for names, block in values.blocks(table, columns.numbers()):
        head = np.sort(block[:100], axis=0)
        different = 1 + (np.diff(head, axis=0) != 0).sum(axis=0)  # a NaN differs from everything
        found += [names[i] for i in np.flatnonzero(different == classes) if _renames(block[:, i], y)]
    return found + [name for name in columns.of(CATEGORY) if _renames(values.texts(table[name]), y)]


def _renames(cells: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether values and classes go one to one."""
    codes, different = pd.factorize(cells, use_na_sentinel=True)
    classes = int(y.max()) + 1
    pairs = codes.astype(np.int64) * classes + y
    return bool((codes >= 0).all() and len(different) == classes == len(np.unique(pairs)))


def _amounts(table: pd.DataFrame, columns: Columns, y: NDArray[Any]) -> list[str]:
    """The columns that are a multiple of the target plus a constant, or that rank the rows exactly as it does."""
    found = []
    centered = y - y.mean()
    order = np.argsort(centered, kind="stable")
    steps = np.sign(np.diff(centered[order]))
    for names, block in values.blocks(table, columns.numbers()):
        centered_block = block - block.mean(axis=0)  # all NaN where a value is missing: never a leak
        spread = np.sqrt((centered_block**2).sum(axis=0) * (centered**2).sum())
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = np.abs(centered @ centered_block) / spread
        for i in np.flatnonzero(correlation > 0.5):
            moves = np.sign(np.diff(block[order, i]))
            ranks = len(y) >= ENOUGH and ((moves == steps).all() or (moves == -steps).all())
            if ranks or correlation[i] > 1 - 1e-9:
                found.append(names[int(i)])
    return found


def describe_columns(table: pd.DataFrame, columns: Columns) -> list[Note]:
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
    return [*notes, *_missing(table, columns), *_infinite(table, columns)]


def _missing(table: pd.DataFrame, columns: Columns) -> list[Note]:
    notes = []
    for names, block in values.blocks(table, columns.numbers()):
        for name, missing in zip(names, np.isnan(block).sum(axis=0).tolist(), strict=True):
            columns.all[name].missing = missing
    for kind in BY_NAME.values():
        named = columns.of(kind)
        for name in named if kind in (DATE, CATEGORY) else []:
            columns.all[name].missing = kind.missing(table[name])
        if text := _counted((name, columns.all[name].missing) for name in named):
            notes.append(Note("info", f"missing values in {text}: {kind.filled}", listed=True))
    return notes


def _infinite(table: pd.DataFrame, columns: Columns) -> list[Note]:
    found = {}
    for names, block in values.blocks(table, columns.numbers()):
        for i in np.flatnonzero(np.isnan(block).any(axis=0)):
            found[names[i]] = columns.all[names[i]].infinite or too_large(table[names[i]])
    text = _counted(found.items())
    return [Note("warning", f"infinite, or beyond 1e100, and so counted as missing: {text}")] if text else []


def _counted(numbers: Iterable[tuple[str, int]]) -> str:
    """`"age" (3), "job" (12) and 4 more columns`, without those that have none."""
    each = [f"{quoted(name)} ({number:,})" for name, number in numbers if number]
    more = f" and {counted(len(each) - 8, 'more column')}" if len(each) > 8 else ""
    return ", ".join(each[:8]) + more
