"""Strings and numbers from a run folder made harmless and readable: a folder may come from a stranger."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"

LARGEST = 1e100
"""Numbers beyond it are taken for damage."""

LIMIT = 200
"""Characters of a name that are shown; tracebacks and notes have limits of their own."""

HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Unicode categories that are shown as a replacement mark: controls, direction overrides, lone surrogates."""


def clean(value: object, limit: int = LIMIT, *, lines: bool = False) -> str:
    """Any value as plain text without invisible characters, cut to a length.

    Args:
        value: Anything; text is taken as it is.
        limit: Characters to keep.
        lines: Whether line breaks are kept rather than turned to spaces.
    """
    text = str(value)
    cut = len(text) > limit
    parts = []
    for sign in text[:limit]:
        if sign in "\n\t\r" or sign == " ":
            parts.append("\n" if sign == "\n" and lines else " ")
        else:
            parts.append("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) in HIDDEN else sign)
    return "".join(parts) + ("…" if cut else "")


def escape(value: object, limit: int = LIMIT, *, lines: bool = False) -> str:
    """`clean`, and safe between tags and inside quoted attributes."""
    return html.escape(clean(value, limit, lines=lines), quote=True)


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


def plural(count: int, noun: str, many: str = "") -> str:
    """`1 network`, `2,000 networks`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def large(count: int) -> str:
    """`9,010`, `2.24 million`."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count:,}"


def duration(seconds: float) -> str:
    """`3.2 s`, `4 min 10 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


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


def shown(value: object) -> str:
    """A gene's value for people."""
    found = number(value)
    return clean(value, 40) if found is None else (f"{found:,.0f}" if type(value) is int else short(found))
