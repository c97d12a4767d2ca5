"""A drawing as SVG: classes instead of inline styles, so that the page's strict policy and its dark colors apply."""

from __future__ import annotations

from speciate.report.colors import css_rules
from speciate.report.drawing import Area, Dot, Drawing, Line, Mark, Point, Rect, Text
from speciate.report.text import escape


def inline(drawing: Drawing, css_class: str = "") -> str:
    """The `<svg>` element, for a page that has the colors' style rules."""
    size = f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}"'
    about = f'role="img" aria-label="{escape(drawing.about, 2000)}"'
    body = "".join(_mark(mark) for mark in drawing.marks)
    kind = f' class="{escape(css_class)}"' if css_class else ""
    # Without sizes a browser takes the page's width; the intrinsic one is for those without style sheets.
    return f'<svg{kind} {size} width="{_n(drawing.width)}" height="{_n(drawing.height)}" {about}>{body}</svg>'


def standalone(drawing: Drawing) -> str:
    """A whole SVG file, with its colors."""
    start, rest = inline(drawing).split(">", 1)
    family = "font-family:-apple-system,'Segoe UI','Helvetica Neue',Arial,'Liberation Sans',sans-serif"
    style = f"<style>svg{{{family}}}{css_rules()}</style>"
    ground = f'<rect width="{_n(drawing.width)}" height="{_n(drawing.height)}" class="f-ground"/>'
    return f'{start} xmlns="http://www.w3.org/2000/svg">{style}{ground}{rest}'


def _mark(mark: Mark) -> str:
    if isinstance(mark, Line):
        return _line(mark)
    if isinstance(mark, Area):
        return f'<polygon points="{_points(mark.points)}" class="f-{mark.fill}"{_opacity(mark.opacity)}/>'
    if isinstance(mark, Rect):
        return _rect(mark)
    if isinstance(mark, Dot):
        return _dot(mark)
    return _text(mark)


def _line(mark: Line) -> str:
    dash = f' stroke-dasharray="{" ".join(map(_n, mark.dash))}"' if mark.dash else ""
    width = "" if mark.width == 1 else f' stroke-width="{_n(mark.width)}"'
    points = _points(mark.points)
    return f'<polyline points="{points}" class="s-{mark.color}"{width}{dash}{_opacity(mark.opacity)}/>'


def _rect(mark: Rect) -> str:
    classes = f"f-{mark.fill}" + (f" s-{mark.stroke} both" if mark.stroke else "")
    radius = f' rx="{_n(mark.radius)}"' if mark.radius else ""
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}"'
    return _titled("rect", f'{place}{radius} class="{classes}"{_opacity(mark.opacity)}', mark.title)


def _dot(mark: Dot) -> str:
    classes = f"f-ground s-{mark.fill} both" if mark.hollow else f"f-{mark.fill}"
    place = f'cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}"'
    return _titled("circle", f'{place} class="{classes}"{_opacity(mark.opacity)}', mark.title)


def _text(mark: Text) -> str:
    anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
    bold = ' font-weight="600"' if mark.bold else ""
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"'
    return f'<text {place}{anchor}{bold} class="f-{mark.color}">{escape(mark.text)}</text>'


def _titled(tag: str, attributes: str, title: str) -> str:
    return (
        f"<{tag} {attributes}><title>{escape(title)}</title></{tag}>" if title else f"<{tag} {attributes}/>"
    )


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _opacity(value: float) -> str:
    return "" if value == 1 else f' opacity="{value:.2g}"'


def _n(value: float) -> str:
    """A number with one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
