"""Figures that show several algorithms side by side, in the same colors and on the same axes."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.axes import (
    Axis,
    count_label,
    horizontal_grid,
    padded,
    spread,
    vertical_grid,
    widest,
)
from speciate.report.comparing import ComparedRuns, Contrast, Group
from speciate.report.drawing import SERIES, Drawing, fitted, text_width
from speciate.report.figures.generations import (
    MOST_RIDGES,
    RING,
    below,
    box_plot,
    box_range,
    boxes_drawn,
    ridge_range,
    ridges,
)
from speciate.report.figures.progress import settled, staircase
from speciate.report.pages import NARROW, WIDE
from speciate.report.phases import Generation, generations_pooled
from speciate.report.scores import Scale
from speciate.report.statistics import Paired
from speciate.text import clean

TITLES = {
    "scores-test": "Test score of the champions",
    "scores-valid": "Validation score of the champions",
    "differences-test": "Paired differences, test score",
    "differences-valid": "Paired differences, validation score",
    "best-so-far": "The best so far",
    "generations-density": "How the populations moved",
    "generations-box": "The populations, generation by generation",
}
"""Title of every figure, by the name of its file."""

GAP = 36.0
"""Pixels between panels."""


def captions(found: ComparedRuns) -> dict[str, str]:
    """What to see in each figure, with nothing that it does not show, by the name of its file."""
    scale, groups = Scale(found.metric), found.groups
    done = [run for group in groups for run in group.finished]
    several = len({run.algorithm for run in done}) > 1 and any(contrast.seeds for contrast in found.contrasts)
    joined = "; lines join the runs of the same seed" * several
    joined += ", which have the same data and the same budget" * (several and not found.differing)
    over = f" with 95% confidence intervals over seeds ({scale.method})"
    bars = {of: any(getattr(g, of).n > 1 for g in groups) * over for of in ("test", "valid")}
    bands = any(c.test and c.test.difference.n > 1 for c in found.contrasts) or any(
        c.valid and c.valid.difference.n > 1 for c in found.contrasts
    )
    differs = "Dots are mean differences over the seeds that both algorithms finished"
    if bands:
        differs += (
            ", bands their 95% confidence intervals (Student's t). A band that crosses the upright line leaves open which of the "
            "two is better"
        )
    band = any(point.n > 1 for g in groups for _, point in g.curve)
    curves, boxes = (_drawn(groups, scale, kind) for kind in ("density", "box"))
    return {
        "scores-test": f"Each dot is the champion of one run{joined}. The bars are means{bars['test']}.",
        "scores-valid": f"Each dot is {valid_score(found)}{joined}. The bars are means{bars['valid']}. It was measured on rows that "
        "the search had seen scores of.",
        "differences-test": f"{differs}.",
        "differences-valid": f"{differs}. The score is {valid_score(found)}.",
        "best-so-far": "The mean over seeds of the best validation score after so many trained networks"
        f"{f', with its 95% band ({scale.method})' * band}, as far as every run goes.",
        "generations-density": "Each curve is the distribution of the validation scores of one generation over all seeds, the first "
        f"on top, all panels on the same axis; the upright mark is the mean. Curves are drawn to the same height.{curves}",
        "generations-box": "Each box is one generation over all seeds: the middle half, the median as a thick line, the mean as a "
        f"ring. All panels share the axis.{boxes}",
    }


def valid_score(found: ComparedRuns) -> str:
    """What the validation score of a run is."""
    final = {bool(run.data.findings.final) for g in found.groups for run in g.finished if run.data}
    mean, best = "the champion's mean over the trainings of its final", "the best score of a run's search"
    return f"{mean}, or without a final {best}" if len(final) > 1 else mean if True in final else best


def _drawn(groups: Sequence[Group], scale: Scale, kind: str) -> str:
    """What marks networks below the axis of the panels, and whether they leave generations out."""
    pooled = [found for _, _, found in _pooled(groups)]
    if not pooled:
        return ""
    low, _ = _limits(pooled, scale, kind)
    rooms = [_room(pooled, kind, width)[1] for width in (WIDE, NARROW)]
    most = min(MOST_RIDGES if kind == "density" else boxes_drawn(room) for room in rooms)
    words = below([(found, low) for found in pooled], RING if kind == "box" else "hollow dot at its left end")
    if any(len(found) > most for found in pooled):
        words += " Where there is no room for all generations, those that are drawn are evenly spaced."
    return words


def scores(groups: Sequence[Group], scale: Scale, measure: str, width: float = 820) -> Drawing:
    """One column an algorithm, one dot a run; the runs of a seed are joined; the mean with its interval beside."""
    values = [[(r.seed, v) for r in g.finished if (v := getattr(r, measure)) is not None] for g in groups]
    means = [getattr(g, measure) for g in groups]
    ends = [e for m in means for e in (m.low, m.high) if e is not None]
    every = [v for column in values for _, v in column]
    height = 380.0
    kind = "test" if measure == "test" else "validation"
    about = "; ".join(f"{g.algorithm} {scale.show(m.mean)}" for g, m in zip(groups, means, strict=True))
    drawing = Drawing(width, height, f"Mean {kind} {scale.name} by algorithm: {about}")
    low, high = padded(min([*every, *ends]), max([*every, *ends]), ceiling=1.0)
    axis, left = Axis(low, high, height - 56, 34), 62.0
    drawing.note(0, 14, f"{kind} {scale.axis}")
    horizontal_grid(drawing, axis, left, width, scale.tick)
    step = (width - left) / len(groups)
    columns = [left + (i + 0.38) * step for i in range(len(groups))]
    for seed in sorted({seed for column in values for seed, _ in column}):
        points = [(x, axis(v)) for x, c in zip(columns, values, strict=True) for s, v in c if s == seed]
        drawing.line(points, "faint", 1.2)
    for i, (x, group) in enumerate(zip(columns, groups, strict=True)):
        color = SERIES[i % len(SERIES)]
        for seed, value in values[i]:
            drawing.dot(x, axis(value), 4.5, color, opacity=0.8, title=f"seed {seed}: {scale.show(value)}")
        _mean(drawing, means[i], axis, x + min(34.0, step * 0.2), color, scale, step)
        drawing.text(
            x, height - 30, fitted(group.algorithm, 13, step - 8), 13, color=color, anchor="middle", bold=True
        )
        drawing.note(x, height - 13, f"n = {len(values[i])}", 11.5, anchor="middle")
    return drawing


def _mean(
    drawing: Drawing, mean: object, axis: Axis, x: float, color: str, scale: Scale, step: float
) -> None:
    value, low, high = (getattr(mean, name) for name in ("mean", "low", "high"))
    if value is None:
        return
    if low is not None and high is not None:
        drawing.line([(x, axis(low)), (x, axis(high))], color, 6, opacity=0.35)
    drawing.rect(x - 6, axis(value) - 1.5, 12, 3, color)
    if step > 90:
        shown = scale.show(value)
        drawing.rect(x + 9, axis(value) - 9, text_width(shown, 13) + 6, 18, "ground", opacity=0.85, radius=3)
        drawing.text(x + 12, axis(value) + 5, shown, 13, color=color, bold=True)


def progress(groups: Sequence[Group], scale: Scale, width: float = 820) -> Drawing:
    """The mean best so far of each algorithm, with its 95% band over seeds."""
    shown = [(i, g) for i, g in enumerate(groups) if g.curve]
    end = max(g.curve[-1][0] for _, g in shown)
    values = [v for _, g in shown for e in settled(g.curve) for v in (e.mean, e.low, e.high) if v is not None]
    height = 360.0
    last = [f"{g.algorithm} {scale.show(g.curve[-1][1].mean)}" for _, g in shown]
    drawing = Drawing(width, height, "Mean best validation score over seeds, at the end: " + "; ".join(last))
    low, high = padded(min(values), max(values), ceiling=1.0)
    right = width - min(widest(last, 12.5) + 14, width * 0.4)
    vertical, horizontal = Axis(low, high, height - 52, 34), Axis(0, end, 62, right)
    drawing.note(0, 14, f"best validation {scale.axis}, mean over seeds")
    horizontal_grid(drawing, vertical, 62, right, scale.tick)
    vertical_grid(drawing, horizontal, height - 52, height - 46, count_label, 6 if width > 500 else 4)
    drawing.note((62 + right) / 2, height - 6, "networks trained", anchor="middle")
    for i, group in shown:
        _band(drawing, group, horizontal, vertical, SERIES[i % len(SERIES)])
    ends = [(vertical(g.curve[-1][1].mean or low) + 4, str(k)) for k, (_, g) in enumerate(shown)]
    for y, k in spread(ends, 17, 34, height - 50):
        i = shown[int(k)][0]
        label = fitted(last[int(k)], 12.5, width - right - 8)
        drawing.text(right + 8, y, label, 12.5, color=SERIES[i % len(SERIES)], bold=True)
    return drawing


def _band(drawing: Drawing, group: Group, horizontal: Axis, vertical: Axis, color: str) -> None:
    means = [(n, e.mean) for n, e in group.curve if e.mean is not None and e.mean >= vertical.low]
    inside = [(n, e.low, e.high) for n, e in group.curve if e.low is not None and e.low >= vertical.low]
    lower = staircase([(n, low) for n, low, _ in inside], horizontal, vertical)
    upper = staircase([(n, high) for n, _, high in inside if high is not None], horizontal, vertical)
    if len(lower) > 1:
        drawing.area([*lower, *reversed(upper)], color, 0.14)
    drawing.line(staircase(means, horizontal, vertical), color, 2.4)


def differences(
    contrasts: Sequence[Contrast], first: str, scale: Scale, measure: str, width: float = 820
) -> Drawing:
    """One row an algorithm: the mean difference to the first with its interval, and every seed's as a dot."""
    rows: list[tuple[str, Paired]] = [
        (c.algorithm, found) for c in contrasts if (found := getattr(c, measure)) is not None
    ]
    ends = [
        e for _, p in rows for e in (p.difference.mean, p.difference.low, p.difference.high) if e is not None
    ]
    low, high = padded(min([0.0, *ends]), max([0.0, *ends]), 0.1)
    about = "; ".join(f"{name} {scale.difference(p.difference.mean)}" for name, p in rows)
    drawing = Drawing(width, 56.0 * len(rows) + 74, f"Paired difference to {first}: {about}")
    left, right, bottom = (150.0 if width > 500 else 84.0), width - 108.0, 30 + 56.0 * len(rows)
    axis = Axis(low, high, left, right)
    vertical_grid(drawing, axis, 26, bottom, scale.change_tick, 6 if width > 500 else 3)
    drawing.line([(axis(0), 22), (axis(0), bottom)], "soft", 1.5)
    drawing.note(axis(0), 14, f"same as {fitted(first, 12, 120)}", 12, anchor="middle")
    label = "better →" if width <= 500 else f"difference in {scale.name}, to the right is better"
    drawing.note((left + right) / 2, bottom + 40, label, anchor="middle")
    for i, (name, found) in enumerate(rows):
        color, y = SERIES[(i + 1) % len(SERIES)], 30 + 56.0 * (i + 0.5)
        change = found.difference
        drawing.text(0, y + 5, fitted(name, 14, left - 10), 14, color=color, bold=True)
        if change.low is not None and change.high is not None:
            drawing.line([(axis(change.low), y), (axis(change.high), y)], color, 7, opacity=0.3)
        drawing.dot(axis(change.mean or 0.0), y, 6, color)
        drawing.text(width, y + 5, scale.difference(change.mean), 13, anchor="end", bold=True)
    return drawing


