"""From rows of a table to the inputs of a network, in plain Python and torch, by the rules of `speciate.data.schema`.

What cells mean is said in `speciate.data.cells` and `speciate.data.dates`, which every model.py gets too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from speciate.data.cells import numbers_in, text_of, weigh_levels
from speciate.data.dates import date_part, dates_in


# model.py
def table_inputs(rows: Sequence[Mapping[str, Any]], columns: list[dict[str, Any]]) -> Tensor:
    """Rows to (rows, inputs) float32. Columns are found by name; others in the rows are ignored.

    What cannot be read is said in warnings.

    Raises:
        ValueError: A row lacks a column, or nothing in a column can be read as in training.
    """
    for number, row in enumerate(rows, 1):
        if lacking := [column["name"] for column in columns if column["name"] not in row]:
            raise ValueError(f"row {number} has no column {lacking[0]!r}")
    inputs: list[list[float]] = []
    dates: dict[str, list[Any]] = {}
    for column in columns:
        cells = [row[column["name"]] for row in rows]
        if column["type"] == "category":
            inputs += category_inputs(cells, column)
        elif column["type"] == "date":
            if column["name"] not in dates:
                dates[column["name"]] = dates_in(cells, [1] * len(cells), column)
            inputs += number_inputs([date_part(d, column["part"]) for d in dates[column["name"]]], column)
        else:
            inputs += number_inputs(numbers_in(cells, [1] * len(cells), column), column)
    return torch.tensor(inputs, dtype=torch.float64).T.clamp(-1e6, 1e6).float().contiguous()


def number_inputs(numbers: list[float], column: dict[str, Any]) -> list[list[float]]:
    """The standardized numbers, with the fill value where one is missing; then 1 where it was, if the column says so."""
    filled = [column["fill"] if number != number else number for number in numbers]
    inputs = [[(number - column["mean"]) / column["scale"] for number in filled]]
    if column["indicator"]:
        inputs.append([float(number != number) for number in numbers])
    return inputs


def category_inputs(cells: list[Any], column: dict[str, Any]) -> list[list[float]]:
    """One input a level: 1 where the text is equal. Then one for missing and one for other texts, if the column says so."""
    levels, texts = column["levels"], [text_of(cell) for cell in cells]
    width = len(levels) + column["missing_level"] + column["other"]
    other = width - 1 if column["other"] else None
    counts = Counter(text for text in texts if text is not None)
    weigh_levels(column["name"], len(cells), counts, levels, column["missing_level"], column["other"])
    places = {level: i for i, level in enumerate(levels)}
    inputs = [[0.0] * len(cells) for _ in range(width)]
    for row, text in enumerate(texts):
        missing = len(levels) if column["missing_level"] else other
        place = missing if text is None else places.get(text, other)
        if place is not None:
            inputs[place][row] = 1.0
    return inputs
