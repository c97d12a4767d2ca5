"""The live view of a run, from 40 columns up, and its one-line twin."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from speciate.terminal.blocks import Block
from speciate.terminal.pieces import bar, counted, duration, number, signed, sparkline
from speciate.terminal.progress import Progress

INDENT = 9
"""Columns for the labels in the margin."""

TITLES = {
    "ready": "getting ready: workers and baselines",
    "search": "searching",
    "final": "final: the best are trained again with other seeds",
    "champion": "training the champion",
    "end": "finished",
}


UNTRAINED = {
    "final": "final: the best are scored where nobody was chosen",
    "champion": "training the champion's weights by gradient",
}
"""Titles that are others where the search trains nothing."""


def view(progress: Progress) -> RenderableType:
    """The whole view."""
    return _View(progress)


class _View:
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, 100)
        yield Text()
        yield _title(self.progress)
        yield Text.assemble("  ", _bar(self.progress, width - 4))
        yield Block(_facts(self.progress, width), INDENT + 2)


def title(p: Progress) -> str:
    """What is going on, in words."""
    of = f" of {p.generation_limit}" if p.generation_limit else ""
    titles = TITLES if p.trains else TITLES | UNTRAINED
    text = f"generation {p.generation + 1}{of}" if p.phase == "search" else titles[p.phase]
    text += ", with more and more examples" if p.phase == "champion" and p.grows else ""
    return f"{p.label}: {text}" if p.label else text


def _title(p: Progress) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Spinner("dots", style="cyan"), Text(title(p), style="bold"))
    return grid


def _bar(p: Progress, width: int) -> Text:
    label = f" {p.done:,}" + (f"/{p.limit:,}" if p.limit else "")
    if p.share is None:
        return Text.assemble(("─" * (width - len(label)), "grey35"), label)
    done, rest = bar(p.share, max(4, width - len(label)))
    return Text.assemble((done, "cyan"), (rest, "grey35"), label)


def pace(p: Progress) -> str:
    """How fast, how long, how much longer."""
    parts = [duration(p.elapsed)]
    if p.rate:
        parts.append(f"{p.rate:.1f} networks/s" if p.rate < 10 else f"{p.rate:.0f} networks/s")
    if p.left is not None:
        parts.append(f"about {duration(p.left)} left")
    return " · ".join(parts)


def _facts(p: Progress, width: int) -> Iterator[tuple[str, str | Text]]:
    room = max(8, min(40, width - INDENT - 12))
    yield "  time", pace(p)
    if p.leader is not None:
        yield "  best", _score(p.leader.score, sparkline(p.best, room), "green")
        if (mean := p.means[-1]) is not None:
            yield "  mean", _score(mean, sparkline(p.means, room), "cyan")
    if p.generations and (species := p.generations[p.generation].species):
        yield "  species", str(len(species))
    if p.baselines and p.leader is not None:
        yield from _baselines(p)
    if p.leader is not None:
        if not p.generations[p.generation].species:
            yield "  leader", f"network {p.leader.id}, {counted(p.leader.parameters, 'parameter')}"
        yield "", Text(p.leader.description, style="bold")
    yield from _trainings(p)
    if p.failures:
        yield "  failed", ", ".join(f"{n} {kind}" for kind, n in sorted(p.failures.items()))
    for seconds, message in list(p.events):
        yield "  event", Text.assemble((f"{duration(seconds)}: ", "dim"), message)


def _score(score: float, line: str, style: str) -> Text:
    return Text.assemble((number(score), "bold"), "  ", (line, style))


def _baselines(p: Progress) -> Iterator[tuple[str, str | Text]]:
    assert p.leader is not None
    name, score = p.baselines[-1]
    ahead = p.leader.score - score
    yield (
        "  ahead",
        Text.assemble((signed(ahead), "green" if ahead > 0 else "yellow"), f"  of {name} ({number(score)})"),
    )


def _trainings(p: Progress) -> Iterator[tuple[str, str | Text]]:
    if p.phase == "champion" and p.trainings:
        yield (
            "  trained",
            ", ".join(f"{examples:,} examples: {number(score)}" for examples, score in p.trainings),
        )


def line(p: Progress) -> str:
    """The same in one plain line."""
    parts = [f"{p.done:,} of {p.limit:,} networks" if p.limit else counted(p.done, "network")]
    if p.leader is not None:
        parts.append(f"best {number(p.leader.score)}")
    if p.phase == "search" and p.generations and (mean := p.means[-1]) is not None:
        parts.append(f"mean {number(mean)}")
    if p.rate:
        parts.append(pace(p).replace(" · ", ", "))
    if p.failures:
        parts.append(f"{sum(p.failures.values())} failed")
    return f"{title(p)}: {', '.join(parts)}"
