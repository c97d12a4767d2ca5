"""How values become words for people: counts, durations, names from anywhere, lists, "did you mean"."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

LIMIT = 200
"""Characters of a value that are shown."""

HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Unicode categories that are shown as a replacement mark: controls, direction overrides, lone surrogates."""


def clean(value: object, limit: int = LIMIT, *, lines: bool = False) -> str:
    """Any value as text without what a terminal would obey or nobody can see, cut to a length.

    Args:
        value: Anything; text is taken as it is.
        limit: Characters to keep.
        lines: Whether line breaks are kept rather than turned to spaces.
    """
    text = str(value)
    parts = []
    for sign in text[:limit]:
        if sign in " \n\t\r":
            parts.append("\n" if sign == "\n" and lines else " ")
        else:
            parts.append("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) in HIDDEN else sign)
    return "".join(parts) + ("…" if len(text) > limit else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 network`, `2,000 networks`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float | None) -> str:
    """A time in its two largest units: `4.5 s`, `45 s`, `2 min 5 s`, `1 h 12 min`; a dash for None."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, lower, below in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // lower
            return f"{whole // size:,} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def quoted(value: object, limit: int = 40) -> str:
    """A value in quotes, on one line, cut to `limit` characters."""
    text = clean(value, 10 * limit)
    return f'"{text if len(text) <= limit else text[: limit - 1] + "…"}"'


def listed(names: Iterable[object], limit: int = 8) -> str:
    """`"a", "b" and 3 more`."""
    every = [quoted(name) for name in names]
    if len(every) > limit:
        return f"{', '.join(every[:limit])} and {len(every) - limit:,} more"
    return either(every, "and") if every else "none"


def either(words: Sequence[str], conjunction: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def closest(word: str, options: Iterable[str]) -> str | None:
    """The option that was probably meant, whatever the case; None if none is close."""
    by_folded = {option.strip().casefold(): option for option in options}
    found = difflib.get_close_matches(word.strip().casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A question that names the closest option, or nothing if none is close."""
    found = closest(word, options)
    return f"did you mean {quoted(found)}?" if found else ""
