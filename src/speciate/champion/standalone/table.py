"""From rows of a table to the inputs of a network, in plain Python and torch; see `speciate.data.schema`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from speciate.champion.standalone.cells import number_of, text_of
from speciate.champion.standalone.dates import date_part


# model.py
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
