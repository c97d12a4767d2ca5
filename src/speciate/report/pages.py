"""Pages from the templates beside this file: one HTML file that loads nothing and runs nothing.

Whatever a template shows is cleaned and escaped on its way into the page, unless it is markup that was made here, so that nothing
from a run folder can become markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from speciate import files
from speciate.report.colors import css_rules
from speciate.report.drawing import Drawing
from speciate.report.png import is_drawn, png
from speciate.report.scores import DASH, large, operator_title, shown
from speciate.text import clean, counted, duration

WIDE, NARROW = 820.0, 380.0
"""Widths of the drawings: for screens and paper, and for phones. A page has both and shows one."""


def write_page(
    folder: Path,
    page: str,
    content: bytes,
    drawings: Mapping[str, Drawing],
    titles: Mapping[str, str],
    about: str,
) -> Path:
    """Write a page and its drawings as `figures/*.png` into a folder; each file is whole or absent.

    A picture that is there already and shows the same stays: drawing takes longer than all else.

    Args:
        folder: The folder.
        page: Name of the page's file.
        content: The page.
        drawings: By the name of the file.
        titles: What is set above each drawing.
        about: What is set under all of the titles.

    Raises:
        StorageError: The files cannot be written.
    """
    for key, drawing in drawings.items():
        place = folder / "figures" / f"{key}.png"
        if not is_drawn(place, drawing, titles[key], about):
            files.write_file(place, png(drawing, titles[key], about), "picture")
    files.write_file(folder / page, content, "report")
    return folder / page


def render(template: str, wide: Mapping[str, Drawing], narrow: Mapping[str, Drawing], **values: Any) -> bytes:
    """A whole file: one style sheet that the policy names by its hash, no script, nothing from elsewhere.

    Args:
        template: Name of the template.
        wide: Drawings for screens, by name.
        narrow: The same for phones.
        values: What else the template asks for.
    """
    style = css_rules() + files.resource("speciate.report", "style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures = {key: Markup(wide[key].svg("wide") + narrow[key].svg("narrow")) for key in wide}
    made = _templates().get_template(template)
    text = made.render(style=Markup(style), digest=Markup(digest), pictures=pictures, **values)
    return text.encode("utf-8", "replace")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("speciate.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.filters |= {
        "name": name,
        "operator": operator_title,
        "shown": shown,
        "code": code,
        "clean": clean,
        "counted": counted,
        "large": large,
        "duration": duration,
        "commas": "{:,}".format,
        "six": "{:,.6g}".format,
    }
    made.globals |= {"DASH": DASH, "in_shell": in_shell}
    return made


def _shown(value: Any) -> Any:
    """What becomes of a value that is not markup before it is escaped."""
    return value if isinstance(value, Markup) else "" if value is None else clean(value, 2000)


def name(value: object, limit: int = 200) -> Markup:
    """A name from a run folder, kept from changing the direction of the text around it."""
    return Markup("<bdi>{}</bdi>").format(clean(value, limit))


def in_shell(value: object, limit: int = 100) -> str:
    """A value as a shell wants it."""
    return shlex.quote(clean(value, limit) or "RUN")


def code(value: object) -> Markup:
    """A command, or a JSON value, as it is."""
    content = value if isinstance(value, str) else json.dumps(value, indent=1)
    return Markup("<pre><code>{}</code></pre>").format(clean(content, 20_000, lines=True))
