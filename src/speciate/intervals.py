"""95 % confidence intervals of shares: of one, and of the difference of two that were measured on the same cases."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %."""


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
