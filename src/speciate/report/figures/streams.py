"""Species over time: how many members each one has, generation by generation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.report.axes import Axis, count_label, vertical_grid
from speciate.report.drawing import SERIES, Drawing, text_width
from speciate.store import GenerationTable
from speciate.text import counted

MOST_COLUMNS = 240
"""Generations that are drawn; of more, some are left out."""


def species_streams(tables: Sequence[GenerationTable], width: float = 820) -> Drawing:
    """A stream a species, as wide as it has members; the oldest at the bottom.

    Args:
        tables: Generations with the column `species`.
        width: Width in pixels.
    """
    shown = thinned(tables)
    counts = [dict(zip(*np.unique(t.columns["species"], return_counts=True), strict=True)) for t in shown]
    names = sorted({int(name) for each in counts for name in each})
    share = np.array([[each.get(name, 0) for name in names] for each in counts], float)
    share /= share.sum(axis=1, keepdims=True)
    tops = np.cumsum(share, axis=1)
    height = 380.0 if width > 500 else 300.0
    last = len(counts[-1])
    about = f"Species over time: {counted(len(names), 'species', 'species')} in all, {last} in the last generation."
    drawing = Drawing(width, height, about)
    vertical = Axis(0, 1, height - 46, 24)
    horizontal = Axis(shown[0].number, max(shown[-1].number, shown[0].number + 1), 8, width - 8)
    xs = [horizontal(table.number) for table in shown]
    if len(xs) == 1:
        xs, tops, share = [xs[0], width - 8], np.repeat(tops, 2, axis=0), np.repeat(share, 2, axis=0)
    for k, name in enumerate(names):
        _stream(drawing, xs, tops[:, k] - share[:, k], tops[:, k], vertical, name)
    _labels(drawing, xs, names, share, tops, vertical)
    drawing.text(8, 14, "share of the population", 12.5, color="soft")
    vertical_grid(drawing, horizontal, height - 46, height - 40, count_label, 8 if width > 500 else 4)
    drawing.text(width / 2, height - 6, "generation", 12.5, color="soft", anchor="middle")
    return drawing


def thinned(tables: Sequence[GenerationTable]) -> list[GenerationTable]:
    """At most `MOST_COLUMNS` generations, evenly spaced, the first and the last among them."""
    if len(tables) <= MOST_COLUMNS:
        return list(tables)
    places = np.linspace(0, len(tables) - 1, MOST_COLUMNS).round().astype(int)
    return [tables[place] for place in places]


def _stream(
    drawing: Drawing, xs: Sequence[float], low: np.ndarray, high: np.ndarray, axis: Axis, name: int
) -> None:
    """One species, from the generation before it was born to that after it died out."""
    alive = np.flatnonzero(high > low)
    first, last = max(0, alive[0] - 1), min(len(xs) - 1, alive[-1] + 1)
    span = range(first, last + 1)
    upper = [(xs[i], axis(float(high[i]))) for i in span]
    lower = [(xs[i], axis(float(low[i]))) for i in reversed(span)]
    color = SERIES[name % len(SERIES)]
    drawing.area([*upper, *lower], color, 0.85 if name // len(SERIES) % 2 == 0 else 0.55)
    drawing.line(upper, "ground", 0.8)


def _labels(
    drawing: Drawing,
    xs: Sequence[float],
    names: Sequence[int],
    share: np.ndarray,
    tops: np.ndarray,
    axis: Axis,
) -> None:
    """The numbers of species where there is room for them."""
    for k, name in enumerate(names):
        at = int(np.argmax(share[:, k]))
        text, y = str(name), axis(float(tops[at, k] - share[at, k] / 2))
        room = (axis.start - axis.end) * float(share[at, k])
        x = min(max(xs[at], xs[0] + 14), xs[-1] - 14)
        if room > 16 and (share[:, k] > 0).sum() * (xs[-1] - xs[0]) / len(xs) > 3 * text_width(text, 11):
            drawing.text(x, y + 4, text, 11, color="ground", anchor="middle", bold=True)
