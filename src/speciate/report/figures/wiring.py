"""Bars in lanes and the wires between them: what every drawing of a graph is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.drawing import Point, curve
from speciate.report.layout import Edge, Layout
from speciate.report.network import DrawnLayer, DrawnNetwork

WIRE = 14.0
"""Width of a lane that holds only wires, in pixels, where there is room."""


@dataclass(frozen=True, slots=True)
class LayerBar:
    """Where a layer is: its middle, top, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """Where its wires leave."""
        return self.y + self.height

    def port(self, x: float) -> float:
        """The place on the bar that is nearest to a wire's lane."""
        reach = max(0.0, self.width / 2 - min(10.0, self.width / 4))
        return min(self.x + reach, max(self.x - reach, x))


def lane_middles(found: Layout, left: float, right: float, wire: float = WIRE) -> tuple[list[float], float]:
    """The middle of every lane, the main one rightmost, beside the words; and the room for a bar."""
    bars = found.inhabited
    wires = found.count - len(bars)
    thin = min(wire, (right - left) / (found.count + 1)) if wires else 0.0
    wide = (right - left - thin * wires) / max(1, len(bars))
    middles, edge = [], right
    for lane in range(found.count):
        width = wide if lane in bars else thin
        middles.append(edge - width / 2)
        edge -= width
    return middles, wide * (0.94 if found.count > 1 else 1.0)


def bar_widths(
    layers: Sequence[DrawnLayer], room: float, least: float = 10.0, even: bool = False
) -> list[float]:
    """How wide the bars are.

    Args:
        layers: The layers.
        room: Width of the widest.
        least: Width of the narrowest.
        even: Whether widths go by the logarithm of the sizes: images have thousands of numbers where heads have ten.
    """
    size = [math.log2(1 + (layer.units or 1)) if even else float(layer.units or 1) for layer in layers]
    most = max(size, default=1.0)
    return [max(min(least, room), room * value / most) for value in size]


def wire(edge: Edge, bars: Sequence[LayerBar], middles: Sequence[float], found: Layout) -> list[Point]:
    """The way of an edge from bar to bar, around all that lies between.

    Between two rows, what leaves the upper layer runs sideways above what arrives at the lower one; so all that shares a
    sideways line has one source or one target.
    """
    above, below = bars[edge[0]], bars[edge[1]]
    if edge not in found.routes:
        source, target = found.lanes[edge[0]], found.lanes[edge[1]]
        ends = (above.x, below.x) if source == target else (above.port(below.x), below.port(above.x))
        across = _across(above.bottom, below.y, *ends, 0.34 if target > source else 0.66)
        return _rounded([(ends[0], above.bottom), *across, (ends[1], below.y)])
    x = middles[found.routes[edge]]
    first, last = bars[edge[0] + 1], bars[edge[1] - 1]
    leave, arrive = above.port(x), below.port(x)
    down = _across(above.bottom, first.y, leave, x, 0.34)
    up = _across(last.bottom, below.y, x, arrive, 0.66)
    return _rounded([(leave, above.bottom), *down, *up, (arrive, below.y)])


def _across(top: float, bottom: float, x1: float, x2: float, share: float) -> list[Point]:
    """The sideways line between two rows, part of the way down."""
    y = top + share * (bottom - top)
    return [] if abs(x1 - x2) < 0.5 else [(x1, y), (x2, y)]


def _rounded(points: Sequence[Point], radius: float = 7.0) -> list[Point]:
    """A way of upright and sideways lines with its corners cut round."""
    way = [points[0]]
    for (x0, y0), (x1, y1), (x2, y2) in zip(points, points[1:], points[2:], strict=False):
        before, after = math.hypot(x1 - x0, y1 - y0), math.hypot(x2 - x1, y2 - y1)
        r = min(radius, before / 2, after / 2)
        if r < 0.5:
            way.append((x1, y1))
            continue
        ax, ay = x1 + (x0 - x1) * r / before, y1 + (y0 - y1) * r / before
        bx, by = x1 + (x2 - x1) * r / after, y1 + (y2 - y1) * r / after
        way += curve((ax, ay), (x1, y1), (bx, by), 4)  # it touches both lines
    return [*way, points[-1]]


def plain(network: DrawnNetwork) -> bool:
    """Whether it is one path of dense layers, whose bars can be compared unit by unit."""
    return network.straight and all(layer.kind == "dense" for layer in network.layers if not layer.end)
