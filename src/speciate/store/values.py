"""JSON values and rows from a run's folder made harmless: a folder may come from a stranger, or be damaged."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from operator import attrgetter
from types import NoneType
from typing import Any

import numpy as np

from speciate.store.rows import Baseline, Row
from speciate.store.slices import GenerationTable

LARGEST = 1e100
"""Numbers beyond it cannot be drawn: they overflow once they are added up or squared."""

MOST = 1e15
"""Whole numbers beyond it are cut."""


def number(value: Any, largest: float = LARGEST) -> float | None:
    """A finite number, or None for whatever else a damaged or hostile folder holds, and for numbers that are too large."""
    if type(value) not in (int, float) or not abs(value) <= largest or abs(value) == math.inf:
        return None
    return float(value)


def whole(value: Any, default: int = 0) -> int:
    """A whole number, or the default; far too large ones are cut so that sums and widths stay finite."""
    found = number(value)
    return default if found is None else int(max(-MOST, min(MOST, found)))


def sound(value: Any, largest: float = LARGEST, depth: int = 12) -> Any:
    """A JSON value without what JSON should not hold: numbers that are not finite, nesting without end."""
    if isinstance(value, dict):
        return {str(k): sound(v, largest, depth - 1) for k, v in value.items()} if depth else {}
    if isinstance(value, list | tuple):
        return [sound(v, largest, depth - 1) for v in value] if depth else []
    return value if value is None or type(value) in (bool, str, int) else number(value, largest)


def mapping(value: Any) -> dict[str, Any]:
    """A mapping with text keys, or an empty one."""
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def positive(value: Any) -> int | float:
    """A number from 0 on as it is, 0 for anything else; far too large ones are cut."""
    if type(value) is int:
        return max(0, whole(value))
    return max(0.0, number(value) or 0.0)


COUNTED = ("generation", "fold", "examples", "examples_seen", "lineage_examples", "parameters")
TEXTS = ("phase", "operator", "description", "engine", "error", "key", "best_text")
CHECKED = (*COUNTED, *TEXTS, "status", "seconds", "score", "repeat_of", "weights")
_ALIKE = (int,) * len(COUNTED) + (str,) * (len(TEXTS) + 1) + (float,)
_TYPES = frozenset((*_ALIKE, *ends) for ends in product((float, NoneType), (int, NoneType), (str, NoneType)))
_values = attrgetter(*CHECKED)


def sound_row(row: Row, largest: float) -> Row:
    """A row whose numbers are numbers. Without a finite score it does not count as ok. Genomes stay as they are stored."""
    values = _values(row)
    counts, seconds, score = values[: len(COUNTED)], values[-4], values[-3]
    if (
        tuple(map(type, values)) in _TYPES  # nearly every row: nothing has to be made sound
        and 0 <= min(counts) <= max(counts) <= MOST
        and 0 <= seconds <= LARGEST
        and (score is not None) == (row.status == "ok")
        and score == number(score, largest)
        and (row.metrics == {} or _metrics(row.metrics, largest) == row.metrics)
        and all(type(parent) is int for parent in row.parents)
    ):
        return row
    score = number(row.score, largest) if row.status == "ok" else None
    checked: dict[str, Any] = {name: str(getattr(row, name)) for name in TEXTS}
    checked |= {name: int(positive(getattr(row, name))) for name in COUNTED}
    return replace(
        row,
        **checked,
        status="error" if row.status == "ok" and score is None else str(row.status),
        score=score,
        metrics=_metrics(row.metrics, largest),
        seconds=positive(row.seconds),
        parents=tuple(p for p in row.parents if type(p) is int),
        repeat_of=row.repeat_of if type(row.repeat_of) is int else None,
        weights=row.weights if type(row.weights) is str else None,
    )


def sound_baseline(row: Baseline, largest: float) -> Baseline | None:
    """A baseline whose numbers are numbers; None if it has no score."""
    valid = number(row.valid_score, largest)
    if valid is None:
        return None
    return replace(
        row,
        name=str(row.name),
        description=str(row.description),
        valid_score=valid,
        test_score=number(row.test_score, largest),
        metrics=_metrics(row.metrics, largest),
        seconds=positive(row.seconds),
    )


def sound_table(table: GenerationTable) -> GenerationTable:
    """A generation without members whose fitness is no number."""
    fine = np.isfinite(table.columns["fitness"].astype(np.float64))
    alike = {name: values for name, values in table.columns.items() if len(values) == len(fine)}
    return GenerationTable(table.number, {name: values[fine] for name, values in alike.items()})


def _metrics(value: Any, largest: float) -> dict[str, float]:
    return {name: v for name, v in mapping(value).items() if number(v, largest) is not None}
