"""Writes model cards and model.py from templates, into which no text from data goes as anything but text."""

from __future__ import annotations

import ast
import math
import pprint
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.files import resource
from speciate.text import counted

if TYPE_CHECKING:  # it is imported where something is written
    from jinja2 import Environment

MARK = "# model.py\n"
"""The line in a file of `standalone` after which the code begins that is copied."""


PARTS = {
    "table": ("cells", "dates", "encodings", "table"),
    "image": ("cells", "encodings", "image"),
    "": ("cells", "encodings"),
}
"""The modules, of `speciate.data` and of `standalone`, that read rows of each kind."""


def rendered(template: str, **values: Any) -> str:
    """A text made from a template.

    Whatever a template shows is escaped for the language of the file: in Markdown it is shown and does nothing else, in Python
    texts cannot end a docstring, and everything else becomes a literal.

    Args:
        template: Its name, which ends with `.md` or `.py`.
        values: What it shows.
    """
    made = _templates("py" if template.endswith(".py") else "md")
    return made.get_template(f"{template}.jinja").render(**values)


@cache
def _templates(language: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    escape = markdown if language == "md" else python

    def shown(value: Any, *limit: int) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(value, *limit))

    made = Environment(
        loader=PackageLoader("speciate.champion", "templates"),
        autoescape=True,  # `finalize` escapes first, so that this finds nothing left to do
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "cut": shown,
        "repr": lambda value: Markup(repr(value)),
        "code": lambda value, indent=0: Markup(literal(value, indent)),
        "commas": "{:,}".format,
        "counted": counted,
        "number": number,
    }
    return made


def markdown(value: object, limit: int = 200) -> str:
    """A text as Markdown that shows it and does nothing else."""
    clean = _clean(value, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]#|$~" else c for c in clean)


def python(value: object) -> str:
    """A text on one line without anything that could end a docstring or a comment; another value as a literal."""
    return one_line(value) if isinstance(value, str) else literal(value)


def one_line(text: object, limit: int = 80) -> str:
    """The text on one line, cut, without anything that could end a docstring or a comment."""
    return _clean(text, limit).replace("\\", "/").replace('"', "'")


def literal(value: object, indent: int = 0) -> str:
    """A value as Python code, on several lines where one would be too long."""
    text = repr(value)
    if len(text) > 100:  # `pformat` is slow, and there may be 50,000 columns
        text = pprint.pformat(value, width=100, compact=True, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)


def number(value: float) -> str:
    """Four decimals, or four digits where that says more."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.{max(0, 3 - int(math.log10(abs(value))))}f}"


def standalone(*names: str) -> dict[str, Any]:
    """Modules of `standalone`, or of `speciate.data`, as parts of a model.py: `parts`, their code, and `imports`, what all of the file imports."""
    from markupsafe import Markup

    plain, parts = {"import sys", "import torch"}, []
    chosen = {"pathlib": {"Path"}, "typing": {"Any"}, "torch": {"Tensor", "nn"}}
    for name in names:
        own = Path(__file__).with_name("standalone").joinpath(f"{name}.py").is_file()
        text = resource("speciate.champion.standalone" if own else "speciate.data", f"{name}.py")
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import):
                plain.add(ast.unparse(node))
            elif isinstance(node, ast.ImportFrom) and not str(node.module).startswith(("speciate", "__")):
                chosen.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
        parts.append(text.split(MARK, 1)[1].strip("\n"))
    lines = [*plain, *(f"from {a} import {', '.join(sorted(b, key=str.lower))}" for a, b in chosen.items())]
    blocks: dict[bool, list[str]] = {True: [], False: []}
    for line in sorted(lines, key=lambda line: (line[:4] == "from", line)):
        blocks[line.split()[1].split(".")[0] in sys.stdlib_module_names].append(line)
    return {
        "imports": Markup("\n\n".join(map("\n".join, blocks.values()))),
        "parts": Markup("\n\n\n".join(parts)),
    }


def _clean(text: object, limit: int) -> str:
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
