"""How large the networks are, generation by generation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.report.axes import Axis, count_label, horizontal_grid, padded, vertical_grid
from speciate.report.drawing import Drawing
from speciate.report.figures.streams import thinned
from speciate.store import GenerationTable

PANELS = (("connections", "enabled connections", "series-1"), ("hidden", "hidden nodes", "series-3"))
"""Column, title and color of each panel."""


def complexity(tables: Sequence[GenerationTable], width: float = 820) -> Drawing:
    """Median and the middle 80 % of the population, and the fittest of each generation, for connections and hidden nodes.

    Args:
        tables: Generations with the columns `connections` and `hidden`.
        width: Width in pixels.
    """
    shown = thinned(tables)
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
    drawing.text(0, 14, title, 12.5, color="soft")
    drawing.text((46 + width) / 2, height - 6, "generation", 12.5, color="soft", anchor="middle")
    return drawing
