"""Figures of rows: scores with their intervals, the final, what came of each operator, columns, and the champion's lineage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.axes import Axis, padded, score_range, vertical_grid, widest
from speciate.report.credit import Credit
from speciate.report.data import Rival
from speciate.report.drawing import Drawing, fitted
from speciate.report.lineage import LineageStep
from speciate.report.phases import Finalist
from speciate.report.scores import DASH, Scale, operator_title
from speciate.store import ChampionSummary, Rung, RungNetwork
from speciate.store.diagnostics import Importance
from speciate.text import clean, counted


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A name, a description, a score and the ends of its interval if known; `own` marks the champion."""

    name: str
    about: str
    score: float
    low: float | None
    high: float | None
    own: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval, or the score itself."""
        return min(self.score, self.score if self.low is None else self.low), max(
            self.score, self.score if self.high is None else self.high
        )

    def words(self, scale: Scale) -> str:
        """The score and its interval."""
        between = "" if None in (self.low, self.high) else f" ({scale.between(self.low, self.high)})"
        return scale.show(self.score) + between


def score_rows(champion: ChampionSummary | None, rivals: Sequence[Rival]) -> tuple[list[ScoreRow], bool]:
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
    return sorted(found, key=lambda row: (-row.score, not row.own)), tested


def interval_rows(rows: Sequence[ScoreRow], scale: Scale, tested: bool, width: float = 820) -> Drawing:
    """Dots with intervals, one row each; what lies far below the others is marked at the left edge."""
    wide = width > 500
    step = 46.0 if wide else 70.0  # on a phone the names have a line of their own
    bottom = 16 + step * len(rows)
    kind = "test" if tested else "validation"
    about = "; ".join(f"{row.name} {row.words(scale)}" for row in rows)
    drawing = Drawing(width, bottom + 56, f"{kind} {scale.name}: {about}".capitalize())
    values = [scale.show(row.score) for row in rows]
    left, right = 270.0 if wide else 8.0, width - min(widest(values, 15) + 12, width * 0.3)
    axis = Axis(*_range(rows), left, right)
    vertical_grid(drawing, axis, 6, bottom, scale.tick, 7 if wide else 5)
    drawing.note((left + right) / 2, bottom + 48, f"{kind} {scale.axis}", anchor="middle")
    for i, row in enumerate(rows):
        y = 16 + step * (i + 0.5)
        _named(drawing, row.name, row.about, row.own, y if wide else y - 20, left - 14 if wide else right, 14)
        y = y if wide else y + 18
        color = "accent" if row.own else "soft"
        if row.score < axis.low:
            mark = "\N{BLACK LEFT-POINTING SMALL TRIANGLE} far below"
            drawing.note(axis.start, y + 5, mark, 12)
        else:
            if row.low is not None and row.high is not None:
                drawing.line([(axis(row.low), y), (axis(row.high), y)], color, 7.0, opacity=0.3)
            title = f"{row.name}: {row.words(scale)}"
            drawing.dot(axis(row.score), y, 7.0 if row.own else 5.5, color, title=title)
        drawing.text(width, y + 5, values[i], 15, anchor="end", bold=row.own)
    return drawing


def _named(drawing: Drawing, name: str, about: str, own: bool, y: float, room: float, size: float) -> None:
    """A name with its description below."""
    color = "accent" if own else "ink"
    drawing.text(0, y - 1, fitted(name, size, room), size, color=color, bold=own)
    drawing.note(0, y + 14, fitted(about, 11, room), 11)


def _range(rows: Sequence[ScoreRow]) -> tuple[float, float]:
    """From the lowest to the highest end, without rows that lie far below all others."""
    kept = list(rows)
    while len(kept) > 2:
        bottom, top = min(row.ends[0] for row in kept[:-1]), max(row.ends[1] for row in kept[:-1])
        if kept[-1].score >= bottom - 1.5 * (top - bottom):
            break
        kept.pop()
    ends = [end for row in kept for end in row.ends]
    return padded(min(ends), max(ends), 0.06, ceiling=1.0)


def final_dots(found: Sequence[Finalist], scale: Scale, width: float = 820) -> Drawing:
    """One row a finalist: a dot a training, the mean as a bar, the score that took it there as a hollow dot."""
    scores = [score for f in found for score in (*f.scores, f.search_score) if score is not None]
    parts = [f"{f.description}: mean {scale.show(f.mean.mean)}{' (won)' if f.won else ''}" for f in found]
    wide = width > 500
    row = 44.0 if wide else 68.0  # on a phone the names have a line of their own
    bottom = 30 + row * len(found)
    drawing = Drawing(width, bottom + 48, "The final. " + "; ".join(parts))
    left, right = (270.0 if wide else 8.0), width - widest(["mean", "99.9%"], 14) - 14
    axis = Axis(*padded(*score_range(scores), 0.08, ceiling=1.0), left, right)
    if wide:
        drawing.dot(left + 5, 10, 4, "series-2", hollow=True)
        drawing.note(left + 14, 14, "score in the search", 12)
        drawing.dot(left + 149, 10, 4.5, "soft", opacity=0.65)
        drawing.note(left + 158, 14, "fresh seeds", 12)
        drawing.line([(left + 245, 3), (left + 245, 17)], "soft", 2.6)
        drawing.note(left + 253, 14, "their mean", 12)
    vertical_grid(drawing, axis, 26, bottom, scale.tick, 6 if wide else 4)
    drawing.note(width, 14, "mean", anchor="end")
    label = f"validation {scale.axis}"
    drawing.note((left + right) / 2, bottom + 42, label, anchor="middle")
    for i, f in enumerate(found):
        y, (head, _, rest) = 30 + row * (i + 0.5), f.description.partition(" · ")
        at, room = (y, left - 14) if wide else (y - 26, right)
        _named(drawing, head, f"#{f.id} · {rest}", f.won, at, room, 13)
        _finalist(drawing, f, axis, y if wide else y + 14, scale)
    return drawing


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


MOST_NETWORKS = 12
"""Networks of a rung that are drawn."""


def rung_rows(found: Sequence[Rung], scale: Scale, width: float = 820) -> Drawing:
    """One row a network of each rung of a final: a dot a training, the mean as a bar; what went on, and how often it was kept."""
    wide, loss = width > 500, next((rung.loss for rung in found if rung.loss), "")
    step, head = (36.0, 36.0) if wide else (58.0, 38.0)  # on a phone the names have a line of their own
    shown = [(rung, rung.networks[:MOST_NETWORKS]) for rung in found]
    parts = [
        f"{rung.title}: best mean {scale.show(max((n.score for n in rung.networks if n.score is not None), default=None))} "
        f"of {len(rung.networks)}"
        for rung in found
    ]
    bottom = 26 + sum(head + step * len(networks) for _, networks in shown)
    drawing = Drawing(width, bottom + 48, "The final. " + "; ".join(parts))
    columns = [("kept", 40.0), (loss, 66.0 if wide else 54.0), ("mean", 62.0)]
    ends, right = {}, width
    for name, room in columns:
        if name:
            ends[name] = right
            right -= room
    left = 270.0 if wide else 8.0
    scores = [score for _, networks in shown for n in networks for score in n.scores]
    axis = Axis(*padded(*score_range(scores), 0.08, ceiling=1.0), left, right - 8)
    vertical_grid(drawing, axis, 26, bottom, scale.tick, 6 if wide else 4)
    drawing.note((left + right) / 2, bottom + 42, f"validation {scale.axis}", anchor="middle")
    for name, end in ends.items():
        drawing.note(end, 14, name, 12 if wide else 11, anchor="end")
    y = 26.0
    for rung, networks in shown:
        more = len(rung.networks) - len(networks)
        title = f"{rung.title}, {counted(len(rung.networks), 'network')}{f', {len(networks)} of them drawn' if more else ''}"
        drawing.rect(0, y + 10, width, 20, "grid", opacity=0.6, radius=3)
        drawing.text(8, y + 24, title, 12.5, bold=True)
        y += head
        for network in networks:
            first, _, rest = network.description.partition(" · ")
            color = "accent" if network.kept else "soft"
            at, room = (y + step / 2, left - 34) if wide else (y + 12, width - 30)
            _named(drawing, first, f"#{network.source} · {rest}", bool(network.kept), at, room, 13)
            _trained(drawing, network, axis, y + step / 2 if wide else y + 40, color, ends, loss, scale)
            y += step
    return drawing


def _trained(
    drawing: Drawing,
    network: RungNetwork,
    axis: Axis,
    y: float,
    color: str,
    ends: dict[str, float],
    loss: str,
    scale: Scale,
) -> None:
    """The scores of a network in its row, and what came of it."""
    strong = bool(network.kept) or network.went_on
    for score in sorted(network.scores):
        drawing.dot(axis(score), y, 4.5, color, opacity=0.65 if strong else 0.35, title=scale.show(score))
    if network.score is not None:
        drawing.line(
            [(axis(network.score), y - 10), (axis(network.score), y + 10)],
            color,
            2.6,
            opacity=1.0 if strong else 0.5,
        )
    if network.failed:
        drawing.text(axis.start + 4, y + 4, f"{network.failed} failed", 11.5, color="bad")
    tone = {"anchor": "end", "bold": bool(network.kept), "color": "ink" if strong else "soft"}
    drawing.text(ends["mean"], y + 5, scale.show(network.score), 13, **tone)
    if loss:
        drawing.text(
            ends[loss], y + 5, DASH if network.loss is None else Scale("").show(-network.loss), 13, **tone
        )
    if network.kept:
        drawing.text(
            ends["kept"],
            y + 5,
            f"{network.kept} \N{MULTIPLICATION SIGN}",
            13,
            anchor="end",
            bold=True,
            color="accent",
        )
    elif network.went_on:
        drawing.text(ends["kept"], y + 5, "\N{RIGHTWARDS ARROW}", 13, anchor="end")


MOST_OPERATORS = 20
"""Operators that are drawn: those with the most children."""


def operator_rows(
    found: Sequence[Credit], scale: Scale, width: float = 820, *, inherited: bool = False
) -> Drawing:
    """One row an operator: the share of its children that beat their parents, or their generation; the highest on top.

    Args:
        found: The credits, most children first.
        scale: How scores are shown.
        width: Width in pixels.
        inherited: Whether children are compared with the others of their generation instead of their parents.
    """
    rows = [(c.ahead, c.lead, c) if inherited else (c.better, c.change, c) for c in found[:MOST_OPERATORS]]
    rows.sort(key=lambda row: (-row[0].value, -row[2].children, row[2].operator))
    parts = [f"{operator_title(c.operator)} {share.value:.0%} of {share.n}" for share, _, c in rows]
    verb = (
        "that gained more than their generation's other children" if inherited else "better than their parent"
    )
    bottom, wide = 30 + 34.0 * len(rows), width > 500
    drawing = Drawing(width, bottom + 48, f"Children {verb}: " + "; ".join(parts))
    left, right = (220.0 if wide else 174.0), width - 12
    axis = Axis(0, 1, left, right)
    vertical_grid(drawing, axis, 26, bottom, lambda value, step: f"{value:.0%}", 6 if wide else 4)
    label = "children that scored higher than their parent" if wide else "better than the parent"
    if inherited:
        label = (
            "children that gained more than the others of their generation"
            if wide
            else "gained more than others"
        )
        drawing.line([(axis(0.5), 26), (axis(0.5), bottom)], "soft", 1.2, dash=(4.0, 4.0))
    drawing.note((left + right) / 2, bottom + 42, label, anchor="middle")
    drawing.note(0, 14, "operator")
    drawing.note(left - 14, 14, "children", anchor="end")
    for i, (share, gain, c) in enumerate(rows):
        y = 30 + 34.0 * (i + 0.5)
        drawing.text(0, y + 4, fitted(operator_title(c.operator), 13, left - 50), 13)
        drawing.note(left - 14, y + 4, f"{share.n:,}", 13, anchor="end")
        drawing.line([(axis(end), y) for end in share.interval], "accent", 7, opacity=0.28)
        if share.n:
            about = f"{share.hits} of {share.n}; on average {scale.difference(gain.mean)}"
            drawing.dot(axis(share.value), y, 5.5, "accent", title=about)
    return drawing


def importance_rows(found: Importance, scale: Scale, width: float = 820) -> Drawing:
    """One row a column of the table: by how much the score falls without it; the most important on top."""
    parts = [f"{clean(c.name, 40)} {scale.difference(c.fall.value).lstrip('+')}" for c in found.found]
    wide, bottom = width > 500, 10 + 28.0 * len(found.found)
    drawing = Drawing(width, bottom + 52, "Importance of columns: " + "; ".join(parts))
    values = [scale.difference(c.fall.value).removesuffix(" points") for c in found.found]
    left = min(widest([clean(c.name, 60) for c in found.found], 13) + 16, width * 0.36)
    right = width - widest(values, 13) - 16
    ends = [end for c in found.found for end in (c.fall.low, c.fall.value, c.fall.high) if end is not None]
    axis = Axis(*padded(min(0.0, *ends), max(0.0, *ends), 0.03), left, right)
    vertical_grid(drawing, axis, 6, bottom, scale.change_tick, 6 if wide else 4)
    unit = ", in points" if scale.difference(1.0).endswith("points") else ""
    words = "how much worse when the column is shuffled" if wide else "worse when shuffled"
    drawing.note(width, bottom + 44, fitted(f"{words} ({scale.name}{unit})", 12.5, width), anchor="end")
    drawing.line([(axis(0), 6), (axis(0), bottom)], "soft", 1.2)
    for i, c in enumerate(found.found):
        y, low, high = 10 + 28.0 * (i + 0.5), c.fall.low, c.fall.high
        color = "soft" if low is not None and low <= 0 else "accent"
        drawing.text(0, y + 4, fitted(c.name, 13, left - 12), 13)
        start, end = sorted((axis(0), axis(c.fall.value)))
        drawing.rect(start, y - 8, end - start, 16, color, opacity=0.3, radius=2)
        if low is not None and high is not None:
            drawing.line([(axis(low), y), (axis(high), y)], color, 1.6)
        title = f"{c.name}: {scale.difference(c.fall.value)} ({scale.changes(low, high)})"
        drawing.dot(axis(c.fall.value), y, 4.5, color, title=title)
        drawing.text(width, y + 4, values[i].lstrip("+"), 13, anchor="end", bold=color == "accent")
    return drawing


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
