"""Numbers and JSON values from a run folder made harmless and readable: a folder may come from a stranger."""

from __future__ import annotations

from typing import Any

from speciate.text import clean

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"

LARGEST = 1e100
"""Numbers beyond it are taken for damage."""


def number(value: Any) -> float | None:
    """A finite number, or None for whatever else a damaged or hostile folder holds.

    Numbers that would overflow once they are added up or squared are None too.
    """
    if type(value) not in (int, float) or not abs(value) <= LARGEST:
        return None
    return float(value)


def whole(value: Any, default: int = 0) -> int:
    """A whole number, or the default; far too large ones are cut so that sums and widths stay finite."""
    found = number(value)
    return default if found is None else int(max(-1e15, min(1e15, found)))


def sound(value: Any, depth: int = 12) -> Any:
    """A JSON value without what JSON should not hold: numbers that are not finite, nesting without end."""
    if isinstance(value, dict):
        return {str(k): sound(v, depth - 1) for k, v in value.items()} if depth else {}
    if isinstance(value, list | tuple):
        return [sound(v, depth - 1) for v in value] if depth else []
    return value if value is None or type(value) in (bool, str, int) else number(value)


def mapping(value: Any) -> dict[str, Any]:
    """A mapping with text keys, or an empty one."""
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def large(count: int) -> str:
    """`9,010`, `2.24 million`."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count:,}"


def short(value: float) -> str:
    """A number with as many digits as a reader can use."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        return f"{value:.2g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def operator_title(operator: str) -> str:
    """An operator's name for people."""
    return clean(operator.replace("_", " "), 60)


def shown(value: object) -> str:
    """A gene's value for people."""
    found = number(value)
    return clean(value, 40) if found is None else (f"{found:,.0f}" if type(value) is int else short(found))