def panels(groups: Sequence[Group], scale: Scale, kind: str, width: float = 820) -> Drawing:
    """The population by generation of every algorithm, over all seeds: "box" or "density", on shared axes."""
    pooled = _pooled(groups)
    limits = _limits([found for _, _, found in pooled], scale, kind)
    columns, room = _room([found for _, _, found in pooled], kind, width)
    made = [
        _panel(kind, found, scale, room, limits, g.algorithm, SERIES[i % len(SERIES)])
        for i, g, found in pooled
    ]
    rows = [made[k : k + columns] for k in range(0, len(made), columns)]
    height = sum(max(p.height for p in row) for row in rows) + GAP * (len(rows) - 1)
    drawing = Drawing(width, height, " ".join(p.about for p in made))
    y = 0.0
    for row in rows:
        for k, panel in enumerate(row):
            drawing.put(panel, k * (room + GAP), y)
        y += max(p.height for p in row) + GAP
    return drawing


def _pooled(groups: Sequence[Group]) -> list[tuple[int, Group, list[Generation]]]:
    """The place of each algorithm that has scores, its runs, and its generations over all seeds."""
    every = ((i, g, [r.data.findings.generations for r in g.runs if r.data]) for i, g in enumerate(groups))
    pooled = [(i, g, generations_pooled(runs)) for i, g, runs in every]
    return [(i, g, found) for i, g, found in pooled if any(part.scores for part in found)]


