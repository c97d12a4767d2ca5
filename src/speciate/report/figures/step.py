"""A step of the lineage: parent and child side by side, with a sign and a tone for all that is not as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.drawing import Drawing, fitted, wrapped
from speciate.report.figures.wiring import LayerBar, bar_widths, lane_middles, wire
from speciate.report.layout import Layout, Row, aligned, layout
from speciate.report.network import DrawnLayer, one_line
from speciate.report.scores import MINUS, Scale, operator_title
from speciate.report.steps import ADDED, BOTH, CHANGED, FIRST, REMOVED, SECOND, DrawnStep, Remark, StepNetwork
from speciate.text import counted

BAR, LINE, GAP = 12.0, 14.0, 26.0
"""Height of a bar, height of a line of small print, and room between two columns, in pixels."""

LEAST, SMALL = 118.0, 220.0
"""The least room for words, and the width under which a column is set smaller, in pixels."""

TONES = {ADDED: "added", REMOVED: "removed", CHANGED: "changed", FIRST: "first", SECOND: "second"}
MEANINGS = {
    ADDED: "added",
    REMOVED: "removed",
    CHANGED: "changed",
    FIRST: "from parent A",
    SECOND: "from parent B",
    BOTH: "the same in both parents",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A network of the step and where its parts are.

    Attributes:
        member: The network.
        title: What stands above it.
        left: Its left edge.
        right: Its right edge.
        text: Where the words begin.
        size: Size of the words.
        found: Its lanes.
        middles: The middle of each lane.
        widths: The width of each bar.
        notes: The small print of each layer: lines with their colors.
    """

    member: StepNetwork
    title: str
    left: float
    right: float
    text: float
    size: float
    found: Layout
    middles: Sequence[float]
    widths: Sequence[float]
    notes: Sequence[Sequence[tuple[str, str]]]


def step_drawing(step: DrawnStep, scale: Scale, width: float = 820) -> Drawing:
    """The parents on the left, the child on the right, what they share on one row.

    Where words would have too little room, the child stands below.
    """
    members = [*step.parents, step.child]
    first = step.parents[0].name
    titles = [f"parent {first}" if first.startswith("#") else first, f"child {step.child.name}"]
    if len(step.parents) > 1:
        titles = [f"parent {letter} · {p.name}" for letter, p in zip("AB", step.parents, strict=True)]
        titles.append(f"child {step.child.name}")
    drawing = Drawing(width, 0, _about(step, scale))
    y, at = 0.0, 0
    for count in _groups(members, width):
        here = slice(at, at + count)
        y = _frame(drawing, members[here], titles[here], scale, step, y, width) + 10
        at += count
    drawing.height = _foot(drawing, step, y)
    return drawing


def _groups(members: Sequence[StepNetwork], width: float) -> tuple[int, ...]:
    """How many networks stand beside each other, from top to bottom: as many as leave their words room."""
    parents = len(members) - 1
    for groups in ((parents + 1,), (parents, 1)):
        if all(_room(members, width, count)[1] >= LEAST for count in groups):
            return groups
    return (1,) * len(members)


def _room(members: Sequence[StepNetwork], width: float, count: int) -> tuple[float, float, float]:
    """The width of a column beside others, of its words, and of its lanes."""
    room = (width - GAP * (count - 1)) / count
    unit, thin, most = (18.0, 6.0, 0.3) if room < SMALL else (34.0, 9.0, 0.36)
    layouts = [layout(len(m.network.layers), m.network.edges) for m in members]
    wanted = max(len(f.inhabited) * unit + (f.count - len(f.inhabited)) * thin for f in layouts)
    lanes = min(wanted, room * most)
    return room, room - lanes - (28 if room < SMALL else 44), lanes


def _frame(
    drawing: Drawing,
    members: Sequence[StepNetwork],
    titles: Sequence[str],
    scale: Scale,
    step: DrawnStep,
    top: float,
    width: float,
) -> float:
    """Some networks beside each other; where they end."""
    columns = _columns(members, titles, width)
    rows = aligned([[layer.mark for layer in member.network.layers] for member in members])
    tops, bottom = _tops(rows, columns, top + 34)
    for k, column in enumerate(columns):
        _head(drawing, column, scale, step if column.member is step.child else None, top)
        places = {row[k]: tops[r] for r, row in enumerate(rows)}
        heights = {row[k]: ([*tops, bottom])[r + 1] - tops[r] for r, row in enumerate(rows)}
        crossed = len(step.parents) > 1 and column.member is not step.child
        _network(drawing, column, places, heights, crossed)
    return bottom


