"""Species over time, and how large the networks are, generation by generation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.report.axes import Axis, count_label, horizontal_grid, padded, vertical_grid
from speciate.report.drawing import SERIES, Drawing, text_width
from speciate.report.phases import picked
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
    shown = picked(tables, MOST_COLUMNS)
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
    drawing.note(8, 14, "share of the population")
    vertical_grid(drawing, horizontal, height - 46, height - 40, count_label, 8 if width > 500 else 4)
    drawing.note(width / 2, height - 6, "generation", anchor="middle")
    return drawing


def _stream(
    drawing: Drawing, xs: Sequence[float], low: np.ndarray, high: np.ndarray, axis: Axis, name: int
) -> None:
    """One species, from the generation before its first to that after its last."""
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


PANELS = (("connections", "enabled connections", "series-1"), ("hidden", "hidden nodes", "series-3"))
"""Column, title and color of each panel."""


def complexity(tables: Sequence[GenerationTable], width: float = 820) -> Drawing:
    """Median and the middle 80 % of the population, and the fittest of each generation, for connections and hidden nodes.

    Args:
        tables: Generations with the columns `connections` and `hidden`.
        width: Width in pixels.
    """
    shown = picked(tables, MOST_COLUMNS)
    wide = width > 500
    room, height = (width / 2 if wide else width), 270.0
    last = shown[-1].columns
    about = (
        f"Complexity over time: the median network of the last generation has {np.median(last['connections']):g} connections "
        f"and {np.median(last['hidden']):g} hidden nodes."
    )
    drawing = Drawing(width, height if wide else 2 * height, about)
    for k, (column, title, color) in enumerate(PANELS):
        panel = _panel(shown, column, title, color, room - (12 if wide else 0), height)
        drawing.put(panel, k * (room + 12) if wide else 0, 0 if wide else k * height)
    return drawing


def _panel(
    shown: Sequence[GenerationTable], column: str, title: str, color: str, width: float, height: float
) -> Drawing:
    drawing = Drawing(width, height, title)
    bands = np.array([np.quantile(table.columns[column], [0.1, 0.5, 0.9]) for table in shown])
    fittest = np.array([table.columns[column][np.argmax(table.columns["fitness"])] for table in shown])
    low, high = padded(0.0, float(max(bands.max(), fittest.max(), 1.0)), share=0.06)
    vertical = Axis(max(low, 0.0), high, height - 46, 26)
    horizontal = Axis(shown[0].number, max(shown[-1].number, shown[0].number + 1), 46, width - 8)
    horizontal_grid(drawing, vertical, 46, width - 8, count_label, 5)
    vertical_grid(drawing, horizontal, height - 46, height - 40, count_label, 5)
    xs = [horizontal(table.number) for table in shown]
    upper = [(x, vertical(float(v))) for x, v in zip(xs, bands[:, 2], strict=True)]
    lower = [(x, vertical(float(v))) for x, v in zip(xs, bands[:, 0], strict=True)]
    drawing.area([*upper, *reversed(lower)], color, 0.2)
    drawing.line(zip(xs, (vertical(float(v)) for v in bands[:, 1]), strict=True), color, 2.4)
    drawing.line(zip(xs, (vertical(float(v)) for v in fittest), strict=True), "ink", 1.2, dash=(2.0, 3.0))
    drawing.note(0, 14, title)
    drawing.note((46 + width) / 2, height - 6, "generation", anchor="middle")
    return drawing
