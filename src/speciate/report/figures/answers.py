"""A champion's answers in pictures: confusion, calibration, ROC curve, certainty, predictions and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speciate.report.axes import Axis, Label, horizontal_grid, padded, vertical_grid, widest
from speciate.report.drawing import Drawing, fitted
from speciate.report.scores import MINUS, short
from speciate.store import Diagnostics
from speciate.store.diagnostics import Certain, Labels, Residuals, Values
from speciate.text import clean, counted

LEFT, BOTTOM, TOP, GAP = 62.0, 52.0, 34.0, 40.0
"""Room for the labels of axes, and between two plots."""
SMALLEST = 25.0
"""Pixels of a cell that has room for its number."""
PLOT = 330.0
"""Height of a plot."""


def answer_figures(
    found: Diagnostics | None, classes: Sequence[str], target: str, width: float
) -> dict[str, Drawing]:
    """Every figure that there is something for, by name.

    Args:
        found: What was measured.
        classes: Labels.
        target: What is predicted.
        width: Width in pixels.
    """
    drawn: dict[str, Drawing] = {}
    labels, values = (found.labels, found.values) if found else (None, None)
    side = (width - GAP) / 2 if width > 500 else width
    if labels and labels.matrix:
        drawn["confusion"] = confusion(labels.matrix, classes, width)
    if labels and labels.bins:
        certain = certainty(labels.certain, side)
        second = [roc(labels, class_name(classes, 1), side)] if labels.roc else [certain]
        drawn["calibration"] = beside([calibration(labels, classes, side), *second], width)
        if labels.roc:
            drawn["certainty"] = certainty(labels.certain, width, 240.0)
    if values:
        target = clean(target, 40) or "value"
        drawn["predicted"] = beside([predicted(values, target, side), left_over(values, target, side)], width)
        drawn["residuals"] = residuals(values.residuals, target, width)
    return drawn


def class_name(classes: Sequence[str], i: int) -> str:
    """The label of a class."""
    return clean(classes[i], 60) if i < len(classes) else f"class {i}"


def beside(panels: Sequence[Drawing], width: float) -> Drawing:
    """Drawings side by side, or one below the other where there is no room."""
    across = sum(panel.width for panel in panels) + GAP * (len(panels) - 1) <= width + 1
    below = sum(panel.height for panel in panels) + GAP * (len(panels) - 1)
    height = max(panel.height for panel in panels) if across else below
    whole = Drawing(width, height, " ".join(panel.about for panel in panels))
    x = y = 0.0
    for panel in panels:
        whole.put(panel, x, y)
        x, y = (x + panel.width + GAP, y) if across else (x, y + panel.height + GAP)
    return whole


def confusion(matrix: Sequence[Sequence[float]], classes: Sequence[str], width: float) -> Drawing:
    """One row a class, one column an answer; the darker a cell, the larger its share of the row."""
    names = [class_name(classes, i) for i in range(len(matrix))]
    left = min(widest([*names, "true class"], 12) + 12, width * 0.3)
    side = min((width - left - 4) / len(matrix), 130.0)
    tall = min(side, 52.0)
    few = len(matrix) <= 6
    cells = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and (few or i != j)]
    told = cells if few else sorted(cells, key=lambda cell: (-cell[0], cell[1:]))[:10]
    parts = [f"{short(n)} of {names[i]} were called {names[j]}" for n, i, j in told]
    hits = sum(row[i] for i, row in enumerate(matrix))
    about = f"Confusion matrix of {counted(len(matrix), 'class', 'classes')}: "
    about += f"{short(hits)} of {short(sum(map(sum, matrix)))} rows right. {'; '.join(parts)}"
    drawing = Drawing(width, 46 + tall * len(matrix), about)
    drawing.note(0, 34, fitted("true class", 12, left - 8), 12)
    drawing.note(left, 14, "called", 12)
    for i, row in enumerate(matrix):
        y, total = 42 + tall * i, sum(row) or 1.0
        small = min(11.0, tall * 0.9)
        name = fitted(names[i], small + 1, left - 10)
        drawing.text(left - 8, y + tall / 2 + small / 3, name, small + 1, anchor="end")
        drawing.note(left + side * (i + 0.5), 34, fitted(names[i], small, side), small, anchor="middle")
        for j, n in enumerate(row):
            share, right = n / total, i == j
            title = f"{names[i]} called {names[j]}: {short(n)} ({share:.1%} of the class)"
            cell = left + side * j
            drawing.rect(cell + 1, y + 1, side - 2, tall - 2, "panel", radius=2.0, title=title)
            if n:
                color, deep = ("accent" if right else "series-2"), min(1.0, 0.12 + 0.88 * share)
                drawing.rect(cell + 1, y + 1, side - 2, tall - 2, color, opacity=deep, radius=2, title=title)
            if n and side >= SMALLEST:
                roomy, size = side > 60, 14.0 if side > 40 else 10.5
                style: Any = {
                    "color": "ground" if share > (0.5 if right else 0.75) else "ink",
                    "anchor": "middle",
                }
                at, line = cell + side / 2, y + tall / 2 + (-2 if roomy else 4.5)
                drawing.text(at, line, fitted(short(n), size, side - 2), size, bold=right, **style)
                if roomy:
                    drawing.text(at, line + 17, f"{share:.1%}", 11, **style)
    return drawing


def _frame(drawing: Drawing, x: Axis, y: Axis, labels: tuple[str, str], ticks: tuple[Label, Label]) -> None:
    """Grid, ticks and titles of a plot."""
    vertical_grid(drawing, x, y.end, y.start, ticks[0])
    horizontal_grid(drawing, y, x.start, x.end, ticks[1])
    drawing.note(0, 14, fitted(labels[1], 12.5, drawing.width))
    drawing.note(
        (x.start + x.end) / 2,
        drawing.height - 6,
        fitted(labels[0], 12.5, drawing.width - 40),
        anchor="middle",
    )


def _percent(value: float, step: float) -> str:
    return f"{value:.{1 if step < 0.01 else 0}%}"


def _plain(value: float, step: float) -> str:
    return "0" if abs(value) < step / 1000 else short(value).replace("-", MINUS)


def calibration(found: Labels, classes: Sequence[str], width: float) -> Drawing:
    """Share in which it came true against the probability, with the rows of each bin at the bottom."""
    drawing = Drawing(
        width, PLOT, f"Calibration curve: expected calibration error {found.calibration_error:.3f}"
    )
    parts = [f"{b.predicted:.0%} predicted, {b.seen.value:.0%} seen" for b in found.bins]
    drawing.about += f"; {'; '.join(parts)}."
    x, y = Axis(0, 1, LEFT, width - 12), Axis(0, 1, PLOT - BOTTOM, TOP)
    what = (
        f"probability of {class_name(classes, 1)}" if len(found.matrix) == 2 else "probability of the answer"
    )
    _frame(drawing, x, y, (what, "how often it is true"), (_percent, _percent))
    most = max(b.rows for b in found.bins) or 1
    for b in found.bins:
        tall = 46.0 * b.rows / most
        title = counted(b.rows, "row")
        drawing.rect(x(b.predicted) - 4, y.start - tall, 8, tall, "faint", opacity=0.55, title=title)
    drawing.line([(x(0), y(0)), (x(1), y(1))], "soft", 1.2, dash=(5.0, 4.0))
    drawing.line([(x(b.predicted), y(b.seen.value)) for b in found.bins], "accent", 2.0)
    for b in found.bins:
        if b.seen.low is not None and b.seen.high is not None:
            drawing.line(
                [(x(b.predicted), y(end)) for end in (b.seen.low, b.seen.high)], "accent", 5, opacity=0.28
            )
        title = f"{b.predicted:.1%} predicted, {b.seen.value:.1%} of {counted(b.rows, 'row')}"
        drawing.dot(x(b.predicted), y(b.seen.value), 4.5, "accent", title=title)
    drawing.text(
        LEFT + 10, TOP + 16, f"calibration error (ECE) {found.calibration_error:.3f}", 12.5, bold=True
    )
    return drawing


def roc(found: Labels, positive: str, width: float) -> Drawing:
    """The ROC curve of two classes."""
    area = "" if found.auc is None else f"area under the curve {found.auc.value:.3f}"
    drawing = Drawing(width, PLOT, f"ROC curve of {positive}: {area or 'area not known'}.")
    x, y = Axis(0, 1, LEFT, width - 12), Axis(0, 1, PLOT - BOTTOM, TOP)
    _frame(
        drawing, x, y, ("false alarms among all others", f"found among all {positive}"), (_percent, _percent)
    )
    drawing.line([(x(0), y(0)), (x(1), y(1))], "soft", 1.2, dash=(5.0, 4.0))
    points = [(x(a), y(b)) for a, b in found.roc]
    drawing.area([*points, (x(1), y(0)), (x(0), y(0))], "accent", 0.1)
    drawing.line(points, "accent", 2.4)
    drawing.text(width - 22, y.start - 34, area, 12.5, bold=True, anchor="end")
    if found.auc and found.auc.low is not None and found.auc.high is not None:
        ends = f"95% interval {found.auc.low:.3f} to {found.auc.high:.3f}"
        drawing.note(width - 22, y.start - 16, ends, 12, anchor="end")
    return drawing


def certainty(found: Sequence[Certain], width: float, height: float = PLOT) -> Drawing:
    """Accuracy against how many of the rows are answered, the most certain first."""
    parts = [f"{c.accuracy.value:.1%} on the most certain {c.share:.0%}" for c in found]
    drawing = Drawing(width, height, f"Accuracy by certainty: {'; '.join(parts)}.")
    ends = [
        end for c in found for end in (c.accuracy.low, c.accuracy.value, c.accuracy.high) if end is not None
    ]
    low, high = padded(min(ends, default=0.0), max(ends, default=1.0), 0.06, ceiling=1.0)
    x, y = Axis(0, 1, LEFT, width - 12), Axis(low, high, height - BOTTOM, TOP)
    label = "share of the rows, the most certain first"
    _frame(drawing, x, y, (label, "accuracy on these rows"), (_percent, _percent))
    bands = [(c, c.accuracy.low, c.accuracy.high) for c in found]
    known = [(x(c.share), low, high) for c, low, high in bands if low is not None and high is not None]
    if known:
        upper, lower = [(at, y(high)) for at, _, high in known], [(at, y(low)) for at, low, _ in known]
        drawing.area([*upper, *reversed(lower)], "accent", 0.16)
    drawing.line([(x(c.share), y(c.accuracy.value)) for c in found], "accent", 2.2)
    for c in found:
        title = f"the most certain {c.share:.0%} ({counted(c.rows, 'row')}): {c.accuracy.value:.1%}"
        drawing.dot(x(c.share), y(c.accuracy.value), 4.5, "accent", title=title)
    return drawing


def _dots(drawing: Drawing, points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> None:
    for a, b in points:
        drawing.dot(x(a), y(b), 2.6, "accent", opacity=0.45)


def predicted(found: Values, target: str, width: float) -> Drawing:
    """Predictions against values; a perfect one is on the diagonal."""
    every = [number for point in found.points for number in point]
    drawing = Drawing(width, PLOT, f"Predicted against true {target} of {counted(len(found.points), 'row')}.")
    low, high = padded(min(every), max(every), 0.04)
    x, y = Axis(low, high, LEFT, width - 12), Axis(low, high, PLOT - BOTTOM, TOP)
    _frame(drawing, x, y, (f"true {target}", f"predicted {target}"), (_plain, _plain))
    drawing.line([(x(low), y(low)), (x(high), y(high))], "soft", 1.2, dash=(5.0, 4.0))
    _dots(drawing, found.points, x, y)
    return drawing


def left_over(found: Values, target: str, width: float) -> Drawing:
    """Residuals against predictions; a perfect one is at 0."""
    points = [(guess, value - guess) for value, guess in found.points]
    drawing = Drawing(width, PLOT, "Residuals of the same rows against the prediction.")
    x = Axis(*padded(min(a for a, _ in points), max(a for a, _ in points), 0.04), LEFT, width - 12)
    y = Axis(
        *padded(min(0.0, *(b for _, b in points)), max(0.0, *(b for _, b in points))), PLOT - BOTTOM, TOP
    )
    _frame(drawing, x, y, (f"predicted {target}", "residual: true minus predicted"), (_plain, _plain))
    drawing.line([(x.start, y(0)), (x.end, y(0))], "soft", 1.2, dash=(5.0, 4.0))
    _dots(drawing, points, x, y)
    return drawing


def residuals(found: Residuals, target: str, width: float) -> Drawing:
    """How many rows have a residual in each of equal bins."""
    height, count = 240.0, len(found.counts)
    about = f"Distribution of residuals, mean {_plain(found.mean, 0)}, from {_plain(found.low, 0)} to {_plain(found.high, 0)}"
    drawing = Drawing(width, height, f"{about}; {counted(found.below + found.above, 'row')} beyond.")
    low, high = min(found.low, 0.0), max(found.high, found.low + 1e-300, 0.0)
    x, y = Axis(low, high, LEFT, width - 12), Axis(0, max(found.counts) * 1.08 or 1.0, height - BOTTOM, TOP)
    label = f"residual: true minus predicted {target}"
    _frame(drawing, x, y, (label, "rows"), (_plain, _plain))
    step = (x(found.high) - x(found.low)) / count
    for i, n in enumerate(found.counts):
        left = x(found.low) + i * step
        drawing.rect(
            left + 0.5, y(n), step - 1, y.start - y(n), "accent", opacity=0.75, title=counted(n, "row")
        )
    drawing.line([(x(0), y.start), (x(0), y.end)], "soft", 1.2, dash=(5.0, 4.0))
    for n, at, anchor in ((found.below, x.start, "start"), (found.above, x.end, "end")):
        if n:
            drawing.text(at, y.end + 12, f"{n:,} beyond", 11.5, color="bad", anchor=anchor)
    return drawing
