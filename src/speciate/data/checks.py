"""Columns that help nobody or help too much: constant, doubled, row numbers, and copies of the target."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import FEW, Columns
from speciate.data.dataset import Note
from speciate.data.table import number_block
from speciate.data.wording import listed, shown

ID_NAME = re.compile(r"(?i)(^|[_\W])(id|uuid|guid|rownum|row_number|index)$|^unnamed: \d+$")


def drop_useless(table: pd.DataFrame, columns: Columns) -> None:
    """Take constant columns, columns equal to an earlier one, and row numbers out of `columns`."""
    seen: dict[bytes, str] = {}
    names = list(columns.types)
    for start in range(0, len(names), 1000):
        for name, key, first in _keys(table, names[start : start + 1000], columns.types):
            if _is_constant(key):
                columns.drop(
                    name, "the same value in every row" if _has_value(key) else "no value in any row"
                )
            elif columns.types[name] == "numeric" and _is_row_number(name, key):
                columns.drop(name, "it numbers the rows")
            elif first in seen:
                columns.drop(name, f"the same as {shown(seen[first])}")
            else:
                seen[first] = name


def _keys(
    table: pd.DataFrame, names: list[str], types: dict[str, str]
) -> list[tuple[str, NDArray[Any], bytes]]:
    """For each column its values as numbers or codes, (n,), and a digest of them."""
    numeric = [name for name in names if types[name] == "numeric"]
    block = np.asfortranarray(number_block(table, numeric))
    at = {name: i for i, name in enumerate(numeric)}
    out = []
    for name in names:
        if name in at:
            key: NDArray[Any] = block[:, at[name]]
            content = key.tobytes()
        else:
            key, cells = pd.factorize(values.texts(table[name]), use_na_sentinel=True)
            content = key.tobytes() + repr(list(cells)).encode()
        out.append((name, key, hashlib.sha256(content).digest()))
    return out


def _is_constant(key: NDArray[Any]) -> bool:
    same = key == key[0]
    return bool(same.all() or (key != key).all())


def _has_value(key: NDArray[Any]) -> bool:
    return bool(key[0] == key[0] and not (key.dtype.kind == "i" and key[0] < 0))


def _is_row_number(name: str, key: NDArray[Any]) -> bool:
    """Whether the numbers go up by one from row to row, or are all different whole numbers under an id's name."""
    if len(key) < FEW or np.isnan(key).any():
        return False
    if (np.diff(key) == 1).all():
        return True
    return bool(ID_NAME.search(name) and (key == np.round(key)).all() and len(np.unique(key)) == len(key))


def leaks(table: pd.DataFrame, columns: Columns, y: NDArray[Any], task: str, target: str) -> list[Note]:
    """A loud warning if a column gives the target away: it is the target under another name, or in another unit."""
    names = list(columns.types)
    numeric = [name for name in names if columns.types[name] == "numeric"]
    if task == "regression":
        found = _follows(table, numeric, y)
    else:
        found = [name for name in names if _renames(_as_codes(table[name], columns.types[name]), y)]
    if not found:
        return []
    return [
        Note(
            "warning",
            f"LEAK? {listed(found)} {'says' if len(found) == 1 else 'say'} the same as the target {shown(target)}, "
            "value for value. If it is not known before the target is, remove it from the data: "
            "every score below would be worthless.",
        )
    ]


def _as_codes(column: pd.Series[Any], kind: str) -> NDArray[Any]:
    return values.numbers(column) if kind == "numeric" else column.to_numpy()


def _renames(cells: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether values and classes go one to one. Most columns are settled by the first 500 rows."""
    for rows in (slice(500), slice(None)):
        codes, different = pd.factorize(cells[rows], use_na_sentinel=True)
        if not 2 <= len(different) <= len(np.unique(y[rows])) or (codes < 0).any():
            return False
        if len(np.unique(codes * (int(y.max()) + 1) + y[rows])) != len(different):
            return False
        if len(different) != len(np.unique(y[rows])):
            return False
    return True


def _follows(table: pd.DataFrame, numeric: list[str], y: NDArray[Any]) -> list[str]:
    """The columns that are the target times a number plus a number, or that rank the rows exactly as it does."""
    found = []
    centered = y.astype(np.float64) - y.mean()
    order = np.argsort(centered, kind="stable")
    rises = np.diff(centered[order]) > 0
    for start in range(0, len(numeric), 1000):
        names = numeric[start : start + 1000]
        block = number_block(table, names)
        block = block - np.mean(np.where(np.isnan(block), 0, block), axis=0)
        spread = np.sqrt((block**2).sum(axis=0) * (centered**2).sum())
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.abs(centered @ block) / spread
        for i in np.flatnonzero(r > 0.5):  # NaN, from missing values, is not
            steps = np.diff(block[order, i])
            ranked = len(y) >= 50 and (
                (((steps > 0) == rises).all() and (steps >= 0).all())
                or (((steps < 0) == rises).all() and (steps <= 0).all())
            )
            if r[i] > 1 - 1e-9 or ranked:
                found.append(names[int(i)])
    return found
