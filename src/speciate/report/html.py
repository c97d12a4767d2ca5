"""HTML from values: what is not markup already is escaped, so that nothing from a run folder can become markup."""

from __future__ import annotations

import base64
import hashlib
import html as std_html
import json
from collections.abc import Iterable, Sequence
from importlib import resources

from speciate.report.colors import css_rules
from speciate.report.drawing import Drawing, escape
from speciate.text import clean


class Html(str):
    """Text that is markup. Everything else is escaped when it is put into an element."""

    __slots__ = ()


Child = str | int | None
"""Markup, or text to be escaped; None is nothing."""


def text(value: Child, limit: int = 2000) -> Html:
    """A value as markup."""
    if value is None:
        return Html("")
    return value if isinstance(value, Html) else Html(escape(value, limit))


def el(tag: str, *children: Child, kind: str = "", **attributes: str) -> Html:
    """An element; `kind` is its class."""
    given = {"class": kind, **attributes} if kind else attributes
    inside = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(v, 2000)}"' for name, v in given.items()
    )
    return Html(f"<{tag}{inside}>{''.join(text(child) for child in children)}</{tag}>")


def join(parts: Iterable[Child]) -> Html:
    """Several pieces after one another."""
    return Html("".join(text(part) for part in parts))


def name(value: object, limit: int = 200) -> Html:
    """A name from a run folder, kept from changing the direction of the text around it."""
    return Html(f"<bdi>{escape(value, limit)}</bdi>")


def table(head: Sequence[Child], rows: Iterable[Sequence[Child]], numeric: Sequence[int] = ()) -> Html:
    """A table that scrolls sideways where it has no room; columns in `numeric` are aligned to the right."""

    def cells(tag: str, row: Sequence[Child]) -> Html:
        return join(el(tag, cell, kind="num" if i in numeric else "") for i, cell in enumerate(row))

    body = join(el("tr", cells("td", row)) for row in rows)
    return el(
        "div",
        el("table", el("thead", el("tr", cells("th", head))), el("tbody", body)),
        kind="scroll",
        tabindex="0",
    )


def facts(pairs: Iterable[tuple[Child, Child]]) -> Html:
    """Names and values, one a line."""
    return el("dl", *(el("div", el("dt", key), el("dd", value)) for key, value in pairs))


def tiles(pairs: Iterable[tuple[Child, Child]]) -> Html:
    """Large numbers with what they count."""
    found = (el("div", el("strong", value), el("span", about)) for value, about in pairs)
    return el("div", *found, kind="tiles")


def figure(wide: Drawing, narrow: Drawing, caption: Child) -> Html:
    """A figure in both widths, of which the page shows one, with what to see in it."""
    pictures = Html(wide.svg("wide") + narrow.svg("narrow"))
    return el("figure", pictures, el("figcaption", caption))


def section(anchor: str, title: Child, *children: Child) -> Html:
    """A part of the page."""
    return el("section", el("h2", title), *children, id=anchor)


def fold(title: Child, *children: Child) -> Html:
    """Something for those who want to know more."""
    return el("details", el("summary", title), *children)


def page(title: str, header: Html, parts: Sequence[tuple[str, str, Html]]) -> bytes:
    """A whole file: one style sheet that the policy names by its hash, no script, nothing from elsewhere.

    Args:
        title: Title of the page.
        header: What stands above everything.
        parts: Anchor, short title and markup of the sections.
    """
    style = css_rules() + resources.files("speciate.report").joinpath("style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    links = join(el("a", short, href=f"#{anchor}") for anchor, short, _ in parts)
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{style}</style>'
    )
    body = header + el("nav", links, aria_label="Sections") + el("main", *(part for _, _, part in parts))
    footer = el("footer", "Made by speciate. This file is complete: it loads nothing and runs no script.")
    whole = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}{footer}</body></html>\n'
    return whole.encode("utf-8", "replace")


def code_block(value: object) -> Html:
    """A command, or a JSON value, as it is."""
    content = value if isinstance(value, str) else json.dumps(value, indent=1)
    return el("pre", el("code", Html(std_html.escape(clean(content, 20_000, lines=True)))))
