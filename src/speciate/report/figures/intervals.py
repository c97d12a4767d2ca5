"""Scores with their intervals in rows: the champion beside the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.axes import Axis, padded, vertical_grid, widest
from speciate.report.data import Champion, Rival
from speciate.report.drawing import Drawing, fitted
from speciate.report.scores import Scale

ROW = 46.0
"""Height of a row in pixels."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A row: a name, what it is, a score, the ends of its interval if they are known."""

    name: str
    about: str
    score: float
    low: float | None
    high: float | None
    own: bool = False


def bars(champion: Champion | None, rivals: Sequence[Rival]) -> tuple[list[ScoreRow], bool]:
    """The rows to draw, best first, and whether they are of the sealed test (else of the validation)."""
    tested = champion is not None and champion.test_score is not None
    found = []
    for r in rivals:
        if not tested:
            found.append(ScoreRow(r.name, r.description, r.valid_score, None, None))
        elif r.test_score is not None:
            found.append(ScoreRow(r.name, r.description, r.test_score, r.test_low, r.test_high))
    if champion is not None:
        c = champion
        score = c.test_score if c.test_score is not None else c.valid_score
        if score is not None:
            found.append(ScoreRow("evolved", c.description, score, c.test_low, c.test_high, own=True))
    return sorted(found, key=lambda bar: (-bar.score, not bar.own)), tested


def interval_rows(rows: Sequence[ScoreRow], scale: Scale, tested: bool, width: float = 820) -> Drawing:
    """Dots with intervals, one row each; what lies far below the others is marked at the left edge."""
    wide = width > 500
    row = ROW if wide else ROW + 24  # on a phone the names have a line of their own
    height = 24 + row * len(rows) + 48
    kind = "test" if tested else "validation"
    about = "; ".join(f"{bar.name} {_words(bar, scale)}" for bar in rows)
    drawing = Drawing(width, height, f"{kind} {scale.name}: {about}".capitalize())
    low, high = _range(rows)
    values = [scale.show(bar.score) for bar in rows]
    left = 270.0 if wide else 8.0
    right = width - min(widest(values, 15) + 12, width * 0.3)
    horizontal = Axis(low, high, left, right)
    bottom = 16 + row * len(rows)
    vertical_grid(drawing, horizontal, 6, bottom, scale.tick, 7 if wide else 5)
    drawing.text((left + right) / 2, height - 8, f"{kind} {scale.axis}", 12.5, color="soft", anchor="middle")
    for i, bar in enumerate(rows):
        y = 16 + row * (i + 0.5)
        _name(drawing, bar, y if wide else y - 20, left - 14 if wide else right)
        y = y if wide else y + 18
        _row(drawing, bar, horizontal, y, scale)
        drawing.text(width, y + 5, values[i], 15, anchor="end", bold=bar.own)
    return drawing


def _name(drawing: Drawing, bar: ScoreRow, y: float, room: float) -> None:
    color = "accent" if bar.own else "ink"
    drawing.text(0, y - 1, fitted(bar.name, 14, room), 14, color=color, bold=bar.own)
    drawing.text(0, y + 14, fitted(bar.about, 11, room), 11, color="soft")


def _row(drawing: Drawing, bar: ScoreRow, axis: Axis, y: float, scale: Scale) -> None:
    color = "accent" if bar.own else "soft"
    if bar.score < axis.low:
        drawing.text(axis.start, y + 5, "\N{BLACK LEFT-POINTING SMALL TRIANGLE} far below", 12, color="soft")
        return
    if bar.low is not None and bar.high is not None:
        ends = [(axis(bar.low), y), (axis(bar.high), y)]
        drawing.line(ends, color, 7.0, opacity=0.3)
    drawing.dot(axis(bar.score), y, 7.0 if bar.own else 5.5, color, title=f"{bar.name}: {_words(bar, scale)}")


def _range(rows: Sequence[ScoreRow]) -> tuple[float, float]:
    """From the lowest to the highest end, without rows that lie far below all others."""
    kept = list(rows)
    while len(kept) > 2:
        rest = kept[:-1]
        bottom = min(_low(bar) for bar in rest)
        if kept[-1].score >= bottom - 1.5 * (max(_high(bar) for bar in rest) - bottom):
            break
        kept = rest
    low, high = min(map(_low, kept)), max(map(_high, kept))
    return padded(low, high, 0.06, ceiling=1.0)


def _low(bar: ScoreRow) -> float:
    return bar.score if bar.low is None else min(bar.low, bar.score)


def _high(bar: ScoreRow) -> float:
    return bar.score if bar.high is None else max(bar.high, bar.score)


def _words(bar: ScoreRow, scale: Scale) -> str:
    if bar.low is None or bar.high is None:
        return scale.show(bar.score)
    return f"{scale.show(bar.score)} ({scale.show(bar.low)} to {scale.show(bar.high)})"
