"""Operator credit: the share of children that beat their parents, or where weights are inherited their generation."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.axes import Axis, vertical_grid
from speciate.report.credit import Credit
from speciate.report.drawing import Drawing, fitted
from speciate.report.scores import Scale
from speciate.report.text import operator_title

ROW = 34.0
"""Height of a row in pixels."""


def operator_rows(
    found: Sequence[Credit], scale: Scale, width: float = 820, most: int = 20, *, inherited: bool = False
) -> Drawing:
    """One row an operator, the highest share on top.

    Args:
        found: The credits, most children first.
        scale: How scores are shown.
        width: Width in pixels.
        most: Operators that are shown.
        inherited: Whether children are compared with the others of their generation instead of their parents.
    """
    shares = {c.operator: c.ahead if inherited else c.better for c in found[:most]}
    rows = sorted(found[:most], key=lambda c: (-shares[c.operator].value, -c.children, c.operator))
    height = 34 + ROW * len(rows) + 44
    parts = [
        f"{operator_title(c.operator)} {_percent(shares[c.operator].value)} of {shares[c.operator].n}"
        for c in rows
    ]
    than = "their generation's other children" if inherited else "their parent"
    verb = "that gained more than" if inherited else "better than"
    drawing = Drawing(width, height, f"Children {verb} {than}: " + "; ".join(parts))
    wide = width > 500
    left, right = (220.0 if wide else 174.0), width - 12
    axis = Axis(0, 1, left, right)
    bottom = 30 + ROW * len(rows)
    vertical_grid(drawing, axis, 26, bottom, lambda value, step: _percent(value), 6 if wide else 4)
    label = "children that scored higher than their parent" if wide else "better than the parent"
    if inherited:
        label = (
            "children that gained more than the others of their generation"
            if wide
            else "gained more than others"
        )
        drawing.line([(axis(0.5), 26), (axis(0.5), bottom)], "soft", 1.2, dash=(4.0, 4.0))
    drawing.text((left + right) / 2, height - 6, label, 12.5, color="soft", anchor="middle")
    drawing.text(0, 14, "operator", 12.5, color="soft")
    drawing.text(left - 14, 14, "children", 12.5, color="soft", anchor="end")
    for i, credit in enumerate(rows):
        y, share = 30 + ROW * (i + 0.5), shares[credit.operator]
        drawing.text(0, y + 4, fitted(operator_title(credit.operator), 13, left - 50), 13)
        drawing.text(left - 14, y + 4, f"{share.n:,}", 13, color="soft", anchor="end")
        drawing.line([(axis(share.low), y), (axis(share.high), y)], "accent", 7, opacity=0.28)
        if share.n:
            mean = credit.lead.mean if inherited else credit.change.mean
            about = f"{share.hits} of {share.n}; on average {scale.difference(mean)}"
            drawing.dot(axis(share.value), y, 5.5, "accent", title=about)
    return drawing


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"
