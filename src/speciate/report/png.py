"""A drawing as PNG. The only place that imports matplotlib."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from speciate import files
from speciate.report.colors import LIGHT
from speciate.report.drawing import Area, Dot, Drawing, Label, Mark, Polyline, Rectangle, fitted

SCALE = 2.0
"""Pixels of the file per pixel of the drawing: sharp on paper and on dense screens."""

POINT = 0.72
"""Points per pixel, with matplotlib's figures set to 100 pixels an inch."""

HEAD, MARGIN = 78.0, 20.0
"""Pixels above the drawing for its title, and around it."""

FAMILIES = ["Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"]
"""Fonts, the first that is installed; matplotlib brings the last one along."""


MOST_BYTES = 50_000_000
"""Of a picture that is compared with what it should show."""


def is_drawn(file: Path, drawing: Drawing, title: str, subtitle: str) -> bool:
    """Whether a file is, byte for byte, what `png` made of this drawing."""
    try:
        content = files.read_file(file, most=MOST_BYTES)
    except OSError:
        return False
    image = content[: -len(_sealed(b"", ""))]
    return content == image + _sealed(image, _of(drawing, title, subtitle))


def _of(drawing: Drawing, title: str, subtitle: str) -> str:
    """What a picture depends on."""
    program = _program(), LIGHT, version("matplotlib")
    return repr((program, title, subtitle, drawing.width, drawing.height, drawing.marks))


@cache
def _program() -> str:
    return files.resource("speciate.report", "png.py")


def _sealed(image: bytes, of: str) -> bytes:
    """The end of a PNG file: a text that says what of, over the bytes before it too, and the mark of the end."""
    text = b"tEXtDrawing\0" + hashlib.sha256(of.encode("utf-8", "replace") + image).hexdigest().encode()
    end = b"IEND"
    return b"".join(
        struct.pack(f">I{len(part)}sI", len(part) - 4, part, zlib.crc32(part)) for part in (text, end)
    )


def png(drawing: Drawing, title: str = "", subtitle: str = "") -> bytes:
    """The drawing as a PNG file on a white ground, under a title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    head = HEAD if title else MARGIN
    size = ((drawing.width + 2 * MARGIN) / 100, (drawing.height + head + MARGIN) / 100)
    figure = Figure(figsize=size, dpi=100, facecolor=LIGHT["ground"])
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-MARGIN, drawing.width + MARGIN)
    axes.set_ylim(drawing.height + MARGIN, -head)
    axes.set_axis_off()
    order = 0
    # Equal dots that follow each other are one collection: thousands of single circles would take seconds.
    for key, group in groupby(drawing.marks, _look):
        order += 1
        if key is not None:
            _dots(axes, [mark for mark in group if isinstance(mark, Dot)], order)
            continue
        for mark in group:
            order += 1
            _ADD[type(mark)](axes, mark, order)
    if title:
        room = drawing.width
        _text(axes, Label(0, 36 - HEAD, fitted(title, 17, room), 17, bold=True), order)
        _text(axes, Label(0, 57 - HEAD, fitted(subtitle, 12.5, room), 12.5, color="soft"), order)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # letters that no font has are drawn as boxes
        canvas.print_figure(file, dpi=100 * SCALE, format="png", metadata={"Software": None})
    image = file.getvalue()[:-12]  # without the mark of the end
    return image + _sealed(image, _of(drawing, title, subtitle))


def _look(mark: Mark) -> tuple[object, ...] | None:
    return (mark.radius, mark.fill, mark.opacity, mark.hollow) if isinstance(mark, Dot) else None


def _line(axes: Any, mark: Polyline, order: int) -> None:
    from matplotlib.lines import Line2D

    x, y = zip(*mark.points, strict=True) if mark.points else ((), ())
    width = mark.width * POINT
    dashes = (0, tuple(d / mark.width for d in mark.dash)) if mark.dash else "solid"
    line = Line2D(x, y, color=LIGHT[mark.color], linewidth=width, linestyle=dashes, alpha=mark.opacity)
    line.set(zorder=order, solid_capstyle="round", solid_joinstyle="round", clip_on=False)
    axes.add_line(line)


def _area(axes: Any, mark: Area, order: int) -> None:
    from matplotlib.patches import Polygon

    shape = Polygon(mark.points, closed=True, facecolor=LIGHT[mark.fill], edgecolor="none", linewidth=0)
    shape.set(zorder=order, alpha=mark.opacity)
    axes.add_patch(shape)


def _rect(axes: Any, mark: Rectangle, order: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    radius = min(mark.radius, mark.width / 2, mark.height / 2)
    style = f"round,pad=0,rounding_size={radius}" if radius else "square,pad=0"
    box = FancyBboxPatch((mark.x, mark.y), mark.width, mark.height, boxstyle=style)
    edge = LIGHT[mark.stroke] if mark.stroke else "none"
    box.set(facecolor=LIGHT[mark.fill], edgecolor=edge, linewidth=1.5 * POINT if mark.stroke else 0)
    box.set(zorder=order, alpha=mark.opacity)
    axes.add_patch(box)


def _dots(axes: Any, marks: list[Dot], order: int) -> None:
    first = marks[0]
    color = LIGHT[first.fill]
    size = (2 * first.radius * POINT) ** 2
    face, edge, width = (LIGHT["ground"], color, 1.5 * POINT) if first.hollow else (color, "none", 0)
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    axes.scatter(
        xs, ys, s=size, c=face, edgecolors=edge, linewidths=width, alpha=first.opacity, zorder=order
    ).set_clip_on(False)


def _text(axes: Any, mark: Label, order: int) -> None:
    anchor = {"start": "left", "middle": "center", "end": "right"}[mark.anchor]
    text = axes.text(mark.x, mark.y, mark.text, color=LIGHT[mark.color], fontsize=mark.size * POINT)
    text.set(ha=anchor, va="baseline", fontfamily=_families(), zorder=order, parse_math=False)
    text.set_fontweight("bold" if mark.bold else "normal")


_ADD: dict[type, Callable[[Any, Any, int], None]] = {
    Polyline: _line,
    Area: _area,
    Rectangle: _rect,
    Label: _text,
}


@cache
def _families() -> list[str]:
    """Those of the fonts that are installed: matplotlib warns of a missing one with every text."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in FAMILIES if name in installed] or ["sans-serif"]
