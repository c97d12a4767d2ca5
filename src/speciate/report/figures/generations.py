"""The article's two figures: box plots of the population's scores by generation, and their distributions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.report.axes import Axis, horizontal_grid, padded, score_range, spread, vertical_grid, widest
from speciate.report.data import Rival
from speciate.report.drawing import Drawing, fitted
from speciate.report.figures.progress import label as rival_label
from speciate.report.figures.progress import rival_lines, visible
from speciate.report.pages import NARROW, WIDE
from speciate.report.phases import Generation, picked
from speciate.report.scores import Scale
from speciate.report.statistics import Box, density

GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, spread points evenly: a jitter that is the same in every drawing."""

MOST_POINTS = 1500
"""Points that are drawn in all; more would hide each other."""


MOST_RIDGES = 16
"""Distributions that one figure has room for."""


def box_range(found: Sequence[Generation], scale: Scale, air: float = 0.05) -> tuple[float, float]:
    """The ends of an axis for boxes: near enough to tell them apart, with every median on it, if that is within reason."""
    return _range(found, scale, 3.0, [part.box.median for part in found if part.box], air)


def ridge_range(found: Sequence[Generation], scale: Scale, air: float = 0.03) -> tuple[float, float]:
    """The ends of an axis for distributions: wide, with every median and mean on it, if that is within reason."""
    centers = [value for part in found if part.box for value in (part.box.median, part.box.mean)]
    return _range(found, scale, 30.0, centers, air)


def _range(
    found: Sequence[Generation], scale: Scale, reach: float, centers: Sequence[float], air: float
) -> tuple[float, float]:
    low, high = score_range([score for part in found for score in part.scores], reach)
    low = min([low, *(value for value in centers if value >= scale.floor(high))])
    return padded(low, high, air, ceiling=1.0)


def boxes_drawn(width: float) -> int:
    """How many boxes one figure has room for."""
    return max(8, int(width / 34))


def left_out(count: int, wide: int, narrow: int, what: str = "generations") -> str:
    """A sentence on the generations that a figure leaves out, by how many it has room for on a wide and on a narrow screen."""
    if count <= narrow:
        return ""
    if count <= wide:
        return f" A narrow screen has room for {narrow} of the {count} {what}, evenly spaced."
    less = "" if narrow == wide else f" ({narrow} on a narrow screen)"
    return f" Of the {count} {what}, {wide} are drawn, evenly spaced{less}."


def box_caption(
    found: Sequence[Generation], scale: Scale, rivals: Sequence[Rival] = (), size: str = ""
) -> str:
    """How to read the box plots, with nothing that they do not show.

    Args:
        found: The generations.
        scale: How scores are shown.
        rivals: Baselines.
        size: How many networks a generation has, in words.
    """
    drawn = [picked(found, boxes_drawn(width)) for width in (WIDE, NARROW)]
    ranges = [box_range(shown, scale) for shown in drawn]
    words = f"Each box is one generation{size and f' of {size}'}: the box holds the middle half, the thick line is the median, the ring "
    words += "the mean, each small dot a network."
    if any(sum(len(part.scores) for part in shown) > MOST_POINTS for shown in drawn):
        words += " There are too many networks for a dot each, so that only some have one."
    words += below([(shown, low) for shown, (low, _) in zip(drawn, ranges, strict=True)], RING)
    there = [len(visible(rivals, *ends)) for ends in ranges]
    if any(there):
        every = min(there) == len(rivals)
        words += (
            " Dashed lines are the baselines."
            if every
            else " Dashed lines are those baselines that are on the axis."
        )
    return words + left_out(len(found), boxes_drawn(WIDE), boxes_drawn(NARROW))


def ridge_caption(found: Sequence[Generation], scale: Scale, size: str) -> str:
    """How to read the distributions, with nothing that they do not show; see `box_caption`."""
    scored = [part for part in found if part.scores]
    shown = picked(scored, MOST_RIDGES)
    if len(shown) == 1:
        words = f"The curve is the distribution of the validation scores of one generation of {size}; the upright mark is the mean."
    else:
        words = (
            f"Each curve is the distribution of the validation scores of one generation of {size}, the first on top; the upright "
            "mark is the mean. Every curve is drawn to the same height, so compare where it lies and how wide it is."
        )
    what = "generations" if len(scored) == len(found) else "generations with scores"
    words += below([(shown, ridge_range(shown, scale)[0])], "hollow dot at its left end")
    return words + left_out(len(scored), MOST_RIDGES, MOST_RIDGES, what)


RING = "ring with a stroke under it"


def below(drawn: Sequence[tuple[Sequence[Generation], float]], mark: str) -> str:
    """What marks networks and means below the axis, where there are such: generations with the low end of their axis."""
    lows = [(part, low) for shown, low in drawn for part in shown]
    if not any(score < low for part, low in lows for score in part.scores):
        return ""
    means = any(part.box is not None and part.box.mean < low for part, low in lows)
    return (
        " A red number counts networks that score below the axis"
        + f"; a {mark} stands for a mean that does." * means
        + "." * (not means)
    )


