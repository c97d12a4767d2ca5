"""Where text goes and how it is laid out: consoles, labeled lines, and the small pieces that screens are made of."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.text import Text

from speciate.text import clean, counted

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult

    from speciate.errors import SpeciateError

WIDE = 10_000
"""Columns where the output is not a terminal: lines are not folded there."""

LONGEST = 100_000
"""Characters of a text that are shown."""

STYLES = {"error": "bold red", "warning": "bold yellow", "try": "bold", "kept": "green"}
"""How labels are set; all others are dim."""

LEVELS = "▁▂▃▄▅▆▇█"


def is_plain(stream: TextIO) -> bool:
    """Whether to write plain lines without control codes: no terminal, NO_COLOR, or a terminal that says it is dumb."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
        return True
    try:
        return not stream.isatty()
    except (ValueError, AttributeError):  # closed, or not a file
        return True


def console(*, stderr: bool = False) -> Console:
    """A console on standard output or standard error. Markup is off: what users wrote is shown as it is."""
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # an ASCII terminal shows "?", instead of a crash
    plain = is_plain(stream)
    width = WIDE if plain and not stream.isatty() and "COLUMNS" not in os.environ else None
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=width,
        force_terminal=False if plain else None,
        no_color=plain or None,
        legacy_windows=False,
    )


def status(what: str, *, stderr: bool = False) -> AbstractContextManager[object]:
    """A line that is shown while something takes a moment; nothing where it could not be erased again."""
    target = console(stderr=stderr)
    return nullcontext() if is_plain(target.file) else target.status(what, spinner_style="cyan")  # type: ignore[arg-type]


def print_json(value: Any) -> None:
    """Strict JSON on standard output; letters that its encoding or a terminal cannot take are escaped as JSON has it."""
    ascii_only = sys.stdout.isatty() or "utf" not in (sys.stdout.encoding or "utf").lower()
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=ascii_only) + "\n")


def write(text: str) -> None:
    """Text on standard output as it is, but for control characters where a terminal would obey them."""
    sys.stdout.write(clean(text, len(text), lines=True) if sys.stdout.isatty() else text)


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
            parts = (content if isinstance(content, Text) else harmless(content)).wrap(console, width)
            for i, part in enumerate(parts or [Text("")]):
                margin = Text((label if i == 0 else "").ljust(self.indent), style=style)
                part.rstrip()
                yield Text.assemble(margin, part, overflow="ignore", no_wrap=True)


def harmless(text: object, style: str = "") -> Text:
    """Any text without control characters."""
    return Text(clean(text, LONGEST, lines=True), style=style)


def warnings(texts: Iterable[str]) -> Iterator[tuple[str, Text]]:
    """Lines of a block for what people should look at."""
    for text in texts:
        yield "warning", harmless(text, "yellow")


def toned(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Text]]:
    """Lines of a block, of which notes are less to be seen, and warnings more."""
    for label, text in lines:
        yield label, harmless(text, {"warning": "yellow", "note": "dim"}.get(label, ""))


def error_block(error: SpeciateError) -> Block:
    """What went wrong, where, why, what to try, what was kept."""
    return Block(error.lines())


def number(value: float | None) -> str:
    """A score in at most seven digits, or a dash."""
    if value is None:
        return "-"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def signed(value: float) -> str:
    """A difference with its sign."""
    return ("+" if value >= 0 else "-") + number(abs(value))


def start(name: str, layers: str, examples: int, frozen: bool) -> str:
    """What a search starts from: `digits: 64 relu → 32 tanh, 160,000 examples, frozen`."""
    spent = f", {counted(examples, 'example')}" if examples else ""
    return f"{name}: {layers}{spent}{', frozen' if frozen else ''}"


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Values scaled to the smallest and the largest, up to three characters each, or the means of neighbors."""
    shown = _squeezed(values, width)
    times = max(1, min(3, width // max(1, len(shown))))
    known = [value for value in shown if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    steps = len(LEVELS) - 1
    return "".join(
        (" " if value is None else LEVELS[round((value - low) / span * steps) if span else steps // 2])
        * times
        for value in shown
    )


def _squeezed(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    squeezed: list[float | None] = []
    for i in range(width):
        part = values[i * len(values) // width : (i + 1) * len(values) // width]
        known = [value for value in part if value is not None]
        squeezed.append(sum(known) / len(known) if known else None)
    return squeezed


def bar(share: float, width: int) -> tuple[str, str]:
    """The done and the open part of a bar, in half characters."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    done = "━" * (halves // 2) + "╸" * (halves % 2)
    return done, "─" * (width - len(done))


def reference(folder: Path) -> str:
    """How a run is named in a command: by its name under ./runs, else by its path, quoted for a shell."""
    path, here = folder.resolve(), Path.cwd().resolve()
    if path.parent == Path("runs").resolve():
        return shlex.quote(path.name)
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
