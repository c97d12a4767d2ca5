"""Decides what to use of a table, says so, and fits its preprocessing on the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.columns import Columns, understand_columns
from speciate.data.findings import describe_columns, drop_useless, find_leaks
from speciate.data.kinds import KINDS
from speciate.data.notes import ColumnPlan
from speciate.data.raw import AS_IT_IS, Reading
from speciate.data.schema import Entry, TableState
from speciate.errors import DataError
from speciate.text import counted

if TYPE_CHECKING:
    from speciate.data.raw import Raw
    from speciate.data.targets import Target


def choose_columns(raw: Raw, reading: Reading = AS_IT_IS) -> Columns:
    """The columns of `raw.x`, a table, that can be used, and what their cells mean. What was read is not kept in `raw.x`.

    Args:
        raw: Rows with a target.
        reading: What the user says about columns.

    Raises:
        DataError: None can, or the user names one that is not there.
    """
    assert isinstance(raw.x, pd.DataFrame)
    columns, rows = understand_columns(raw.x, reading, raw.decimal, raw.has_commas), raw.x.index.to_numpy()
    raw.x = raw.x.iloc[:, :0]
    if not raw.anonymous:  # else rows are matched by position later, so every column stays
        drop_useless(columns, rows, reading)
    if not columns.used:
        dropped = columns.dropped().items()
        raise DataError(
            f"no column of {len(columns.all):,} can be used to predict {raw.target}",
            where=raw.source,
            why="; ".join(f"{counted(len(names), 'column')}: {reason}" for reason, names in dropped),
        )
    return columns


def fit_rows(raw: Raw, goal: Target, train: NDArray[np.int64], columns: Columns) -> TableState:
    """The fitted state of a table whose columns were chosen; what was decided is noted in `raw`.

    Args:
        raw: Rows with a target.
        goal: The target.
        train: The training rows' numbers.
        columns: Those to use.
    """
    raw.notes += describe_columns(columns)
    raw.notes += find_leaks(columns, goal.y, goal.task, raw.target)
    state = fit_table(columns, train)
    inputs = state.input_shape[0]
    if inputs > len(train):
        raw.warn(
            f"more inputs than training rows ({inputs:,} and {len(train):,}): networks will learn rows by heart"
        )
    return state


def fit_table(columns: Columns, train: NDArray[np.int64]) -> TableState:
    """The fitted state of the columns to use, in the training rows."""
    entries: dict[str, list[Entry]] = {}
    for kind in KINDS:
        entries |= kind.fit(columns.read, [column for column in columns.used if column.kind is kind], train)
    return TableState(tuple(entry for column in columns.used for entry in entries[column.name]))


def plan_of(columns: Columns, state: Any) -> tuple[ColumnPlan, ...]:
    """What becomes of every column, for people."""
    entries: dict[str, list[Entry]] = {}
    for entry in state.columns:
        entries.setdefault(entry.name, []).append(entry)
    plan = []
    for column in columns.all.values():
        made = entries.get(column.name, [])
        kind, inputs = None, sum(entry.width for entry in made)
        use = alike = f"left out: {column.reason}"
        if column.kind is not None:
            kind, alike = column.kind.name, column.kind.alike(column)
            use = column.kind.described(column, made)
        plan.append(ColumnPlan(column.name, kind, use, alike, column.missing, column.pooled, inputs))
    return tuple(plan)
