"""A picture as values: lines, areas, rectangles, dots and texts in pixels, colored by role.

Figures are made of these marks. Each knows its SVG; `png` draws them with matplotlib. Colors are names of roles ("ink", "grid",
"series-1"), so that the page can show the same picture on a light and on a dark ground: the SVG has classes instead of inline
styles, as the page's strict policy wants it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile
from operator import mul
from typing import Any

from speciate.report.colors import css_rules
from speciate.text import clean

Point = tuple[float, float]

SERIES = ("series-1", "series-2", "series-3", "series-4", "series-5", "series-6")
"""Colors that stay apart for color-blind readers, in order of use."""


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points."""

    points: tuple[Point, ...]
    color: str = "ink"
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0

    def svg(self) -> str:
        """The element."""
        dash = f' stroke-dasharray="{" ".join(map(_n, self.dash))}"' if self.dash else ""
        width = "" if self.width == 1 else f' stroke-width="{_n(self.width)}"'
        points = _points(self.points)
        return f'<polyline points="{points}" class="s-{self.color}"{width}{dash}{_opacity(self.opacity)}/>'


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str
    opacity: float = 1.0

    def svg(self) -> str:
        """The element."""
        return f'<polygon points="{_points(self.points)}" class="f-{self.fill}"{_opacity(self.opacity)}/>'


@dataclass(frozen=True, slots=True)
class Rectangle:
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

    def svg(self) -> str:
        """The element."""
        classes = f"f-{self.fill}" + (f" s-{self.stroke} both" if self.stroke else "")
        radius = f' rx="{_n(self.radius)}"' if self.radius else ""
        place = f'x="{_n(self.x)}" y="{_n(self.y)}" width="{_n(self.width)}" height="{_n(self.height)}"'
        return _titled("rect", f'{place}{radius} class="{classes}"{_opacity(self.opacity)}', self.title)


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

    def svg(self) -> str:
        """The element."""
        classes = f"f-ground s-{self.fill} both" if self.hollow else f"f-{self.fill}"
        place = f'cx="{_n(self.x)}" cy="{_n(self.y)}" r="{_n(self.radius)}"'
        return _titled("circle", f'{place} class="{classes}"{_opacity(self.opacity)}', self.title)


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text. `y` is the baseline; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    size: float = 12.0
    color: str = "ink"
    anchor: str = "start"
    bold: bool = False

    def svg(self) -> str:
        """The element."""
        anchor = "" if self.anchor == "start" else f' text-anchor="{self.anchor}"'
        bold = ' font-weight="600"' if self.bold else ""
        place = f'x="{_n(self.x)}" y="{_n(self.y)}" font-size="{_n(self.size)}"'
        return f'<text {place}{anchor}{bold} class="f-{self.color}">{escape(self.text)}</text>'


Mark = Polyline | Area | Rectangle | Dot | Label


@dataclass(slots=True)
class Drawing:
    """Marks on a ground of a size in pixels, later ones on top.

    Args:
        width: Width.
        height: Height.
        about: What it shows, for screen readers.
    """

    width: float
    height: float
    about: str
    marks: list[Mark] = field(default_factory=list)

    def line(self, points: Iterable[Point], color: str = "ink", width: float = 1.0, **rest: Any) -> None:
        """Add a line."""
        self.marks.append(Polyline(tuple(points), color, width, **rest))

    def area(self, points: Iterable[Point], fill: str, opacity: float = 1.0) -> None:
        """Add a filled polygon."""
        self.marks.append(Area(tuple(points), fill, opacity))

    def rect(self, x: float, y: float, width: float, height: float, fill: str, **rest: Any) -> None:
        """Add a rectangle."""
        self.marks.append(Rectangle(x, y, max(0.0, width), max(0.0, height), fill, **rest))

    def dot(self, x: float, y: float, radius: float, fill: str, **rest: Any) -> None:
        """Add a dot."""
        self.marks.append(Dot(x, y, radius, fill, **rest))

    def text(self, x: float, y: float, text: str, size: float = 12.0, **rest: Any) -> None:
        """Add a line of text; it may come from anywhere."""
        self.marks.append(Label(x, y, clean(text), size, **rest))

    def note(self, x: float, y: float, text: str, size: float = 12.5, anchor: str = "start") -> None:
        """Add a line of text in a soft color: a title of an axis, a legend."""
        self.text(x, y, text, size, color="soft", anchor=anchor)

    def put(self, other: Drawing, x: float, y: float) -> None:
        """Add another drawing's marks, moved so that its upper left corner is at (x, y)."""
        for mark in other.marks:
            if isinstance(mark, Polyline | Area):
                points = tuple((px + x, py + y) for px, py in mark.points)
                self.marks.append(replace(mark, points=points))
            else:
                self.marks.append(replace(mark, x=mark.x + x, y=mark.y + y))

    def svg(self, css_class: str = "") -> str:
        """The `<svg>` element, for a page that has the colors' style rules."""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        about = f'role="img" aria-label="{escape(self.about, 2000)}"'
        body = "".join(mark.svg() for mark in self.marks)
        kind = f' class="{escape(css_class)}"' if css_class else ""
        # The page's style sets the width; these sizes are for viewers without style sheets.
        return f'<svg{kind} {size} width="{_n(self.width)}" height="{_n(self.height)}" {about}>{body}</svg>'

    def standalone(self) -> str:
        """A whole SVG file, with its colors."""
        start, rest = self.svg().split(">", 1)
        family = "font-family:-apple-system,'Segoe UI','Helvetica Neue',Arial,'Liberation Sans',sans-serif"
        style = f"<style>svg{{{family}}}{css_rules()}</style>"
        ground = f'<rect width="{_n(self.width)}" height="{_n(self.height)}" class="f-ground"/>'
        return f'{start} xmlns="http://www.w3.org/2000/svg">{style}{ground}{rest}'

    def _repr_svg_(self) -> str:
        """For notebooks."""
        return self.standalone()


def escape(value: object, limit: int = 200) -> str:
    """`clean`, and safe between tags and inside quoted attributes."""
    return html.escape(clean(value, limit), quote=True)


def _titled(tag: str, attributes: str, title: str) -> str:
    inside = f"<title>{escape(title)}</title>"
    return f"<{tag} {attributes}>{inside}</{tag}>" if title else f"<{tag} {attributes}/>"


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _opacity(value: float) -> str:
    return "" if value == 1 else f' opacity="{value:.2g}"'


def _n(value: float) -> str:
    """A number with one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def curve(start: Point, middle: Point, end: Point, parts: int) -> list[Point]:
    """A quadratic Bézier curve as a polyline: the middle is where the tangents of its ends meet."""
    shares = [((1 - t) ** 2, 2 * t * (1 - t), t * t) for t in (k / parts for k in range(parts + 1))]
    xs, ys = zip(start, middle, end, strict=True)
    return [(sum(map(mul, share, xs)), sum(map(mul, share, ys))) for share in shares]


def text_width(text: str, size: float) -> float:
    """About how wide a text is set in a common sans serif; rather too wide than too narrow."""
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
