"""Decides what to use of a table, says so, and fits its preprocessing on the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from numpy.typing import NDArray

from speciate.data.checks import drop_useless
from speciate.data.columns import Columns, understand_columns
from speciate.data.fitting import fit_table
from speciate.data.leaks import find_leaks
from speciate.data.missing import describe_columns
from speciate.data.schema import TableState
from speciate.errors import DataError
from speciate.text import counted

if TYPE_CHECKING:
    import numpy as np

    from speciate.data.raw import Raw
    from speciate.data.targets import Target


def fit_rows(raw: Raw, goal: Target, train: NDArray[np.int64]) -> TableState:
    """The fitted state of `raw.x`, a table; what was decided is noted in `raw`.

    Args:
        raw: Rows with a target.
        goal: The target.
        train: The training rows' numbers.

    Raises:
        DataError: No column can be used.
    """
    table = raw.x
    assert isinstance(table, pd.DataFrame)
    columns = understand_columns(table)
    if raw.anonymous:  # matched by position later, so every column stays
        columns = Columns(types=dict.fromkeys(table.columns, "numeric"))
    else:
        drop_useless(table, columns)
    if not columns.types:
        reasons = [f"{counted(len(names), 'column')}: {reason}" for reason, names in columns.dropped.items()]
        raise DataError(
            f"no column of {table.shape[1]:,} can be used to predict {raw.target}",
            where=raw.source,
            why="; ".join(reasons),
        )
    raw.notes.extend(describe_columns(table, columns))
    raw.notes.extend(find_leaks(table, columns, goal.y, goal.task, raw.target))
    state = fit_table(table.iloc[train], columns)
    inputs = state.input_shape[0]
    if inputs > len(train):
        raw.warn(
            f"more inputs than training rows ({inputs:,} and {len(train):,}): networks will learn rows by heart"
        )
    return state
