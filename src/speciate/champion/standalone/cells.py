"""What a cell of a table means, in plain Python: the rules of `speciate.data.values`, which tests compare it with."""

from __future__ import annotations

import math
from typing import Any

# model.py
MISSING = {
    "", "?", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "NaT",
}  # fmt: skip


def text_of(value: Any) -> str | None:
    """The text of a cell, or None if it is missing."""
    value = value.item() if hasattr(value, "item") else value  # numbers of NumPy and torch
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    text = str(value).strip()
    return None if text in MISSING else text


def number_of(value: Any) -> float | None:
    """The number in a cell, or None if there is none that can be used."""
    text = text_of(value)
    if text is None or "_" in text:
        return None
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= 1e100 else None
