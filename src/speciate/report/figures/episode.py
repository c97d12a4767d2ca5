"""What evolved without gradients: a network of single connections, and what it did in one episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speciate.report.axes import Axis, count_label, padded, tick_step, ticks, vertical_grid
from speciate.report.drawing import SERIES, Drawing, Point, curve, fitted
from speciate.text import counted

LEAST, MOST = 300.0, 760.0
"""Height of a drawing in pixels."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection of the champion: from, to, weight, and whether it carries the value of the step before."""

    source: int
    target: int
    weight: float
    delayed: bool


@dataclass(frozen=True, slots=True)
class WiredNetwork:
    """The champion as it is drawn.

    Attributes:
        inputs: How many inputs; the bias is node `inputs`.
        outputs: How many outputs.
        places: Position from 0 at the inputs to 1 at the outputs, and activation, of each node that is no input.
        wires: The enabled connections.
    """

    inputs: int
    outputs: int
    places: dict[int, tuple[float, str]]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class EpisodeTrace:
    """What the champion did in one episode.

    Attributes:
        columns: Names.
        rows: (steps, columns).
        seconds: Between two rows; None where time means nothing.
        every: Steps between two rows.
        outcome: In words.
    """

    columns: tuple[str, ...]
    rows: NDArray[np.float64]
    seconds: float | None
    every: int
    outcome: str


def wires(network: WiredNetwork, width: float = 820, names: Sequence[str] = ()) -> Drawing:
    """Nodes and connections; the larger a weight the thicker its line; dashed lines carry the value of the step before.

    Args:
        network: What to draw.
        width: Width in pixels.
        names: Of the inputs, then of the outputs, where they have names.
    """
    hidden = len(network.places) - network.outputs
    columns = _columns(network)
    height = min(MOST, max(LEAST, 34.0 * max(len(column) for column in columns) + 40))
    about = (
        f"The champion's network: {counted(network.inputs, 'input')}, {counted(hidden, 'hidden node')}, "
        f"{counted(network.outputs, 'output')}, {counted(len(network.wires), 'connection')}."
    )
    drawing = Drawing(width, height, about)
    left, right = (150.0, width - 120.0) if width > 500 else (78.0, width - 66.0)
    places = _places(network, columns, left, right, height)
    largest = max((abs(wire.weight) for wire in network.wires), default=1.0) or 1.0
    for wire in sorted(network.wires, key=lambda wire: abs(wire.weight)):
        _wire(drawing, wire, places, abs(wire.weight) / largest)
    radius = 7.0 if len(places) <= 60 else 4.0
    for node, (x, y) in places.items():
        _node(drawing, network, node, x, y, radius, names)
    return drawing


def _columns(network: WiredNetwork) -> list[list[int]]:
    """Nodes by how far right they are: inputs and bias, hidden nodes by position, outputs."""
    used = {wire.source for wire in network.wires}
    first = [node for node in range(network.inputs + 1) if node < network.inputs or node in used]
    outputs = [node for node in network.places if network.inputs < node <= network.inputs + network.outputs]
    hidden = sorted(set(network.places) - set(outputs), key=lambda node: (network.places[node][0], node))
    levels: dict[float, list[int]] = {}
    for node in hidden:
        levels.setdefault(round(network.places[node][0], 2), []).append(node)
    return [first, *levels.values(), sorted(outputs)]


def _places(
    network: WiredNetwork, columns: Sequence[Sequence[int]], left: float, right: float, height: float
) -> dict[int, Point]:
    """Where each node is; nodes of neighboring columns are shifted against each other, so that wires do not hide in nodes."""
    places: dict[int, Point] = {}
    for k, column in enumerate(columns):
        inner = 0 < k < len(columns) - 1
        shift = (0.5 if k % 2 else 0.25) if inner else 0.5
        for i, node in enumerate(column):
            share = network.places[node][0] if inner else float(k > 0)
            x = left + (right - left) * (0.08 + 0.84 * share if inner else share)
            places[node] = (x, 22 + (height - 44) * (i + shift) / len(column))
    return places


