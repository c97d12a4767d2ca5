"""Scores against what was spent: the best so far, and the champion's real trainings; baselines as dashed lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from speciate.report.axes import (
    Axis,
    count_label,
    horizontal_grid,
    padded,
    score_range,
    spread,
    vertical_grid,
    widest,
)
from speciate.report.data import Rival
from speciate.report.drawing import Drawing, Point, fitted
from speciate.report.phases import Training
from speciate.report.scores import Scale
from speciate.text import counted


def visible(rivals: Sequence[Rival], low: float, high: float) -> list[Rival]:
    """Those within the range of an axis."""
    return [rival for rival in rivals if low < rival.valid_score < high]


def label(rival: Rival, scale: Scale) -> str:
    """A baseline's name and score."""
    return f"{rival.name} {scale.show(rival.valid_score)}"


def rival_lines(drawing: Drawing, axis: Axis, rivals: Sequence[Rival], left: float, right: float) -> None:
    """One dashed line each."""
    for rival in rivals:
        y = axis(rival.valid_score)
        drawing.line([(left, y), (right, y)], "series-2", 1.2, dash=(5.0, 4.0))


T = TypeVar("T")


def best_so_far(
    steps: Sequence[tuple[int, float]], scale: Scale, width: float = 820, rivals: Sequence[Rival] = ()
) -> Drawing:
    """A staircase: the best validation score after so many trained networks, with the baselines as lines."""
    trained, best = steps[-1]
    height = 330.0 if width > 500 else 280.0
    about = f"The best validation {scale.name} rises from {scale.show(steps[0][1])} to {scale.show(best)}"
    drawing = Drawing(width, height, f"{about} over {counted(trained, 'trained network')}.")
    scores = settled(steps)
    near = min(scores) - 3 * max(best - min(scores), 1e-9)
    values = [*scores, *(r.valid_score for r in rivals if r.valid_score > near)]
    low, high = padded(min(values), max(values), share=0.12, ceiling=1.0)
    lines = visible(rivals, low, high)
    labels = [label(rival, scale) for rival in lines]
    last = f"best {scale.show(best)}"
    right = width - min(widest([*labels, last], 12.5) + 16, width * 0.35)
    labels = [fitted(text, 12.5, width - right - 8) for text in labels]
    vertical, horizontal = Axis(low, high, height - 52, 34), Axis(0, trained, 62, right)
    drawing.note(0, 14, f"best validation {scale.axis}")
    horizontal_grid(drawing, vertical, 62, right, scale.tick)
    vertical_grid(drawing, horizontal, height - 52, height - 46, count_label, 6 if width > 500 else 4)
    drawing.note((62 + right) / 2, height - 6, "networks trained", anchor="middle")
    rival_lines(drawing, vertical, lines, 62, right)
    seen = [(n, score) for n, score in steps if score >= low]
    drawing.line(staircase(seen, horizontal, vertical), "accent", 2.6)
    for number, score in seen[:-1] if len(seen) > 1 else seen:
        title = f"network {number:,}: {scale.show(score)}"
        drawing.dot(horizontal(number), vertical(score), 4, "accent", title=title)
    wanted = [(vertical(r.valid_score) + 4, text) for r, text in zip(lines, labels, strict=True)]
    for y, text in spread([*wanted, (vertical(best) + 4, last)], 16, 34, height - 50):
        own = text == last
        drawing.text(right + 8, y, text, 12.5, color="accent" if own else "series-2", bold=own)
    return drawing


def settled(steps: Sequence[tuple[int, T]], share: float = 0.05) -> list[T]:
    """The values after a share of the networks: the very first would stretch the axis too far."""
    start = share * steps[-1][0]
    before = [value for number, value in steps if number < start]
    return [*before[-1:], *(value for number, value in steps if number >= start)]


def staircase(steps: Sequence[tuple[float, float]], horizontal: Axis, vertical: Axis) -> list[Point]:
    """The corners of a curve that stays until it steps."""
    points: list[Point] = []
    for number, score in steps:
        if points:
            points.append((horizontal(number), points[-1][1]))
        points.append((horizontal(number), vertical(score)))
    return points


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
    drawing.note(0, 14, f"validation {scale.axis}")
    horizontal_grid(drawing, vertical, 62, width - 12, scale.tick, 5)
    for t in found:
        x = horizontal(max(1, t.examples))
        drawing.note(x, height - 30, count_label(t.examples, 1), 12, anchor="middle")
        if t.score is None:
            drawing.text(x, height - 58, fitted(t.status, 11, 60), 11, color="bad", anchor="middle")
    label = "training examples shown (each dot is a training of its own)"
    drawing.note((62 + width) / 2, height - 6, fitted(label, 12.5, width - 70), anchor="middle")
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
