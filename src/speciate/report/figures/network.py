"""A network, drawn from the input down: each layer a bar as wide as it has units."""

from __future__ import annotations

from collections import defaultdict

from speciate.report.drawing import Drawing, fitted, text_width
from speciate.report.network import Layer, Network
from speciate.report.text import clean, number, plural, shown

ROW, BAR = 74.0, 26.0
"""Distance of levels, and height of a bar, in pixels."""


def network_drawing(
    network: Network, width: float = 820, *, source: str = "input", answer: str = "output"
) -> Drawing:
    """The layers on their levels, with the wires between them.

    Args:
        network: What to draw.
        width: Width in pixels.
        source: What the input is, in words.
        answer: What the output is, in words.
    """
    levels: defaultdict[int, list[int]] = defaultdict(list)
    for i, layer in enumerate(network.layers):
        levels[layer.level].append(i)
    depth = max(levels) + 1
    parts = [_words(layer, source, answer) for layer in network.layers]
    about = " → ".join(", ".join(p for p in part if p) for part in parts)
    drawing = Drawing(width, ROW * depth + 4, f"The network: {about}")
    beside = all(len(members) == 1 for members in levels.values())
    room = width * (0.56 if width > 500 else 0.5) if beside else width
    places = _places(network, levels, room)
    for source_at, target_at in network.edges:
        far = network.layers[target_at].level - network.layers[source_at].level > 1
        _wire(drawing, places[source_at], places[target_at], 0.05 if far else 0.12)
    for i, layer in enumerate(network.layers):
        slot = room / len(levels[layer.level])
        _bar(drawing, layer, places[i], parts[i], room + 18 if beside else None, width if beside else slot)
    return drawing


def _places(
    network: Network, levels: dict[int, list[int]], room: float
) -> dict[int, tuple[float, float, float]]:
    """Middle, top and width of each bar."""
    most = max((layer.units or 1 for layer in network.layers), default=1)
    places: dict[int, tuple[float, float, float]] = {}
    for level, members in levels.items():
        slot = room / len(members)
        for k, i in enumerate(members):
            units = network.layers[i].units or 1
            wide = max(10.0, (slot - 16) * units / most)
            places[i] = ((k + 0.5) * slot, level * ROW + 14, wide)
    return places


def _wire(
    drawing: Drawing, above: tuple[float, float, float], below: tuple[float, float, float], shade: float
) -> None:
    """Every unit feeds every unit: a shaded band from bar to bar."""
    x1, y1, w1 = above
    x2, y2, w2 = below
    top, bottom = y1 + BAR, y2
    corners = [(x1 - w1 / 2, top), (x1 + w1 / 2, top), (x2 + w2 / 2, bottom), (x2 - w2 / 2, bottom)]
    drawing.area(corners, "accent", shade)
    for side in (-0.5, 0.5):
        drawing.line([(x1 + side * w1, top), (x2 + side * w2, bottom)], "accent", 0.8, opacity=0.5)


def _bar(
    drawing: Drawing,
    layer: Layer,
    place: tuple[float, float, float],
    words: tuple[str, str],
    beside: float | None,
    room: float,
) -> None:
    x, y, wide = place
    end = layer.kind in ("input", "output")
    drawing.rect(x - wide / 2, y, wide, BAR, "faint" if end else "accent", radius=4, title=" ".join(words))
    drop = number(layer.genes.get("dropout")) or 0.0
    if 0 < drop < 1:  # the share of units that each training step leaves out, hatched in a lighter tone
        drawing.rect(x + wide / 2 - wide * drop, y, wide * drop, BAR, "ground", opacity=0.45, radius=4)
    if beside is not None:
        drawing.text(beside, y + 12, fitted(words[0], 15, room - beside), 15, bold=not end)
        drawing.text(beside, y + 28, fitted(words[1], 12, room - beside), 12, color="soft")
    else:
        rest = [word for word in words[1].split(" · ") if word != layer.kind]
        text = fitted(" · ".join([words[0], *rest]), 11.5, room)
        half = text_width(text, 11.5) / 2 + 3
        drawing.rect(x - half, y - 15, 2 * half, 14, "ground", opacity=0.8, radius=3)
        drawing.text(x, y - 4, text, 11.5, anchor="middle")


def _words(layer: Layer, source: str, answer: str) -> tuple[str, str]:
    """What a layer is: a strong line and a soft one."""
    width = "" if layer.units is None else f"{layer.units:,}"
    if layer.kind == "input":
        return (plural(layer.units, "input") if layer.units else "input"), source
    if layer.kind == "output":
        return (plural(layer.units, "output") if layer.units else "output"), answer
    genes = dict(layer.genes)
    activation = clean(genes.pop("activation", layer.kind), 24)
    genes.pop("units", None)
    rest = [f"{clean(k.replace('_', ' '), 24)} {shown(v)}" for k, v in genes.items() if k != "dropout" or v]
    return f"{width} {activation}".strip(), " · ".join([clean(layer.kind, 24), *rest])
