"""How texts that come from data are written into files that people, Markdown and Python read."""

from __future__ import annotations


def one_line(text: object, limit: int = 80) -> str:
    """The text on one line, cut, without anything that could end a docstring or a comment."""
    return _clean(text, limit).replace("\\", "/").replace('"', "'")


def markdown(text: object, limit: int = 200) -> str:
    """The text as Markdown that shows it and does nothing else."""
    clean = _clean(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]#|$~" else c for c in clean)


def _clean(text: object, limit: int) -> str:
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
