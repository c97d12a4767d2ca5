"""Reads the preprocessing's JSON form strictly, because it may come from a stranger."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from speciate.data.schema import (
    DATE_PARTS,
    MOST_INPUTS,
    VERSION,
    Category,
    Date,
    Entry,
    ImageState,
    Numeric,
    TableState,
)
from speciate.errors import DataError
from speciate.text import quoted


def read_state(value: object) -> TableState | ImageState:
    """The state that a JSON value describes.

    Raises:
        DataError: The value is not exactly what this version writes; says every mistake that was found.
    """
    problems: list[str] = []
    if not isinstance(value, Mapping) or value.get("kind") not in ("table", "image"):
        problems.append('it is not an object with "kind": "table" or "image"')
    elif value.get("version") != VERSION or isinstance(value.get("version"), bool):
        problems.append(f'"version" is {quoted(value.get("version"))}, this program reads {VERSION}')
    else:
        check = _Check(problems)
        state = _read_table(check, value) if value["kind"] == "table" else _read_image(check, value)
        if not problems:
            return state
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    raise DataError(
        "the preprocessing is damaged or was not written by speciate",
        where="preprocessing",
        why="; ".join(problems[:5]) + more,
        hint="use the file as `speciate` wrote it, or make it again from the data",
    )


class _Check:
    """Reads typed values from untrusted mappings and notes what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems

    def fail(self, where: str, rule: str) -> None:
        if len(self.problems) < 100:
            self.problems.append(f"{where} {rule}")

    def keys(self, where: str, record: Mapping[Any, Any], names: tuple[str, ...]) -> None:
        if set(record) != set(names):
            self.fail(where, f"must have exactly the keys {', '.join(names)}")

    def number(self, where: str, value: object, above: float = -math.inf) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not abs(value) <= 1e300
            or value <= above
        ):
            self.fail(where, "must be a finite number" + (f" above {above:g}" if above > -math.inf else ""))
            return 1.0
        return float(value)

    def flag(self, where: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.fail(where, "must be true or false")
        return value is True

    def text(self, where: str, value: object) -> str:
        if not isinstance(value, str):
            self.fail(where, "must be a text")
        return str(value) if isinstance(value, str) else ""

    def items(self, where: str, value: object, most: int) -> list[Any]:
        if not isinstance(value, list | tuple) or not 0 < len(value) <= most:
            self.fail(where, f"must be a list of 1 to {most:,} values")
            return []
        return list(value)


def _read_table(check: _Check, value: Mapping[str, Any]) -> TableState:
    check.keys("the table", value, ("version", "kind", "columns"))
    entries = tuple(_read_entries(check, check.items("columns", value.get("columns"), MOST_INPUTS)))
    keys = [(entry.name, getattr(entry, "part", "")) for entry in entries]
    kinds: dict[str, type] = {}
    if len(set(keys)) < len(keys) or any(kinds.setdefault(e.name, type(e)) is not type(e) for e in entries):
        check.fail("columns", "must not describe a name twice")
    return TableState(entries)


def _read_entries(check: _Check, records: list[Any]) -> Iterator[Entry]:
    for i, record in enumerate(records):
        where = f"columns[{i}]"
        kind = record.get("type") if isinstance(record, Mapping) else None
        if kind == "category":
            yield _read_category(check, where, record)
        elif kind in ("numeric", "date"):
            yield _read_number(check, where, record)
        else:
            check.fail(where, 'must be an object with "type": "numeric", "date" or "category"')


def _read_number(check: _Check, where: str, record: Mapping[str, Any]) -> Numeric | Date:
    dated = record["type"] == "date"
    names = ("name", "type", *(("part",) if dated else ()), "fill", "indicator", "mean", "scale")
    check.keys(where, record, names)
    name = check.text(f"{where}.name", record.get("name"))
    fill, mean = (check.number(f"{where}.{key}", record.get(key)) for key in ("fill", "mean"))
    scale = check.number(f"{where}.scale", record.get("scale"), above=0)
    indicator = check.flag(f"{where}.indicator", record.get("indicator"))
    if not dated:
        return Numeric(name, fill, indicator, mean, scale)
    part = check.text(f"{where}.part", record.get("part"))
    if part not in DATE_PARTS:
        check.fail(f"{where}.part", f"must be one of {', '.join(DATE_PARTS)}")
    return Date(name, part, fill, indicator, mean, scale)


def _read_category(check: _Check, where: str, record: Mapping[str, Any]) -> Category:
    check.keys(where, record, ("name", "type", "levels", "missing_level", "other"))
    found = record.get("levels")
    levels = [] if found == [] else check.items(f"{where}.levels", found, 100_000)
    texts = tuple(check.text(f"{where}.levels", level) for level in levels)
    if len(set(texts)) < len(texts):
        check.fail(f"{where}.levels", "must be different")
    entry = Category(
        check.text(f"{where}.name", record.get("name")),
        texts,
        check.flag(f"{where}.missing_level", record.get("missing_level")),
        check.flag(f"{where}.other", record.get("other")),
    )
    if entry.width == 0:
        check.fail(where, "makes no input")
    return entry


def _read_image(check: _Check, value: Mapping[str, Any]) -> ImageState:
    check.keys("the image", value, ("version", "kind", "shape", "divide", "mean", "scale"))
    shape = check.items("shape", value.get("shape"), 3)
    if any(isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_INPUTS for n in shape):
        check.fail("shape", f"must hold whole numbers from 1 to {MOST_INPUTS:,}")
        shape = [1]
    if len(shape) == 2 or math.prod(shape) > 100 * MOST_INPUTS:
        check.fail(
            "shape",
            f"must be [features] or [channels, height, width] of at most {100 * MOST_INPUTS:,} inputs",
        )
    channels = shape[0] if len(shape) == 3 else 1
    mean = tuple(check.number("mean", n) for n in check.items("mean", value.get("mean"), MOST_INPUTS))
    scale = tuple(
        check.number("scale", n, above=0) for n in check.items("scale", value.get("scale"), MOST_INPUTS)
    )
    if not len(mean) == len(scale) == channels:
        check.fail("mean and scale", f"must have one number for each of {channels} channels")
    return ImageState(tuple(shape), check.number("divide", value.get("divide"), above=0), mean, scale)