def _columns(members: Sequence[StepNetwork], titles: Sequence[str], width: float) -> list[_Column]:
    room, words, lanes = _room(members, width, len(members))
    narrow, thin = (True, 6.0) if room < SMALL else (False, 9.0)
    layouts = [layout(len(m.network.layers), m.network.edges) for m in members]
    lefts = [k * (room + GAP) for k in range(len(members))]
    ways = [lane_middles(f, x + 4, x + 4 + lanes, thin) for f, x in zip(layouts, lefts, strict=True)]
    every = [layer for member in members for layer in member.network.layers]
    widths = iter(bar_widths(every, min(bar for _, bar in ways) - 2, 6.0, even=True))  # one scale for all
    return [
        _Column(
            member=members[k],
            title=titles[k],
            left=lefts[k],
            right=lefts[k] + room,
            text=lefts[k] + room - words,
            size=11.5 if narrow else 12.5,
            found=layouts[k],
            middles=ways[k][0],
            widths=[next(widths) for _ in members[k].network.layers],
            notes=[_notes(remark, words - 4) for remark in members[k].remarks],
        )
        for k in range(len(members))
    ]


def _notes(remark: Remark, room: float) -> list[tuple[str, str]]:
    """The small print under a layer: what changed, and where its weights came from."""
    lines = [(line, TONES[CHANGED]) for line in wrapped(remark.changes[:6], 11, room)]
    lines += [(line, "soft") for line in wrapped([remark.origin] if remark.origin else [], 11, room)]
    return lines


def _tops(rows: Sequence[Row], columns: Sequence[_Column], top: float) -> tuple[list[float], float]:
    """The upper edge of every row, and the lower one of the last."""
    tops, y = [], top
    for row in rows:
        tops.append(y)
        lines = max(len(c.notes[i]) for c, i in zip(columns, row, strict=True) if i is not None)
        y += 24 + LINE * lines
    return tops, y


def _head(drawing: Drawing, column: _Column, scale: Scale, child: DrawnStep | None, top: float) -> None:
    drawing.text(column.left + 4, top + 14, fitted(column.title, 13, 160), 13, bold=True)
    drawing.text(column.right - 4, top + 14, scale.show(column.member.score), 13, anchor="end")
    drawing.line([(column.left, top + 24), (column.right, top + 24)], "faint", 1)
    if child is not None and child.change is not None and column.right - column.left > 300:
        tone = "good" if child.change > 0 else "bad" if child.change < 0 else "soft"
        words = scale.difference(child.change)
        drawing.text(column.right - 60, top + 14, words, 11.5, color=tone, anchor="end")


def _network(
    drawing: Drawing,
    column: _Column,
    places: dict[int | None, float],
    heights: dict[int | None, float],
    crossed: bool,
) -> None:
    """Tinted rows, wires, bars and words of one network."""
    layers, remarks = column.member.network.layers, column.member.remarks
    bars = []
    for i, remark in enumerate(remarks):
        x = column.middles[column.found.lanes[i]]
        bars.append(LayerBar(x, places[i] + 6, column.widths[i], BAR))
        if remark.sign and not (crossed and remark.sign == REMOVED):
            tone = TONES.get(remark.sign, "soft")
            wide = column.right - column.left
            drawing.rect(column.left, places[i] + 1, wide, heights[i] - 2, tone, opacity=0.12, radius=4)
    signs = column.member.edges
    for edge, sign in sorted(zip(column.member.network.edges, signs, strict=True), key=lambda e: bool(e[1])):
        way = wire(edge, bars, column.middles, column.found)
        dash = (3.0, 3.0) if sign == REMOVED else ()
        drawing.line(way, TONES.get(sign, "soft"), 2.2 if sign else 1.3, dash=dash)
    for layer, remark, bar, notes in zip(layers, remarks, bars, column.notes, strict=True):
        words = _title(layer)
        _bar(drawing, layer, remark, bar, crossed, words)
        y = bar.y + 10
        if not layer.end:
            drawing.note(
                column.text - (18 if column.size < 12 else 22), y, f"{layer.number}", 10.5, anchor="end"
            )
        tone = "soft" if crossed and remark.sign == REMOVED else TONES.get(remark.sign, "ink")
        sign = remark.sign.replace(REMOVED, MINUS)
        small, room = (10 if len(sign) > 1 else column.size), column.right - column.text - 2
        drawing.text(column.text - 4, y, sign, small, color=tone, bold=True, anchor="end")
        drawing.text(
            column.text, y, fitted(words, column.size, room), column.size, color=tone, bold=bool(remark.sign)
        )
        for k, (text, color) in enumerate(notes, 1):
            drawing.text(column.text, y + 1 + LINE * k, text, 11, color=color)


