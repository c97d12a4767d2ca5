"""A picture as values: lines, areas, rectangles, dots and texts in pixels, colored by role.

Figures are made of these; `svg` and `png` turn them into files. Colors are names of roles ("ink", "grid", "series-1"), so
that the page can show the same picture on a light and on a dark ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile

from speciate.report.text import clean

Point = tuple[float, float]

SERIES = ("series-1", "series-2", "series-3", "series-4", "series-5", "series-6")
"""Colors that stay apart for color-blind readers, in order of use."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    color: str = "ink"
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle from its upper left corner; `title` is shown on hovering."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    opacity: float = 1.0
    radius: float = 0.0
    stroke: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle around its middle, with a thin ring in the color of the ground; hollow if asked."""

    x: float
    y: float
    radius: float
    fill: str
    opacity: float = 1.0
    hollow: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. `y` is the baseline; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    size: float = 12.0
    color: str = "ink"
    anchor: str = "start"
    bold: bool = False


Mark = Line | Area | Rect | Dot | Text


@dataclass(slots=True)
class Drawing:
    """Marks on a ground of a size in pixels, later ones on top.

    Args:
        width: Width.
        height: Height.
        about: What is to be seen, for readers who cannot see it.
    """

    width: float
    height: float
    about: str
    marks: list[Mark] = field(default_factory=list)

    def line(self, points: Iterable[Point], color: str = "ink", width: float = 1.0, **rest: object) -> None:
        """Add a line."""
        self.marks.append(Line(tuple(points), color, width, **rest))  # type: ignore[arg-type]

    def area(self, points: Iterable[Point], fill: str, opacity: float = 1.0) -> None:
        """Add a filled polygon."""
        self.marks.append(Area(tuple(points), fill, opacity))

    def rect(self, x: float, y: float, width: float, height: float, fill: str, **rest: object) -> None:
        """Add a rectangle."""
        self.marks.append(Rect(x, y, max(0.0, width), max(0.0, height), fill, **rest))  # type: ignore[arg-type]

    def dot(self, x: float, y: float, radius: float, fill: str, **rest: object) -> None:
        """Add a dot."""
        self.marks.append(Dot(x, y, radius, fill, **rest))  # type: ignore[arg-type]

    def text(self, x: float, y: float, text: str, size: float = 12.0, **rest: object) -> None:
        """Add a line of text; it may come from anywhere."""
        self.marks.append(Text(x, y, clean(text), size, **rest))  # type: ignore[arg-type]

    def put(self, other: Drawing, x: float, y: float) -> None:
        """Add another drawing's marks, moved so that its upper left corner is at (x, y)."""
        for mark in other.marks:
            if isinstance(mark, Line | Area):
                points = tuple((px + x, py + y) for px, py in mark.points)
                self.marks.append(replace(mark, points=points))
            else:
                self.marks.append(replace(mark, x=mark.x + x, y=mark.y + y))

    def _repr_svg_(self) -> str:
        """For notebooks."""
        from speciate.report.svg import standalone

        return standalone(self)


def text_width(text: str, size: float) -> float:
    """About how wide a text is set in a common sans serif; a little too much rather than too little."""
    return size * sum(_advance(sign) for sign in text)


def _advance(sign: str) -> float:
    if sign in "ijlI.,:;|!'()[] ·":
        return 0.31
    if sign in "frt-/":
        return 0.38
    if sign in "mwMW@%→":
        return 0.9
    return 0.7 if sign.isupper() or ord(sign) > 0x2000 else 0.57


def fitted(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    text = clean(text)
    if text_width(text, size) <= room:
        return text
    ends = accumulate(map(_advance, text))
    kept = sum(1 for _ in takewhile(lambda end: size * (end + _advance("…")) <= room, ends))
    return text[:kept].rstrip() + "…"


def wrapped(texts: Sequence[str], size: float, room: float, separator: str = " · ") -> list[str]:
    """Texts joined into as few lines as fit the room, each cut if it is too long by itself."""
    lines: list[str] = []
    for text in (fitted(t, size, room) for t in texts):
        longer = f"{lines[-1]}{separator}{text}" if lines else ""
        if longer and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(text)
    return lines
