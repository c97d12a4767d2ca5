"""The fitted preprocessing as plain records, and the JSON form that they are kept in.

A table::

    {"version": 1, "kind": "table", "columns": [
        {"name": "age", "type": "numeric", "fill": 37.0, "indicator": true, "mean": 38.6, "scale": 13.6},
        {"name": "sold", "type": "date", "part": "month", "fill": 6.0, "indicator": false, "mean": 6.2, "scale": 3.4},
        {"name": "job", "type": "category", "levels": ["clerk", "cook"], "missing_level": true, "other": false}]}

Each entry makes one input of the network or several; they follow each other in the order of the entries.

* numeric and date: how cells are written, where that is not as usual: `decimal` (","), `groups` (signs between groups of
  digits), `unit`; or `order` of a date ("dmy" or "mdy"). First `clip((value - mean) / scale)`, where a missing value is replaced by `fill`; then, with
  `indicator`, 1 if the value was missing and 0 if not. A date column has one entry for each of its parts: "days"
  since 1970-01-01 with fractions, "month" 1-12, "weekday" 0-6 from Monday, "hour" 0-24 with fractions.
* category: for each of `levels` 1 if the text is equal to it and else 0; then, with `missing_level`, 1 if there is
  none; then, with `other`, 1 for any other text. Without `missing_level` a missing text counts as another text; without
  `other` another text makes zeros only.

Images, and arrays of bytes::

    {"version": 1, "kind": "image", "shape": [1, 28, 28], "divide": 255.0, "mean": [0.13], "scale": [0.31]}

`clip((value / divide - mean) / scale)`, mean and scale per channel (first axis; a single one if the shape has one axis);
a value that is not finite counts as the mean.

What a cell means (missing, number, date, text) is said in `cells.py` and `dates.py`; `clip` cuts at plus and minus `CLIP`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Len
from pydantic import Field, TypeAdapter, ValidationError

from speciate.errors import DataError

VERSION: Literal[1] = 1
CLIP = 1e6
MOST_INPUTS = 2_000_000
Part = Literal["days", "month", "weekday", "hour"]
DATE_PARTS: tuple[Part, ...] = ("days", "month", "weekday", "hour")
"""What is read from a date, each a number."""

STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""How pydantic reads these records, which may come from a stranger: exactly what `to_json` writes."""

Number = Annotated[float, Ge(-1e300), Le(1e300)]
Positive = Annotated[float, Gt(0), Le(1e300)]
Channels = Annotated[tuple[Number, ...], Len(1, MOST_INPUTS)]


@dataclass(frozen=True, slots=True)
class Numeric:
    """A column of numbers."""

    __pydantic_config__: ClassVar[Any] = STRICT
    name: str
    fill: Number
    indicator: bool
    mean: Number
    scale: Positive
    type: Literal["numeric"] = "numeric"
    decimal: Literal[".", ","] = "."
    groups: Annotated[str, Len(0, 8)] = ""
    unit: Annotated[str, Len(0, 20)] = ""

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return 1 + self.indicator


@dataclass(frozen=True, slots=True)
class Date:
    """One number from a column of dates."""

    __pydantic_config__: ClassVar[Any] = STRICT
    name: str
    part: Part
    fill: Number
    indicator: bool
    mean: Number
    scale: Positive
    type: Literal["date"] = "date"
    order: Literal["", "dmy", "mdy"] = ""

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return 1 + self.indicator


@dataclass(frozen=True, slots=True)
class Category:
    """A column of texts."""

    __pydantic_config__: ClassVar[Any] = STRICT
    name: str
    levels: Annotated[tuple[str, ...], Len(0, 100_000)]
    missing_level: bool
    other: bool
    type: Literal["category"] = "category"

    @property
    def width(self) -> int:
        """Inputs it makes."""
        return len(self.levels) + self.missing_level + self.other


