"""The baselines as dashed lines in figures of validation scores."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.axes import Axis
from speciate.report.data import Rival
from speciate.report.drawing import Drawing
from speciate.report.scores import Scale


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
