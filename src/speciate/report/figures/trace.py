"""What a network did in one episode: a small panel for each number that was recorded."""

from __future__ import annotations

from speciate.report.axes import Axis, count_label, padded, tick_step, ticks, vertical_grid
from speciate.report.drawing import SERIES, Drawing, fitted
from speciate.report.neuro.data import Trace

MOST_PANELS = 12
"""Numbers that are drawn."""
PANEL = 74.0
"""Height of a panel in pixels."""


def trace_panels(trace: Trace, width: float = 820) -> Drawing:
    """The numbers over time, one panel below the other on one axis.

    Args:
        trace: What was recorded.
        width: Width in pixels.
    """
    names = trace.columns[:MOST_PANELS]
    height = PANEL * len(names) + 46
    drawing = Drawing(width, height, f"One episode of the champion, {trace.outcome}: {', '.join(names)}.")
    unit = trace.every * (trace.seconds or 1.0)
    horizontal = Axis(0, (len(trace.rows) - 1) * unit, 62, width - 10)
    for k, name in enumerate(names):
        _panel(drawing, name, trace.rows[:, k].tolist(), unit, horizontal, k * PANEL, SERIES[k % len(SERIES)])
    vertical_grid(drawing, horizontal, height - 40, height - 36, count_label, 8 if width > 500 else 4)
    label = "seconds" if trace.seconds else "steps"
    drawing.text((62 + width) / 2, height - 4, label, 12.5, color="soft", anchor="middle")
    return drawing


def _panel(
    drawing: Drawing, name: str, values: list[float], unit: float, horizontal: Axis, top: float, color: str
) -> None:
    low, high = padded(min(values), max(values), share=0.08)
    vertical = Axis(low, high, top + PANEL - 8, top + 20)
    step = tick_step(low, high, 3)
    for value in ticks(low, high, 3)[:3]:
        y = vertical(value)
        drawing.line([(62, y), (horizontal.end, y)], "grid")
        places = 0 if step >= 1 else 1 if step >= 0.1 else 3
        drawing.text(54, y + 4, f"{value:,.{places}f}", 10.5, color="soft", anchor="end")
    drawing.text(62, top + 14, fitted(name, 12, horizontal.end - 62), 12, color="ink")
    drawing.line(((horizontal(i * unit), vertical(value)) for i, value in enumerate(values)), color, 1.5)
