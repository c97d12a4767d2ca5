"""How the notes and errors about data are worded: counts, lists of names, "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shown(value: object, limit: int = 40) -> str:
    """A value in quotes, on one line, cut to `limit` characters, with nothing that a terminal would obey."""
    text = "".join(c if c.isprintable() else "�" for c in str(value))
    return f'"{text if len(text) <= limit else text[: limit - 1] + "…"}"'


def listed(names: Iterable[object], limit: int = 8) -> str:
    """`"a", "b" and 3 more`."""
    every = [shown(name) for name in names]
    if len(every) > limit:
        return f"{', '.join(every[:limit])} and {len(every) - limit:,} more"
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else "none"


def did_you_mean(word: str, options: Sequence[str]) -> str:
    """A question that names the closest option, or nothing if none is close."""
    by_folded = {option.strip().casefold(): option for option in options}
    close = difflib.get_close_matches(word.strip().casefold(), list(by_folded), n=1, cutoff=0.6)
    return f"did you mean {shown(by_folded[close[0]])}?" if close else ""
