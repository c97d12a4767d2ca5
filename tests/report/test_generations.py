"""The population's two figures where scores lie far apart: nothing is drawn where no score is, and every mean has a mark."""

from __future__ import annotations

import pytest

from speciate.report.drawing import Area, Dot, Drawing, Label, Polyline
from speciate.report.figures.generations import box_plot, box_range, ridge_range, ridges
from speciate.report.phases import Generation
from speciate.report.scores import Scale
from speciate.report.statistics import box

FLAT = (0.97, 0.97, 0.97, 0.97, 0.97, 0.98)
TAIL = (0.97, 0.97, 0.97, 0.97, 0.07, 0.16)
LOST = (-9e5, -1e6, -1.1e6, -1e6, -1e6, -1e6)


def population(*scores: tuple[float, ...]) -> list[Generation]:
    return [Generation(i, tuple(range(len(s))), s, 0, 0, box(s)) for i, s in enumerate(scores)]


def curves(drawing: Drawing) -> list[Polyline]:
    return [item for item in drawing.marks if isinstance(item, Polyline) and len(item.points) > 10]


def dots(drawing: Drawing) -> list[Dot]:
    """The marks of means: other dots are translucent."""
    return [item for item in drawing.marks if isinstance(item, Dot) and item.opacity == 1]


def said(drawing: Drawing) -> list[str]:
    return [item.text for item in drawing.marks if isinstance(item, Label)]


def height(line: Polyline) -> float:
    ys = [y for _, y in line.points]
    return max(ys) - min(ys)


def test_means_and_medians_are_on_the_axis_of_the_distributions() -> None:
    found = population(FLAT, TAIL)
    low, high = ridge_range(found, Scale("accuracy"))
    assert low < sum(TAIL) / 6 < 0.98 < high
    drawing = ridges(found, Scale("accuracy"))
    assert [dot.hollow for dot in dots(drawing)] == [False, False]
    assert "\N{BLACK LEFT-POINTING SMALL TRIANGLE}2" in said(drawing)
    first, second = curves(drawing)
    assert height(second) == pytest.approx(
        height(first), rel=0.02
    )  # the highest points of both are on the axis
    assert {"97.0%", f"{sum(TAIL) / 6:.1%}"} <= set(said(drawing))


def test_a_generation_below_the_axis_is_no_filled_rectangle() -> None:
    drawing = ridges(population(FLAT, FLAT, FLAT, FLAT, LOST), Scale("r2"))
    *others, lost = curves(drawing)
    assert height(lost) < 0.01
    assert all(height(line) > 30 for line in others)
    tops = [min(y for _, y in area.points) for area in drawing.marks if isinstance(area, Area)]
    assert max(tops) == pytest.approx(lost.points[0][1])
    assert [dot.hollow for dot in dots(drawing)] == [False, False, False, False, True]
    assert dots(drawing)[-1].x == pytest.approx(lost.points[0][0])
    assert "\N{BLACK LEFT-POINTING SMALL TRIANGLE}6" in said(drawing)


def test_a_mean_below_the_boxes_is_a_ring_at_the_edge() -> None:
    found = population(FLAT, TAIL)
    drawing = box_plot(found, Scale("accuracy"))
    low, _ = box_range(found, Scale("accuracy"))
    assert 0.9 < low < 0.97
    first, second = dots(drawing)
    assert second.y > first.y
    assert second.title.startswith("mean 68.")
    strokes = [line.points for line in drawing.marks if isinstance(line, Polyline)]
    assert ((second.x, second.y), (second.x, second.y + 11)) in strokes
    assert all(points[0] != (first.x, first.y) for points in strokes)
    assert "\N{BLACK DOWN-POINTING SMALL TRIANGLE}2" in said(drawing)


@pytest.mark.parametrize(
    ("metric", "scores", "low"),
    [
        ("accuracy", ((0.3,) * 4, (0.97,) * 20), 0.3),
        ("neg_log_loss", ((-0.4,) * 4, (-0.1,) * 20), -0.4),
        ("neg_log_loss", ((-0.6,) * 4, (-0.1,) * 20), -0.1),  # more than five times the error of the best
        ("r2", ((-2.0,) * 4, (0.8,) * 20), 0.8),
    ],
)
def test_how_far_an_axis_goes(metric: str, scores: tuple[tuple[float, ...], ...], low: float) -> None:
    for ends in (box_range, ridge_range):
        assert ends(population(*scores), Scale(metric), 0.0)[0] == pytest.approx(low, abs=0.06)
