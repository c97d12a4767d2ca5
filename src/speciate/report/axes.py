"""Axes: from values to pixels, round ticks, grid lines and labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from speciate.report.drawing import Drawing, text_width

Label = Callable[[float, float], str]
"""The words of a tick, from its value and the distance between ticks."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear (or logarithmic) scale.

    Args:
        low: Value at `start`.
        high: Value at `end`.
        start: Pixel.
        end: Pixel; less than `start` on a vertical axis, whose values grow upward.
        log: Whether the scale is logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; values outside are moved to the nearer end."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values in [low, high], at most about `most`."""
    step = tick_step(low, high, most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)][:100]


def tick_step(low: float, high: float, most: int = 6) -> float:
    """1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(1, most - 1)
    if not (raw > 0 and math.isfinite(raw)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next((m * power for m in (1, 2, 5) if m * power >= raw * 0.999), 10 * power)


def padded(low: float, high: float, share: float = 0.05, ceiling: float | None = None) -> tuple[float, float]:
    """A range with margins, which end at `ceiling`; a single value gets a range around it."""
    gap = (high - low) * share or abs(high) * 0.05 or 0.5
    top = high + gap if ceiling is None or high > ceiling else min(high + gap, ceiling)
    return low - gap, max(top, low)


def score_range(scores: Sequence[float], reach: float = 3.0) -> tuple[float, float]:
    """The range of scores worth drawing: without a tail of bad ones that would squeeze all others together.

    Args:
        scores: What is drawn.
        reach: Scores below the lower quartile by more than this times the distance from it to the best are left out.
    """
    high = max(scores)
    q1 = float(np.quantile(scores, 0.25))
    inside = [s for s in scores if s >= q1 - reach * (high - q1)]
    return min(inside), high


def horizontal_grid(
    drawing: Drawing, axis: Axis, left: float, right: float, label: Label, most: int = 6
) -> None:
    """Grid lines across, with the values of a vertical axis at the left."""
    for y, text in _ticked(axis, label, most):
        drawing.line([(left, y), (right, y)], "grid")
        drawing.note(left - 8, y + 4, text, 12, anchor="end")


def vertical_grid(
    drawing: Drawing, axis: Axis, top: float, bottom: float, label: Label, most: int = 6
) -> None:
    """Grid lines down, with the values of a horizontal axis below."""
    for x, text in _ticked(axis, label, most):
        drawing.line([(x, top), (x, bottom)], "grid")
        drawing.note(x, bottom + 18, text, 12, anchor="middle")


def _ticked(axis: Axis, label: Label, most: int) -> list[tuple[float, str]]:
    """The pixels of an axis' ticks and their words."""
    step = tick_step(axis.low, axis.high, most)
    return [(axis(value), label(value, step)) for value in ticks(axis.low, axis.high, most)]


def count_label(value: float, step: float) -> str:
    """A tick of counts: `2,000`, `40k`, `1.5M`."""
    for size, sign in ((1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e6 if sign == 'M' else 1e3):.3g}{sign}"
    return f"{value:,.0f}" if step >= 1 or value == round(value) else ""


def spread(
    wanted: Sequence[tuple[float, str]], gap: float, low: float, high: float
) -> list[tuple[float, str]]:
    """Labels moved apart so that none is nearer than `gap` to the next, each as near as possible to its place."""
    ordered = sorted(wanted)
    places = [y for y, _ in ordered]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    if places and places[-1] > high:
        places[-1] = high
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - gap)
    return [(max(low, y), text) for y, (_, text) in zip(places, ordered, strict=True)]


def widest(texts: Sequence[str], size: float) -> float:
    """The width of the longest text."""
    return max((text_width(text, size) for text in texts), default=0.0)
