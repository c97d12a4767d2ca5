"""From rows of a table, dates among them, to the inputs of a network, in plain Python and torch.

The rules are those of `speciate.data.schema` and `speciate.data.values`, which tests compare it with.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from speciate.champion.standalone.cells import number_of, text_of


# model.py
def date_of(value: Any) -> dt.datetime | None:
    """The date in a cell (2024-05-31, 2024-05-31T10:30), without its zone, or None if there is none."""
    if isinstance(value, dt.datetime):
        return None if value != value else value.replace(tzinfo=None)  # pandas' NaT is not itself
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = text_of(value)
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?", text):
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def date_part(value: Any, part: str) -> float | None:
    """One number from a date: days since 1970, month 1-12, weekday 0-6 from Monday, or hour 0-24 with fractions."""
    date = date_of(value)
    if date is None:
        return None
    if part == "days":
        return (date - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    if part == "month":
        return date.month
    return date.weekday() if part == "weekday" else date.hour + date.minute / 60 + date.second / 3600


def table_inputs(rows: Sequence[Mapping[str, Any]], columns: list[dict[str, Any]]) -> Tensor:
    """Rows to (rows, inputs) float32. Columns are found by name; others in the rows are ignored.

    Raises:
        ValueError: A row lacks a column.
    """
    for number, row in enumerate(rows, 1):
        if lacking := [column["name"] for column in columns if column["name"] not in row]:
            raise ValueError(f"row {number} has no column {lacking[0]!r}")
    inputs: list[list[float]] = []
    for column in columns:
        cells = [row[column["name"]] for row in rows]
        inputs += (
            category_inputs(cells, column) if column["type"] == "category" else number_inputs(cells, column)
        )
    return torch.tensor(inputs, dtype=torch.float64).T.clamp(-1e6, 1e6).float().contiguous()


def number_inputs(cells: list[Any], column: dict[str, Any]) -> list[list[float]]:
    """The standardized numbers, with the fill value where one is missing; then 1 where it was, if the column says so."""
    numbers = [date_part(cell, column["part"]) if "part" in column else number_of(cell) for cell in cells]
    filled = [column["fill"] if number is None else number for number in numbers]
    inputs = [[(number - column["mean"]) / column["scale"] for number in filled]]
    if column["indicator"]:
        inputs.append([float(number is None) for number in numbers])
    return inputs


def category_inputs(cells: list[Any], column: dict[str, Any]) -> list[list[float]]:
    """One input a level: 1 where the text is equal. Then one for missing and one for other texts, if the column says so."""
    width = len(column["levels"]) + column["missing_level"] + column["other"]
    other = width - 1 if column["other"] else None
    places = {level: i for i, level in enumerate(column["levels"])}
    inputs = [[0.0] * len(cells) for _ in range(width)]
    for row, cell in enumerate(cells):
        text = text_of(cell)
        missing = len(column["levels"]) if column["missing_level"] else other
        place = missing if text is None else places.get(text, other)
        if place is not None:
            inputs[place][row] = 1.0
    return inputs
