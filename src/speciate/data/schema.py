"""The fitted preprocessing as plain records, and the JSON form that they are kept in.

A table::

    {"version": 1, "kind": "table", "columns": [
        {"name": "age", "type": "numeric", "fill": 37.0, "indicator": true, "mean": 38.6, "scale": 13.6},
        {"name": "sold", "type": "date", "part": "month", "fill": 6.0, "indicator": false, "mean": 6.2, "scale": 3.4},
        {"name": "job", "type": "category", "levels": ["clerk", "cook"], "missing_level": true, "other": false}]}

Each entry makes one input of the network or several; they follow each other in the order of the entries.

* numeric and date: first `clip((value - mean) / scale)`, where a missing value is replaced by `fill`; then, with
  `indicator`, 1 if the value was missing and 0 if not. A date column has one entry for each of its parts: "days"
  since 1970-01-01 with fractions, "month" 1-12, "weekday" 0-6 from Monday, "hour" 0-24 with fractions.
* category: for each of `levels` 1 if the text is equal to it and else 0; then, with `missing_level`, 1 if there is
  none; then, with `other`, 1 for any other text. Without `missing_level` a missing text counts as another text; without
  `other` another text makes zeros only.

Images, and arrays of bytes::

    {"version": 1, "kind": "image", "shape": [1, 28, 28], "divide": 255.0, "mean": [0.13], "scale": [0.31]}

`clip((value / divide - mean) / scale)`, mean and scale per channel (first axis; a single one if the shape has one axis);
a value that is not finite counts as the mean.

What a cell means (missing, number, date, text) is said in `values.py`; `clip` cuts at plus and minus `CLIP`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

VERSION = 1
CLIP = 1e6
MOST_INPUTS = 2_000_000
DATE_PARTS = ("days", "month", "weekday", "hour")
"""What is read from a date, each a number."""


@dataclass(frozen=True, slots=True)
class Numeric:
    """A column of numbers."""

    type: ClassVar[str] = "numeric"
    name: str
    fill: float
    indicator: bool
    mean: float
    scale: float

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return 1 + self.indicator


@dataclass(frozen=True, slots=True)
class Date:
    """One number from a column of dates."""

    type: ClassVar[str] = "date"
    name: str
    part: str
    fill: float
    indicator: bool
    mean: float
    scale: float

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return 1 + self.indicator


@dataclass(frozen=True, slots=True)
class Category:
    """A column of texts."""

    type: ClassVar[str] = "category"
    name: str
    levels: tuple[str, ...]
    missing_level: bool
    other: bool

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return len(self.levels) + self.missing_level + self.other


Entry = Numeric | Date | Category


@dataclass(frozen=True, slots=True)
class TableState:
    """How a table becomes inputs."""

    kind: ClassVar[str] = "table"
    columns: tuple[Entry, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(inputs,)."""
        return (sum(entry.width for entry in self.columns),)

    def to_json(self) -> dict[str, Any]:
        """See the module."""
        columns = []
        for entry in self.columns:
            record: dict[str, Any] = {"name": entry.name, "type": entry.type}
            for key in entry.__slots__:
                value = getattr(entry, key)
                record[key] = list(value) if isinstance(value, tuple) else value
            columns.append(record)
        return {"version": VERSION, "kind": self.kind, "columns": columns}


@dataclass(frozen=True, slots=True)
class ImageState:
    """How images, or arrays of bytes, become inputs."""

    kind: ClassVar[str] = "image"
    shape: tuple[int, ...]
    divide: float
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width) or (features,)."""
        return self.shape

    def to_json(self) -> dict[str, Any]:
        """See the module."""
        record: dict[str, Any] = {"version": VERSION, "kind": self.kind} | dataclasses.asdict(self)
        return record | {name: list(record[name]) for name in ("shape", "mean", "scale")}
