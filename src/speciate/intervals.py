"""95 % confidence intervals of a share and of the difference of two, and what such a difference says of a champion."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from speciate.text import counted, either

Bounds = tuple[float, float]
"""The least and the greatest value that there can be."""
FREE: Bounds = (-math.inf, math.inf)

BOUNDS = (
    (re.compile("(.*_)?accuracy|(f1|precision|recall|jaccard|roc_auc|average_precision).*"), (0.0, 1.0)),
    (re.compile("matthews_corrcoef"), (-1.0, 1.0)),
    (re.compile("r2|explained_variance|d2_.*"), (-math.inf, 1.0)),
    (re.compile("neg_.*"), (-math.inf, 0.0)),
)
"""The least and the greatest score, by the metric's name as scikit-learn has it."""
FEW = 50
"""Of fewer rows it is said that they are few: the interval of a share of right answers then is 0.14 to either side."""

Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %."""


def bounds_of(metric: str) -> Bounds:
    """The least and the greatest score that there can be, by the metric's name."""
    return next((ends for names, ends in BOUNDS if names.fullmatch(metric)), FREE)


def few(rows: int, what: str = "test row") -> str:
    """What to keep in mind of scores of so many rows; nothing where they are not few."""
    if not 0 < rows < FEW:
        return ""
    are = "is" if rows == 1 else "are"
    return f"{counted(rows, what)} {are} few: intervals are wide, and most differences could be chance."


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927).

    Args:
        hits: How many of the cases.
        n: Cases, at least 1.
    """
    # As SciPy's `binomtest` has it, whose import takes longer than all else that a report does.
    share, whole = hits / n, 2 * (n + Z**2)
    middle = (2 * n * share + Z**2) / whole
    half = Z / whole * math.sqrt(4 * n * share * (1 - share) + Z**2)
    return middle - half if hits else 0.0, middle + half if hits < n else 1.0


def newcombe(both: int, first: int, second: int, neither: int) -> tuple[float, float]:
    """The difference of two shares of the same cases, first minus second (Newcombe 1998, Stat. Med. 17:2635, method 10).

    Args:
        both: Cases that count for both shares.
        first: Cases that only count for the first.
        second: Cases that only count for the second.
        neither: Cases that count for neither.
    """
    n = both + first + second + neither
    p, q = (both + first) / n, (both + second) / n
    (p_low, p_high), (q_low, q_high) = wilson(both + first, n), wilson(both + second, n)
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    cross = both * neither - first * second
    cross_corrected = max(0.0, cross - n / 2) if cross > 0 else cross
    phi = cross_corrected / math.sqrt(product) if product else 0.0
    below, above = (p - p_low, q_high - q), (p_high - p, q - q_low)
    low, high = (math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b)) for a, b in (below, above))
    return p - q - low, p - q + high


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much a champion is better than a rival on the same rows.

    Attributes:
        rival: The rival's name.
        value: The champion's score minus the rival's.
        low: Lower end of the 95 % interval of that difference; None where it was not measured.
        high: Upper end.
    """

    rival: str
    value: float
    low: float | None = None
    high: float | None = None


def verdict(leads: Iterable[Lead], show: Callable[[float], str] = "{:.4f}".format, unit: str = "") -> str:
    """How a champion stands: whom it is behind, level with and ahead of; nothing without rivals.

    A difference counts where its interval excludes 0. The hardest rival of each group comes first, with the numbers.

    Args:
        leads: Over the rivals.
        show: A difference as text, with "-" where it is below 0.
        unit: Follows the differences.
    """
    ranked = sorted(leads, key=lambda lead: lead.value)
    groups: dict[str, list[str]] = {"behind": [], "level with": [], "ahead of": []}
    for lead in ranked:
        value, low, high = lead.value, lead.low, lead.high
        if low is None or high is None:
            continue
        if high < 0:
            word, by = "behind", f"by {show(-value)}{unit} [{show(-high)}, {show(-low)}]"
        elif low > 0:
            word, by = "ahead of", f"by {show(value)}{unit} [{show(low)}, {show(high)}]"
        else:
            word, by = "level with", f"(difference {show(value)}{unit} [{show(low)}, {show(high)}])"
        groups[word].append(lead.rival if groups[word] else f"{lead.rival} {by}")
    if ranked and not any(groups.values()):  # a run of an early version, or one without sealed rows
        value = ranked[0].value
        word = "behind" if value < 0 else "ahead of" if value > 0 else "level with"
        by = f" by {show(abs(value))}{unit}" if value else ""
        return f"{word} {ranked[0].rival}{by}; whether that is more than chance was not measured"
    return "; ".join(f"{word} {either(found, 'and')}" for word, found in groups.items() if found)
