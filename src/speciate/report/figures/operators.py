"""Operator credit: the share of children that beat their parents, and the mean change of the score."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.axes import Axis, vertical_grid
from speciate.report.credit import Credit
from speciate.report.drawing import Drawing, fitted
from speciate.report.scores import Scale
from speciate.report.text import clean

ROW = 34.0
"""Height of a row in pixels."""


def operator_rows(found: Sequence[Credit], scale: Scale, width: float = 820, most: int = 20) -> Drawing:
    """One row an operator, the highest share on top."""
    rows = sorted(found[:most], key=lambda c: (-c.share, -c.children, c.operator))
    height = 34 + ROW * len(rows) + 44
    parts = [f"{title(c.operator)} {100 * c.share:.0f}% of {c.children}" for c in rows]
    drawing = Drawing(width, height, "Children better than their parent: " + "; ".join(parts))
    wide = width > 500
    left, right = (220.0 if wide else 174.0), width - 12
    axis = Axis(0, 1, left, right)
    bottom = 30 + ROW * len(rows)
    vertical_grid(drawing, axis, 26, bottom, lambda value, step: f"{100 * value:.0f}%", 6 if wide else 4)
    label = "children that scored higher than their parent"
    drawing.text(
        (left + right) / 2,
        height - 6,
        label if wide else "better than the parent",
        12.5,
        color="soft",
        anchor="middle",
    )
    drawing.text(0, 14, "operator", 12.5, color="soft")
    drawing.text(left - 14, 14, "children", 12.5, color="soft", anchor="end")
    for i, credit in enumerate(rows):
        y = 30 + ROW * (i + 0.5)
        drawing.text(0, y + 4, fitted(title(credit.operator), 13, left - 50), 13)
        drawing.text(left - 14, y + 4, f"{credit.children:,}", 13, color="soft", anchor="end")
        drawing.line([(axis(credit.low), y), (axis(credit.high), y)], "accent", 7, opacity=0.28)
        about = f"{credit.better} of {credit.children}; mean change {scale.difference(credit.change.mean)}"
        drawing.dot(axis(credit.share), y, 5.5, "accent", title=about)
    return drawing


def title(operator: str) -> str:
    """An operator's name for people."""
    return clean(operator.replace("_", " "), 60)
