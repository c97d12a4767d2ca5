"""Numbers and values from a run folder made readable."""

from __future__ import annotations

from speciate.store.values import number
from speciate.text import clean

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


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