Entry = Annotated[Numeric | Date | Category, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class TableState:
    """How a table becomes inputs."""

    __pydantic_config__: ClassVar[Any] = STRICT
    columns: Annotated[tuple[Entry, ...], Len(1, MOST_INPUTS)]
    kind: Literal["table"] = "table"
    version: Literal[1] = VERSION

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(inputs,)."""
        return (sum(entry.width for entry in self.columns),)

    def to_json(self) -> dict[str, Any]:
        """See the module."""
        columns = []
        for entry in self.columns:
            record: dict[str, Any] = {"name": entry.name, "type": entry.type}
            for field in dataclasses.fields(entry):
                value = getattr(entry, field.name)
                if value != field.default or field.name in record:  # what is as usual is left out
                    record[field.name] = list(value) if isinstance(value, tuple) else value
            columns.append(record)
        return {"version": VERSION, "kind": self.kind, "columns": columns}

    def fitted(self) -> dict[str, Any]:
        """The same without how cells are written: what was fitted does not depend on it."""
        record = self.to_json()
        written = ("decimal", "groups", "unit", "order")
        columns = [{k: v for k, v in column.items() if k not in written} for column in record["columns"]]
        return record | {"columns": columns}

    def problems(self) -> list[str]:
        """What no type says: names that are described twice, or columns of nothing."""
        found = []
        keys = [(entry.name, getattr(entry, "part", "")) for entry in self.columns]
        types: dict[str, str] = {}
        if len(set(keys)) < len(keys) or any(
            types.setdefault(e.name, e.type) != e.type for e in self.columns
        ):
            found.append("columns must not describe a name twice")
        for i, entry in enumerate(self.columns):
            levels = getattr(entry, "levels", ())
            if len(set(levels)) < len(levels):
                found.append(f"columns[{i}].levels must be different")
            if entry.width == 0:
                found.append(f"columns[{i}] makes no input")
        return found


@dataclass(frozen=True, slots=True)
class ImageState:
    """How images, or arrays of bytes, become inputs."""

    __pydantic_config__: ClassVar[Any] = STRICT
    shape: Annotated[tuple[Annotated[int, Ge(1), Le(MOST_INPUTS)], ...], Len(1, 3)]
    divide: Positive
    mean: Channels
    scale: Annotated[tuple[Positive, ...], Len(1, MOST_INPUTS)]
    kind: Literal["image"] = "image"
    version: Literal[1] = VERSION

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width) or (features,)."""
        return self.shape

    def to_json(self) -> dict[str, Any]:
        """See the module."""
        record: dict[str, Any] = {"version": VERSION, "kind": self.kind} | dataclasses.asdict(self)
        return record | {name: list(record[name]) for name in ("shape", "mean", "scale")}

    def fitted(self) -> dict[str, Any]:
        """The same."""
        return self.to_json()

    def problems(self) -> list[str]:
        """What no type says: how many axes and inputs there may be, and that moments are per channel."""
        found, most = [], 100 * MOST_INPUTS
        if len(self.shape) == 2 or math.prod(self.shape) > most:
            found.append(f"shape must be [features] or [channels, height, width] of at most {most:,} inputs")
        channels = self.shape[0] if len(self.shape) == 3 else 1
        if not len(self.mean) == len(self.scale) == channels:
            found.append(f"mean and scale must have one number for each of {channels} channels")
        return found


@cache
def _adapter() -> TypeAdapter[TableState | ImageState]:
    return TypeAdapter(Annotated[TableState | ImageState, Field(discriminator="kind")])


def read_state(value: object) -> TableState | ImageState:
    """The state that a JSON value describes.

    Raises:
        DataError: The value is not exactly what this version writes; says the mistakes that were found.
    """
    problems: list[str] = []
    state: TableState | ImageState | None = None
    try:
        state = _adapter().validate_json(json.dumps(value))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            where = ".".join(str(part) for part in fault["loc"] if part not in ("table", "image"))
            problems.append(f"{where}: {fault['msg']}"[:200])
    except (TypeError, ValueError, RecursionError) as error:
        problems.append(f"it is no JSON: {error}"[:200])
    if state is not None:
        problems = state.problems()
        if isinstance(value["version"], bool):  # type: ignore[index]
            problems.append("version must be a number")
        if not problems:
            return state
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    raise DataError(
        "the preprocessing is damaged or was not written by speciate",
        where="preprocessing",
        why="; ".join(problems[:5]) + more,
        hint="use the file as `speciate` wrote it, or make it again from the data",
    )
