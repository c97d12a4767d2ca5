"""Labeled lines: an error, or facts, with the labels aligned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from speciate.errors import SpeciateError

STYLES = {"error": "bold red", "warning": "bold yellow", "try": "bold", "kept": "green"}


def clean(text: str) -> str:
    """Text without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


class Block:
    """Lines with labels in the margin. Long lines are folded beside their label.

    Args:
        lines: Label and text of each; an empty label goes on with the one before.
        indent: Columns for the labels.
    """

    def __init__(self, lines: Iterable[tuple[str, str | Text]], indent: int = 8) -> None:
        self.lines, self.indent = list(lines), indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(16, options.max_width - self.indent)
        for label, content in self.lines:
            style = STYLES.get(label, "dim")
            text = content if isinstance(content, Text) else Text(clean(content))
            parts = text.wrap(console, width)
            for i, part in enumerate(parts or [Text("")]):
                margin = Text((label if i == 0 else "").ljust(self.indent), style=style)
                part.rstrip()
                yield Text.assemble(margin, part, overflow="ignore", no_wrap=True)


def warnings(texts: Iterable[str]) -> Iterator[tuple[str, Text]]:
    """Lines of a block for what people should look at."""
    for text in texts:
        yield "warning", Text(clean(text), style="yellow")


def error_block(error: SpeciateError) -> Block:
    """What went wrong, where, why, what to try, what was kept."""
    return Block(error.lines())
