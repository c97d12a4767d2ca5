"""The champion's line of descent as a vertical chain: what changed, and what became of the score."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.drawing import Drawing, fitted
from speciate.report.lineage import LineageStep
from speciate.report.scores import Scale

ROW = 58.0
"""Height of a step in pixels."""


def lineage_chain(steps: Sequence[LineageStep], scale: Scale, width: float = 820, most: int = 14) -> Drawing:
    """The oldest ancestor on top, the champion at the bottom; long lines are cut in the middle."""
    shown: list[LineageStep | None] = list(steps)
    if len(steps) > most:
        shown = [*steps[:2], None, *steps[-(most - 3) :]]
    drawing = Drawing(width, ROW * len(shown) + 10, _about(steps, scale))
    x = 92.0
    for i, step in enumerate(shown):
        y = 26 + i * ROW
        if i + 1 < len(shown):
            dash = (2.0, 5.0) if step is None else ()
            drawing.line([(x, y), (x, y + ROW)], "faint", 2, dash=dash)
        if step is None:
            drawing.note(x + 24, y + 4, f"… {len(steps) - len(shown) + 1} more steps")
            continue
        _step(drawing, step, i == len(shown) - 1, x, y, scale)
    return drawing


def _step(drawing: Drawing, step: LineageStep, last: bool, x: float, y: float, scale: Scale) -> None:
    color = "accent" if last else "soft" if (step.change or 0) >= 0 else "bad"
    drawing.note(x - 24, y + 4, step.span, 12, anchor="end")
    drawing.dot(x, y, 9 if last else 6.5, color, hollow=not last)
    right = drawing.width
    drawing.text(right, y - 1, scale.show(step.score), 14, anchor="end", bold=last)
    if step.change is not None:
        tone = "good" if step.change > 0 else "bad" if step.change < 0 else "soft"
        drawing.text(right, y + 15, scale.difference(step.change), 11.5, color=tone, anchor="end")
    room = right - x - 24 - 110
    drawing.text(x + 24, y - 1, fitted(step.headline, 14, room), 14, bold=last)
    drawing.note(x + 24, y + 15, fitted(step.description, 11.5, room), 11.5)


def _about(steps: Sequence[LineageStep], scale: Scale) -> str:
    parts = [f"{s.span}: {s.headline}, {scale.show(s.score)}" for s in steps[:20]]
    return "The champion's line of descent. " + ". ".join(parts)