def box_plot(
    found: Sequence[Generation],
    scale: Scale,
    width: float = 820,
    rivals: Sequence[Rival] = (),
    *,
    limits: tuple[float, float] | None = None,
    color: str = "accent",
    label: str = "",
) -> Drawing:
    """Box plots of the validation scores by generation, with the points, and the baselines as lines.

    Args:
        found: The generations.
        scale: How scores are shown.
        width: Width in pixels.
        rivals: Baselines.
        limits: Range of scores, where several drawings are to share one.
        color: The series' color.
        label: What the scores are, where they are not validation scores.
    """
    shown = picked(found, boxes_drawn(width))
    scores = [score for part in shown for score in part.scores]
    height = 400.0 if width > 500 else 320.0
    drawing = Drawing(width, height, _about("Box plots", shown, scale))
    low, high = limits or box_range(shown, scale)
    lines = visible(rivals, low, high)
    labels = [rival_label(rival, scale) for rival in lines]
    room = min(widest(labels, 12) + 14, width * 0.25) if labels and width > 500 else 12.0
    labels, right = [fitted(text, 12, max(room, 120)) for text in labels], width - room
    vertical = Axis(low, high, height - 66, 34)
    left = 62.0
    drawing.note(0, 14, label or f"validation {scale.axis}")
    horizontal_grid(drawing, vertical, left, right, scale.tick)
    rival_lines(drawing, vertical, lines, left, right)
    _rival_labels(drawing, vertical, lines, labels, right)
    step = (right - left) / max(1, len(shown))
    rate = max(1, -(-len(scores) // MOST_POINTS))
    for i, part in enumerate(shown):
        _column(drawing, part, vertical, left + (i + 0.5) * step, min(step * 0.56, 46.0), rate, scale, color)
    _numbers(drawing, shown, left, step, height)
    return drawing


def _rival_labels(
    drawing: Drawing, axis: Axis, rivals: Sequence[Rival], labels: Sequence[str], right: float
) -> None:
    if right < drawing.width - 20:
        places = [(axis(rival.valid_score) + 4, text) for rival, text in zip(rivals, labels, strict=True)]
        for y, text in spread(places, 15, axis.end, axis.start):
            drawing.text(right + 6, y, text, 12, color="series-2")
    elif labels:  # no margin for labels on a phone
        text = fitted("- - " + ", ".join(labels), 11, right - 130)
        drawing.text(right, 14, text, 11, color="series-2", anchor="end")


def _column(
    drawing: Drawing,
    part: Generation,
    axis: Axis,
    x: float,
    width: float,
    rate: int,
    scale: Scale,
    color: str,
) -> None:
    """One generation: box, whiskers, median, mean, points, and a count of what lies below the axis."""
    if part.box is None:
        drawing.text(x, axis.start - 8, "no scores", 11, color="bad", anchor="middle")
        return
    _box(drawing, part.box, axis, x, width, color)
    for i, (number, score) in enumerate(zip(part.ids, part.scores, strict=True)):
        if i % rate == 0 and score >= axis.low:
            at = x + ((number * GOLDEN) % 1 - 0.5) * width * 0.8
            drawing.dot(at, axis(score), 2.2, "ink", opacity=0.38)
    at = axis(part.box.mean)
    if part.box.mean < axis.low:  # the ring stays at the edge, and points down
        drawing.line([(x, at), (x, at + 11)], "ink", 1.6)
    drawing.dot(x, at, 4.2, "ink", hollow=True, title=f"mean {scale.show(part.box.mean)}")
    below = sum(score < axis.low for score in part.scores)
    if below:
        text = f"\N{BLACK DOWN-POINTING SMALL TRIANGLE}{below}"
        drawing.text(x, axis.start + 20, text, 11, color="bad", anchor="middle")


def _box(drawing: Drawing, box: Box, axis: Axis, x: float, width: float, color: str) -> None:
    if box.q3 < axis.low:
        return
    top, bottom = axis(box.q3), axis(box.q1)
    for start, end in ((box.q3, box.high), (box.q1, box.low)):
        if axis(start) != axis(end):
            drawing.line([(x, axis(start)), (x, axis(end))], color, 1.3)
    left, right = x - width / 2, x + width / 2
    drawing.rect(left, top, width, max(bottom - top, 1.0), color, opacity=0.18)
    outline = [(left, bottom), (left, top), (right, top), (right, bottom)]
    drawing.line(outline if box.q1 < axis.low else [*outline, (left, bottom)], color, 1.5)  # open below
    if box.median >= axis.low:
        drawing.line([(left, axis(box.median)), (right, axis(box.median))], color, 2.6)


def _numbers(drawing: Drawing, shown: Sequence[Generation], left: float, step: float, height: float) -> None:
    names = [str(part.number) for part in shown]
    every = max(1, -(-int(widest(names, 12) + 10) // max(1, int(step))))
    for i, text in enumerate(names):
        if i % every == 0:
            drawing.note(left + (i + 0.5) * step, height - 28, text, 12, anchor="middle")
    drawing.note(left + len(shown) * step / 2, height - 6, "generation", anchor="middle")


def ridges(
    found: Sequence[Generation],
    scale: Scale,
    width: float = 820,
    *,
    limits: tuple[float, float] | None = None,
    color: str = "accent",
) -> Drawing:
    """The distribution of the scores of each generation, one above the other, with the mean marked.

    Args:
        found: The generations.
        scale: How scores are shown.
        width: Width in pixels.
        limits: Range of scores, where several drawings are to share one.
        color: The series' color.
    """
    shown = picked([part for part in found if part.scores], MOST_RIDGES)
    row = 44.0 if len(shown) <= 10 else 34.0
    height = 40 + row * 1.2 + row * len(shown) + 34
    drawing = Drawing(width, height, _about("Distributions", shown, scale))
    low, high = limits or ridge_range(shown, scale)
    columns = _columns(shown, scale, width)
    room = width - min(x - widest([title, *texts], 12.5) for title, x, texts in columns)
    names = [str(part.number) for part in shown]
    left, right = max(widest(names, 12.5) + 14, 20.0), width - room - 14
    horizontal = Axis(low, high, left, right)
    top, bottom = 26.0, height - 44
    vertical_grid(drawing, horizontal, top, bottom, scale.tick, 6 if width > 300 else 4)
    drawing.note(0, 14, "generation")
    for title, x, _ in columns:
        drawing.note(x, 14, title, anchor="end")
    bases = [top + row * (i + 1.85) for i in range(len(shown))]
    peaks = [
        _ridge(drawing, part, horizontal, base, row * 1.35, color)
        for part, base in zip(shown, bases, strict=True)
    ]
    for i, (part, base) in enumerate(zip(shown, bases, strict=True)):
        _mean(drawing, part, horizontal, base, peaks[i])
        drawing.note(left - 12, base, names[i], anchor="end")
        for _, x, texts in columns:
            drawing.text(x, base, texts[i], 12.5, anchor="end", bold=i == len(shown) - 1)
    drawing.note((left + right) / 2, height - 6, f"validation {scale.axis}", anchor="middle")
    return drawing


def _columns(shown: Sequence[Generation], scale: Scale, width: float) -> list[tuple[str, float, list[str]]]:
    """The numbers beside the curves: a title, where they end, and a text for every generation; few have room on a phone."""
    means = [scale.show(part.box.mean) for part in shown if part.box]
    medians = [scale.show(part.box.median) for part in shown if part.box]
    columns = [("mean", width, means)]
    return (
        [("median", width - widest(["mean", *means], 12.5) - 16, medians), *columns]
        if width > 500
        else columns
    )


def _ridge(drawing: Drawing, part: Generation, axis: Axis, base: float, height: float, color: str) -> float:
    """Draw a density as far as the axis goes, its highest point at `height` wherever that lies; the height at the mean."""
    span = axis.high - axis.low
    grid = np.linspace(axis.low, axis.high, 320)
    every = np.concatenate([grid, np.asarray(part.scores)])  # a density is highest near some score
    found = density(part.scores, every, span / 90, span / 12)
    values, peak = found[: len(grid)], float(found.max()) or 1.0
    outline = [(axis(float(g)), base - height * float(v) / peak) for g, v in zip(grid, values, strict=True)]
    drawing.area([(axis.start, base), *outline, (axis.end, base)], "ground", 0.72)
    drawing.area([(axis.start, base), *outline, (axis.end, base)], color, 0.22)
    drawing.line(outline, color, 1.5)
    below = sum(score < axis.low for score in part.scores)
    if below:
        text = f"\N{BLACK LEFT-POINTING SMALL TRIANGLE}{below}"
        drawing.text(axis.start + 3, base - 7, text, 11, color="bad")
    mean = part.box.mean if part.box else axis.low
    return base - height * float(np.interp(mean, grid, values)) / peak


def _mean(drawing: Drawing, part: Generation, axis: Axis, base: float, top: float) -> None:
    """A line at the mean, as high as the curve there; a hollow dot at the edge if it is further left."""
    if part.box is None:
        return
    x, inside = axis(part.box.mean), part.box.mean >= axis.low
    if inside:
        drawing.line([(x, base), (x, top)], "ink", 1.6)
    drawing.dot(x, base, 3.4, "ink", hollow=not inside)


def _about(kind: str, shown: Sequence[Generation], scale: Scale) -> str:
    parts = [
        f"generation {part.number}: median {scale.show(part.box.median)}, mean {scale.show(part.box.mean)}"
        for part in shown
        if part.box is not None
    ]
    return f"{kind} of the validation {scale.name} by generation. " + "; ".join(parts)