def _wire(drawing: Drawing, wire: Wire, places: dict[int, Point], share: float) -> None:
    color = "series-1" if wire.weight >= 0 else "series-2"
    start, end = places[wire.source], places[wire.target]
    points: list[Point] = [start, end]
    if wire.source == wire.target:
        x, y = start
        points = [(x - 4, y - 6), (x - 12, y - 22), (x, y - 28), (x + 12, y - 22), (x + 4, y - 6)]
    elif wire.delayed:  # around, so that it does not lie on the way forward
        middle = ((start[0] + end[0]) / 2, min(start[1], end[1]) - 26)
        points = curve(start, middle, end, 14)
    dash = (5.0, 4.0) if wire.delayed else ()
    drawing.line(points, color, 0.6 + 4.4 * share, dash=dash, opacity=0.35 + 0.5 * share)


def _node(
    drawing: Drawing,
    network: WiredNetwork,
    node: int,
    x: float,
    y: float,
    radius: float,
    names: Sequence[str],
) -> None:
    if node <= network.inputs:
        bias = node == network.inputs
        text = "bias" if bias else names[node] if node < len(names) else f"input {node}"
        drawing.dot(x, y, radius, "faint" if bias else "ink", title=text)
        drawing.note(x - 14, y + 4, fitted(text, 12, x - 18), 12, anchor="end")
        return
    activation = network.places[node][1]
    if node <= network.inputs + network.outputs:
        text = names[node - 1] if node - 1 < len(names) else f"output {node - network.inputs - 1}"
        drawing.dot(x, y, radius + 1, "accent", title=f"{text}, {activation}")
        drawing.note(x + 14, y + 4, fitted(text, 12, drawing.width - x - 16), 12)
    else:
        drawing.dot(x, y, radius, "series-3", title=f"node {node}, {activation}")


MOST_PANELS = 12
"""Numbers that are drawn."""
PANEL = 74.0
"""Height of a panel in pixels."""


def trace_panels(trace: EpisodeTrace, width: float = 820) -> Drawing:
    """The numbers over time, one panel below the other on one axis.

    Args:
        trace: What was recorded.
        width: Width in pixels.
    """
    names = trace.columns[:MOST_PANELS]
    height = PANEL * len(names) + 46
    drawing = Drawing(width, height, f"One episode of the champion, {trace.outcome}: {', '.join(names)}.")
    unit = trace.every * (trace.seconds or 1.0)
    horizontal = Axis(0, (len(trace.rows) - 1) * unit, 62, width - 10)
    for k, name in enumerate(names):
        _panel(drawing, name, trace.rows[:, k].tolist(), unit, horizontal, k * PANEL, SERIES[k % len(SERIES)])
    vertical_grid(drawing, horizontal, height - 40, height - 36, count_label, 8 if width > 500 else 4)
    label = "seconds" if trace.seconds else "steps"
    drawing.note((62 + width) / 2, height - 4, label, anchor="middle")
    return drawing


def _panel(
    drawing: Drawing, name: str, values: list[float], unit: float, horizontal: Axis, top: float, color: str
) -> None:
    low, high = padded(min(values), max(values), share=0.08)
    vertical = Axis(low, high, top + PANEL - 8, top + 20)
    step = tick_step(low, high, 3)
    for value in ticks(low, high, 3)[:3]:
        y = vertical(value)
        drawing.line([(62, y), (horizontal.end, y)], "grid")
        places = 0 if step >= 1 else 1 if step >= 0.1 else 3
        drawing.note(54, y + 4, f"{value:,.{places}f}", 10.5, anchor="end")
    drawing.text(62, top + 14, fitted(name, 12, horizontal.end - 62), 12, color="ink")
    drawing.line(((horizontal(i * unit), vertical(value)) for i, value in enumerate(values)), color, 1.5)
