"""Decides what to use of a table, says so, and fits its preprocessing on the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import Columns, understand_columns
from speciate.data.findings import describe_columns, drop_useless, find_leaks
from speciate.data.schema import DATE_PARTS, Category, Date, Entry, Numeric, TableState
from speciate.data.table import number_block
from speciate.errors import DataError
from speciate.text import counted

if TYPE_CHECKING:
    from speciate.data.raw import Raw
    from speciate.data.targets import Target


def choose_columns(raw: Raw) -> Columns:
    """The columns of `raw.x`, a table, that can be used.

    Raises:
        DataError: None can.
    """
    table = raw.x
    assert isinstance(table, pd.DataFrame)
    if raw.anonymous:  # matched by position later, so every column stays
        return Columns(types=dict.fromkeys(table.columns, "numeric"))
    columns = understand_columns(table)
    drop_useless(table, columns)
    if not columns.types:
        reasons = [f"{counted(len(names), 'column')}: {reason}" for reason, names in columns.dropped.items()]
        raise DataError(
            f"no column of {table.shape[1]:,} can be used to predict {raw.target}",
            where=raw.source,
            why="; ".join(reasons),
        )
    return columns


def fit_rows(raw: Raw, goal: Target, train: NDArray[np.int64], columns: Columns) -> TableState:
    """The fitted state of `raw.x`, a table; what was decided is noted in `raw`.

    Args:
        raw: Rows with a target.
        goal: The target.
        train: The training rows' numbers.
        columns: Those to use.
    """
    table = raw.x
    assert isinstance(table, pd.DataFrame)
    raw.notes.extend(describe_columns(table, columns))
    raw.notes.extend(find_leaks(table, columns, goal.y, goal.task, raw.target))
    state = fit_table(table.iloc[train], columns)
    inputs = state.input_shape[0]
    if inputs > len(train):
        raw.warn(
            f"more inputs than training rows ({inputs:,} and {len(train):,}): networks will learn rows by heart"
        )
    return state


MOST_LEVELS = 50
"""Levels of a category with an input of their own; the rarer ones share one."""


def fit_table(table: pd.DataFrame, columns: Columns) -> TableState:
    """The fitted state.

    Args:
        table: The training rows.
        columns: The columns to use, and their types.
    """
    numeric = [name for name, kind in columns.types.items() if kind == "numeric"]
    entries: dict[str, list[Entry]] = {}
    for name, (fill, indicator, mean, scale) in zip(
        numeric, _standards(number_block(table, numeric)), strict=True
    ):
        entries[name] = [Numeric(name, fill, indicator, mean, scale)]
    for name, kind in columns.types.items():
        if kind == "date":
            entries[name] = _fit_date(table[name])
        elif kind == "category":
            entries[name] = [_fit_category(table[name])]
    return TableState(tuple(entry for name in columns.types for entry in entries[name]))


def _standards(block: NDArray[np.float64]) -> list[tuple[float, bool, float, float]]:
    """For each column of block (n, columns): median, whether any value is missing, then mean and scale once filled."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    if block.shape[1] == 0:
        return []
    missing: NDArray[np.bool_] = np.any(np.isnan(block), axis=0)
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    filled = imputer.fit_transform(block)
    scaler = StandardScaler().fit(filled)
    for i in np.flatnonzero(
        (scaler.scale_ == 1) & (scaler.var_ != 1)
    ):  # it takes little beside much for constant
        off = filled[:, i] - scaler.mean_[i]
        if np.ptp(off) > 16 * np.spacing(np.abs(filled[:, i]).max()):
            unit = np.abs(off).max()
            scaler.scale_[i] = (off / unit).std() * unit
    rows = zip(np.nan_to_num(imputer.statistics_), missing.tolist(), scaler.mean_, scaler.scale_, strict=True)
    # A column without any value in the training rows is filled with 0.
    return [(float(fill), bool(gap), float(mean), float(scale)) for fill, gap, mean, scale in rows]


def _fit_date(column: pd.Series[Any]) -> list[Entry]:
    """An entry for the days and for each further part that is not the same in all training rows."""
    block = values.date_parts(column)
    entries: list[Entry] = []
    for i, (fill, indicator, mean, scale) in enumerate(_standards(block)):
        if i == 0 or len(np.unique(block[~np.isnan(block[:, i]), i])) > 1:
            entries.append(Date(str(column.name), DATE_PARTS[i], fill, indicator and i == 0, mean, scale))
    return entries


def _fit_category(column: pd.Series[Any]) -> Category:
    from sklearn.preprocessing import OneHotEncoder

    texts = values.texts(column)
    there = texts[values.has_text(texts)]
    gap = len(there) < len(texts)
    if len(there) == 0:
        return Category(str(column.name), (), gap, False)
    encoder = OneHotEncoder(max_categories=MOST_LEVELS, handle_unknown="infrequent_if_exist")
    encoder.fit(there.reshape(-1, 1))
    rare = encoder.infrequent_categories_[0]
    shared = set() if rare is None else set(rare.tolist())
    levels = tuple(level for level in encoder.categories_[0].tolist() if level not in shared)
    return Category(str(column.name), levels, gap, bool(shared))
