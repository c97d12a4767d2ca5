"""Small pieces of text that screens are made of: numbers, durations, bars, sparklines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

LEVELS = "▁▂▃▄▅▆▇█"


def number(value: float | None) -> str:
    """A score in at most seven digits, or a dash."""
    if value is None:
        return "-"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def signed(value: float) -> str:
    """A difference with its sign."""
    return ("+" if value >= 0 else "-") + number(abs(value))


def counted(amount: int, noun: str) -> str:
    """`1 network`, `2,000 networks`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def start(name: str, layers: str, examples: int, frozen: bool) -> str:
    """What a search starts from: `digits: 64 relu → 32 tanh, 160,000 examples, frozen`."""
    parts = [
        f"{name}: {layers}",
        counted(examples, "example") if examples else "",
        "frozen" if frozen else "",
    ]
    return ", ".join(part for part in parts if part)


def duration(seconds: float | None) -> str:
    """A time in its two largest units: `45 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, lower, below in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // lower
            return f"{whole // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


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
    path = folder.resolve()
    if path.parent == Path("runs").resolve():
        return shlex.quote(path.name)
    here = Path.cwd().resolve()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
