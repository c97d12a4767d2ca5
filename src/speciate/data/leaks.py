"""Columns that help too much: those that are the target under another name or in another unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import Columns
from speciate.data.dataset import Note
from speciate.data.table import blocks
from speciate.text import listed, quoted

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
    for names, block in blocks(table, columns.named("numeric")):
        head = np.sort(block[:100], axis=0)
        different = 1 + (np.diff(head, axis=0) != 0).sum(axis=0)  # a NaN differs from everything
        found += [names[i] for i in np.flatnonzero(different == classes) if _renames(block[:, i], y)]
    return found + [name for name in columns.named("category") if _renames(values.texts(table[name]), y)]


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
    for names, block in blocks(table, columns.named("numeric")):
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
