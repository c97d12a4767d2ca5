"""Columns that help nobody: constant, doubled, and row numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import FEW, Columns
from speciate.data.table import blocks
from speciate.text import quoted

ID_NAME = re.compile(r"(?i)(^|[_\W])(id|uuid|guid|rownum|row_number|index)$|^unnamed: \d+$")


def drop_useless(table: pd.DataFrame, columns: Columns) -> None:
    """Take constant columns, columns equal to an earlier one, and row numbers out of `columns`.

    Args:
        table: Its index numbers the rows of the source, of which some may be missing here.
        columns: Changed in place.
    """
    place = {name: i for i, name in enumerate(columns.types)}
    seen: dict[tuple[str, bytes], str] = {}
    for name, cells, digest in sorted(_columns(table, columns), key=lambda found: place[found[0]]):
        key = (columns.types[name], digest)
        reason = _useless(name, cells, table.index.to_numpy())
        if reason:
            columns.drop(name, reason)
        elif key in seen:
            columns.drop(name, f"the same as {quoted(seen[key])}")
        else:
            seen[key] = name


def _columns(table: pd.DataFrame, columns: Columns) -> Iterator[tuple[str, NDArray[Any], bytes]]:
    """Name, values (n,) as numbers or as codes with -1 for missing, and a digest of the values."""
    for names, block in blocks(table, columns.named("numeric")):
        for name, cells in zip(names, np.ascontiguousarray(block.T), strict=True):
            yield name, cells, hashlib.sha256(cells.tobytes()).digest()
    for name in (name for name, kind in columns.types.items() if kind != "numeric"):
        codes, found = pd.factorize(values.texts(table[name]), use_na_sentinel=True)
        yield name, codes, hashlib.sha256(codes.tobytes() + repr(list(found)).encode()).digest()


def _useless(name: str, cells: NDArray[Any], rows: NDArray[Any]) -> str:
    """Why the column cannot help, or nothing."""
    missing = cells < 0 if cells.dtype.kind == "i" else np.isnan(cells)
    if missing.all():
        return "no value in any row"
    if (cells == cells[0]).all():
        return "the same value in every row"
    if cells.dtype.kind == "f" and not missing.any() and _is_row_number(name, cells, rows):
        return "it numbers the rows"
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
