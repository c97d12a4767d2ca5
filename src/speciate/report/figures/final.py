"""The final as dots, and the champion's real trainings as a curve."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.axes import (
    Axis,
    count_label,
    horizontal_grid,
    padded,
    score_range,
    vertical_grid,
    widest,
)
from speciate.report.drawing import Drawing, fitted
from speciate.report.phases import Finalist, Training
from speciate.report.scores import Scale
from speciate.text import counted

ROW = 44.0
"""Height of a row in pixels."""


def final_dots(found: Sequence[Finalist], scale: Scale, width: float = 820) -> Drawing:
    """One row a finalist: a dot a training, the mean as a bar, the score that took it there as a hollow dot."""
    scores = [score for f in found for score in (*f.scores, f.search_score) if score is not None]
    low, high = padded(*score_range(scores), 0.08, ceiling=1.0)
    parts = [f"{f.description}: mean {scale.show(f.mean.mean)}{' (won)' if f.won else ''}" for f in found]
    wide = width > 500
    row = ROW if wide else ROW + 24  # on a phone the names have a line of their own
    drawing = Drawing(width, 30 + row * len(found) + 48, "The final. " + "; ".join(parts))
    left, right = (270.0 if wide else 8.0), width - widest(["mean", "99.9%"], 14) - 14
    axis = Axis(low, high, left, right)
    bottom = 30 + row * len(found)
    if wide:
        drawing.dot(left + 5, 10, 4, "series-2", hollow=True)
        drawing.text(left + 14, 14, "score in the search", 12, color="soft")
        drawing.dot(left + 149, 10, 4.5, "soft", opacity=0.65)
        drawing.text(left + 158, 14, "fresh seeds", 12, color="soft")
        drawing.line([(left + 245, 3), (left + 245, 17)], "soft", 2.6)
        drawing.text(left + 253, 14, "their mean", 12, color="soft")
    vertical_grid(drawing, axis, 26, bottom, scale.tick, 6 if wide else 4)
    drawing.text(width, 14, "mean", 12.5, color="soft", anchor="end")
    label = f"validation {scale.axis}"
    drawing.text((left + right) / 2, drawing.height - 6, label, 12.5, color="soft", anchor="middle")
    for i, finalist in enumerate(found):
        y = 30 + row * (i + 0.5)
        _name(drawing, finalist, y if wide else y - 26, left - 14 if wide else right)
        _finalist(drawing, finalist, axis, y if wide else y + 14, scale)
    return drawing


def _name(drawing: Drawing, finalist: Finalist, y: float, room: float) -> None:
    head, _, rest = finalist.description.partition(" · ")
    color = "accent" if finalist.won else "ink"
    drawing.text(0, y - 1, fitted(head, 13, room), 13, color=color, bold=finalist.won)
    drawing.text(0, y + 14, fitted(f"#{finalist.id} · {rest}", 11, room), 11, color="soft")


def _finalist(drawing: Drawing, finalist: Finalist, axis: Axis, y: float, scale: Scale) -> None:
    color = "accent" if finalist.won else "soft"
    if finalist.search_score is not None:
        title = f"in the search: {scale.show(finalist.search_score)}"
        drawing.dot(axis(finalist.search_score), y - 9, 4, "series-2", hollow=True, title=title)
    for score in sorted(finalist.scores):
        drawing.dot(axis(score), y + 3, 5, color, opacity=0.65, title=scale.show(score))
    if finalist.mean.mean is not None:
        x = axis(finalist.mean.mean)
        drawing.line([(x, y - 8), (x, y + 14)], color, 2.6)
    if finalist.failed:
        drawing.text(axis.start + 4, y + 7, f"{finalist.failed} failed", 11.5, color="bad")
    shown = scale.show(finalist.mean.mean)
    drawing.text(drawing.width, y + 5, shown, 14, anchor="end", bold=finalist.won)


def training_curve(found: Sequence[Training], scale: Scale, width: float = 820) -> Drawing:
    """Validation score against the examples of each training, on a doubling scale."""
    ok = [(t, t.score) for t in found if t.score is not None]
    height = 290.0
    parts = [f"{t.examples:,} examples {scale.show(score)}" for t, score in ok]
    drawing = Drawing(width, height, "The champion's trainings: " + "; ".join(parts))
    low, high = padded(*score_range([score for _, score in ok]), 0.18, ceiling=1.0)
    vertical = Axis(low, high, height - 52, 34)
    examples = [max(1, t.examples) for t in found]
    side = 62 + 26, width - 40
    horizontal = Axis(min(examples), max(max(examples), min(examples) + 1), *side, log=True)
    drawing.text(0, 14, f"validation {scale.axis}", 12.5, color="soft")
    horizontal_grid(drawing, vertical, 62, width - 12, scale.tick, 5)
    for t in found:
        x = horizontal(max(1, t.examples))
        drawing.text(x, height - 30, count_label(t.examples, 1), 12, color="soft", anchor="middle")
        if t.score is None:
            drawing.text(x, height - 58, fitted(t.status, 11, 60), 11, color="bad", anchor="middle")
    label = "training examples shown (each dot is a training of its own)"
    drawing.text(
        (62 + width) / 2, height - 6, fitted(label, 12.5, width - 70), 12.5, color="soft", anchor="middle"
    )
    drawing.line([(horizontal(max(1, t.examples)), vertical(s)) for t, s in ok], "accent", 2.2)
    for t, score in ok:
        x, y = horizontal(max(1, t.examples)), vertical(score)
        title = f"{counted(t.examples, 'example')}: {scale.show(score)}"
        drawing.dot(x, y, 7 if t.chosen else 4.5, "accent", hollow=not t.chosen, title=title)
        if t.chosen:
            drawing.text(
                x, y - 13, f"kept {scale.show(score)}", 12.5, color="accent", anchor="middle", bold=True
            )
    return drawing