def _bar(
    drawing: Drawing, layer: DrawnLayer, remark: Remark, bar: LayerBar, crossed: bool, title: str
) -> None:
    left, sign = bar.x - bar.width / 2, remark.sign
    if sign == REMOVED:
        tone = "soft" if crossed else "removed"
        drawing.rect(left, bar.y, bar.width, BAR, "ground", stroke=tone, radius=2.5, title=title)
    elif sign == BOTH:
        drawing.rect(left, bar.y, bar.width / 2, BAR, "first", radius=2.5, title=title)
        drawing.rect(bar.x, bar.y, bar.width / 2, BAR, "second", radius=2.5, title=title)
    else:
        fill = TONES.get(sign, "faint" if layer.end else "soft")
        drawing.rect(left, bar.y, bar.width, BAR, fill, radius=2.5, title=title)


def _title(layer: DrawnLayer) -> str:
    if layer.end:
        return counted(layer.units, layer.kind) if layer.units else layer.kind
    return one_line(layer.kind, layer.genes)


def _foot(drawing: Drawing, step: DrawnStep, top: float) -> float:
    """What changed besides the layers, and what the signs mean; where it ends."""
    y = top
    said = [(ADDED if " added" in words else REMOVED, words) for words in step.wiring[:8]]
    said += [(CHANGED, words) for words in step.hyper[:12]]
    for sign, words in said:
        y += 17
        drawing.text(4, y, sign.replace(REMOVED, MINUS), 13, color=TONES[sign], bold=True)
        drawing.text(18, y, fitted(words, 12.5, drawing.width - 20), 12.5, color=TONES[sign])
    y += 20 if said else 12
    for line in wrapped(_legend(step), 11, drawing.width - 8):
        drawing.note(4, y, line, 11)
        y += LINE
    return y - 4


def _legend(step: DrawnStep) -> list[str]:
    """The signs that are there, and what they mean."""
    members = (*step.parents, step.child)
    there = {remark.sign for member in members for remark in member.remarks if remark.sign}
    there |= {sign for member in members for sign in member.edges if sign}
    meanings = dict(MEANINGS)
    if len(step.parents) > 1:
        meanings[REMOVED] = "not passed on"
    return [
        f"{sign.replace(REMOVED, MINUS)}\N{NO-BREAK SPACE}{words}"
        for sign, words in meanings.items()
        if sign in there
    ]


def _about(step: DrawnStep, scale: Scale) -> str:
    """The whole step in words."""
    parents = " and ".join(f"{p.name} ({scale.show(p.score)})" for p in step.parents)
    made = operator_title(step.operator)
    words = [f"{step.child.name} ({scale.show(step.child.score)}), made of {parents} by {made}"]
    meanings = {**MEANINGS, "": ""}
    for member in step.parents if len(step.parents) == 1 else ():
        words += [
            f"removed: {_title(layer)}"
            for layer, remark in zip(member.network.layers, member.remarks, strict=True)
            if remark.sign == REMOVED
        ]
    for layer, remark in zip(step.child.network.layers, step.child.remarks, strict=True):
        parts = [meanings[remark.sign], *remark.changes[:6], remark.origin]
        said = ", ".join(part for part in parts if part)
        words.append(f"{_title(layer)}{f' ({said})' if said else ''}")
    return ". ".join([*words, *step.wiring[:8], *step.hyper[:12]])