def _limits(pooled: Sequence[Sequence[Generation]], scale: Scale, kind: str) -> tuple[float, float]:
    """The ends of the axis that all panels share."""
    every = [part for found in pooled for part in found]
    return (box_range if kind == "box" else ridge_range)(every, scale, 0.04)


def _room(pooled: Sequence[Sequence[Generation]], kind: str, width: float) -> tuple[int, float]:
    """How many panels stand side by side, and the width of each."""
    most = max(len(found) for found in pooled)
    columns = (
        1 if width <= 500 else min(len(pooled), 2 if kind == "box" and (most > 10 or len(pooled) == 4) else 3)
    )
    return columns, (width - GAP * (columns - 1)) / columns


def _panel(
    kind: str,
    found: Sequence[Generation],
    scale: Scale,
    width: float,
    limits: tuple[float, float],
    name: str,
    color: str,
) -> Drawing:
    make = box_plot if kind == "box" else ridges
    inner = make(found, scale, width, limits=limits, color=color)
    panel = Drawing(width, inner.height + 26, f"{clean(name)}: {inner.about}.")
    panel.text(0, 16, fitted(name, 15, width), 15, color=color, bold=True)
    panel.put(inner, 0, 26)
    return panel


def comparison_figures(found: ComparedRuns, width: float) -> dict[str, Drawing]:
    """Every figure that the runs have something for, by the name of its file."""
    scale, groups = Scale(found.metric), found.groups
    made: dict[str, Drawing] = {}
    for measure in ("test", "valid"):
        if any(getattr(r, measure) is not None for g in groups for r in g.finished):
            made[f"scores-{measure}"] = scores(groups, scale, measure, width)
    for measure in ("test", "valid"):
        if any(getattr(c, measure) is not None for c in found.contrasts):
            drawn = differences(found.contrasts, groups[0].algorithm, scale, measure, width)
            made[f"differences-{measure}"] = drawn
    if any(g.curve for g in groups):
        made["best-so-far"] = progress(groups, scale, width)
    if any(part.scores for g in groups for r in g.runs if r.data for part in r.data.findings.generations):
        made["generations-density"] = panels(groups, scale, "density", width)
        made["generations-box"] = panels(groups, scale, "box", width)
    return made
