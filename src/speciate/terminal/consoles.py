"""Where text goes, and whether it may have colors and move the cursor."""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

from rich.console import Console

WIDE = 10_000
"""Columns where the output is not a terminal: whoever reads it folds lines as they like."""


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
    """A line that is there while something takes a moment; nothing where it could not be taken away again."""
    target = console(stderr=stderr)
    return nullcontext() if is_plain(target.file) else target.status(what, spinner_style="cyan")  # type: ignore[arg-type]


def print_json(value: Any) -> None:
    """Strict JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
