"""A network, drawn from the input down: each layer a bar on a row of its own, side paths and skips beside the main path."""

from __future__ import annotations

from speciate.report.drawing import Drawing, fitted
from speciate.report.figures.wiring import LayerBar, bar_widths, lane_middles, plain, wire
from speciate.report.layout import Layout, layout
from speciate.report.network import TIMES, DrawnLayer, DrawnNetwork, kind_words, layer_words
from speciate.store.values import number
from speciate.text import counted

BAR = 26.0
"""Height of a bar in pixels."""


def network_drawing(
    network: DrawnNetwork, width: float = 820, *, source: str = "input", answer: str = "output"
) -> Drawing:
    """The layers in their lanes, with the wires between them and the words beside them.

    Args:
        network: What to draw.
        width: Width in pixels.
        source: What the input is, in words.
        answer: What the output is, in words.
    """
    layers, wide = network.layers, width > 500
    found = layout(len(layers), network.edges)
    row = 74.0 if len(layers) <= 10 else 58.0 if len(layers) <= 24 else 48.0
    parts = [_words(layer, source, answer) for layer in layers]
    about = " → ".join(", ".join(p for p in part if p) for part in parts)
    drawing = Drawing(width, row * len(layers) - (row - BAR) + 18, f"The network: {about}{_skips(network)}")
    right, branching = width * (0.56 if wide else 0.5), not network.straight
    middles, room = lane_middles(found, 0, right - (14 if branching else 0))
    widths = bar_widths(layers, room, even=not plain(network))
    bars = [LayerBar(middles[found.lanes[i]], 14 + i * row, widths[i], BAR) for i in range(len(layers))]
    for edge in network.edges:
        straight = edge not in found.routes and found.lanes[edge[0]] == found.lanes[edge[1]]
        if straight:
            _band(drawing, bars[edge[0]], bars[edge[1]])
        else:
            drawing.line(wire(edge, bars, middles, found), "accent", 1.6)
    size = 15.0 if wide else 14.0
    for i, layer in enumerate(layers):
        _leader(drawing, bars[i], right - 6, found, i)
        _bar(drawing, layer, bars[i], " ".join(parts[i]))
        at, rest = bars[i].y + 12, width - right - 18
        if branching and layer.number:
            drawing.note(right + 14, at, f"{layer.number}", 10.5, anchor="end")
        drawing.text(right + 18, at, fitted(parts[i][0], size, rest), size, bold=not layer.end)
        drawing.note(right + 18, at + 16, fitted(parts[i][1], 12, rest), 12)
    return drawing


def _band(drawing: Drawing, above: LayerBar, below: LayerBar) -> None:
    """Between neighbors every number feeds every number: a shaded band from bar to bar."""
    top, bottom = above.bottom, below.y
    left, right = (above.x - above.width / 2, top), (above.x + above.width / 2, top)
    low = [(below.x + side * below.width, bottom) for side in (0.5, -0.5)]
    drawing.area([left, right, *low], "accent", 0.12)
    for line in ([left, low[1]], [right, low[0]]):
        drawing.line(line, "accent", 0.8, opacity=0.5)


def _leader(drawing: Drawing, bar: LayerBar, right: float, found: Layout, i: int) -> None:
    """From a layer beside the main path to its words."""
    if found.lanes[i]:
        y = bar.y + bar.height / 2
        drawing.line([(bar.x + bar.width / 2 + 4, y), (right, y)], "soft", 1.2, dash=(1.2, 4.0))


def _bar(drawing: Drawing, layer: DrawnLayer, bar: LayerBar, title: str) -> None:
    left = bar.x - bar.width / 2
    outlined = layer.parameters == 0 and not layer.end  # without weights
    fill, stroke = "faint" if layer.end else "wash" if outlined else "accent", "accent" if outlined else ""
    drawing.rect(left, bar.y, bar.width, BAR, fill, stroke=stroke, radius=4, title=title)
    drop = number(layer.genes.get("dropout")) or 0.0
    if 0 < drop < 1:  # the share of units that each training step leaves out, in a lighter tone
        left, lost = left + bar.width * (1 - drop), bar.width * drop
        drawing.rect(left, bar.y, lost, BAR, "ground", opacity=0.45, radius=4)


def _words(layer: DrawnLayer, source: str, answer: str) -> tuple[str, str]:
    """What a layer is: a strong line and a soft one."""
    if layer.kind == "input":
        return (counted(layer.units, "input") if layer.units else "input"), source
    if layer.kind == "output":
        return (counted(layer.units, "output") if layer.units else "output"), answer
    name, said = layer_words(layer.kind, layer.genes)
    kind, out = kind_words(layer.kind), layer.shape or ()
    size = f"{TIMES.join(f'{n:,}' for n in out)} out" if len(out) > 1 else ""
    if len(out) == 1 and layer.kind != "dense":
        size = f"{out[0]:,} out"
    soft = [*([kind] if kind not in name else []), *said, size]
    return name, " · ".join(part for part in soft if part)


def _skips(network: DrawnNetwork) -> str:
    """The connections in words, unless each layer simply feeds the next."""
    if network.straight:
        return ""
    names = [layer.kind if layer.end else f"{layer.number}" for layer in network.layers]
    said = ", ".join(f"{names[a]} to {names[b]}" for a, b in network.edges[:80])
    return f". Connections between the layers by number: {said}"
