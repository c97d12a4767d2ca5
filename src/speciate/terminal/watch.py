"""The callback that shows a run in the terminal: a live view from 40 columns up, or plain lines where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from speciate.records import Candidate, Evaluation, Phase
from speciate.run.callbacks import Callback
from speciate.terminal.output import Block, bar, harmless, is_plain, number, signed, sparkline
from speciate.terminal.output import console as console_on
from speciate.terminal.plan import print_plan
from speciate.terminal.progress import Progress
from speciate.text import counted, duration

if TYPE_CHECKING:
    from speciate.run.search import Search

REFRESHES = 4
"""Drawings a second of the live view."""

PAUSE = 10.0
"""Seconds between two plain lines."""

INDENT = 9
"""Columns for the labels in the margin."""

TITLES = {
    "ready": "getting ready: workers and baselines",
    "search": "searching",
    "final": "final: the best are trained again with other seeds",
    "champion": "training the champion",
    "refit": "the champion's networks are trained again on all rows",
    "end": "finished",
}


UNTRAINED = {
    "final": "final: the best are scored on cases that nothing was chosen by",
    "champion": "training the champion's weights by gradient",
}
"""Other titles, for searches that train nothing."""


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
    text = f"{p.phase}: {p.stage}" if p.stage else titles[p.phase]
    if p.phase == "search":
        text = f"generation {p.generation + 1}{of}"
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
        parts.append(f"{p.rate:.{int(p.rate < 10)}f} {_unit(p)}s/s")
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
    if p.leader is not None:
        if p.baselines:
            name, score = p.baselines[-1]
            ahead = p.leader.score - score
            style = "green" if ahead > 0 else "yellow"
            yield "  ahead", Text.assemble((signed(ahead), style), f"  of {name} ({number(score)})")
        if not p.generations[p.generation].species:
            yield "  leader", f"network {p.leader.id}, {counted(p.leader.parameters, 'parameter')}"
        yield "", harmless(p.leader.description, "bold")
    if p.phase == "champion" and p.trainings:
        yield "  trained", ", ".join(f"{n:,} examples: {number(score)}" for n, score in p.trainings)
    if p.failures:
        yield "  failed", ", ".join(f"{n} {kind}" for kind, n in sorted(p.failures.items()))
    for seconds, message in list(p.events):
        yield "  event", Text.assemble((f"{duration(seconds)}: ", "dim"), message)


def _score(score: float, line: str, style: str) -> Text:
    return Text.assemble((number(score), "bold"), "  ", (line, style))


def _unit(p: Progress) -> str:
    """What is counted: after the search, networks are trained again."""
    return "training" if p.trains and p.phase not in ("ready", "search") else "network"


def line(p: Progress) -> str:
    """The same in one plain line."""
    done = counted(p.done, _unit(p))
    parts = [f"{p.done:,} of {counted(p.limit, _unit(p))}" if p.limit else done]
    if p.leader is not None:
        parts.append(f"best {number(p.leader.score)}")
    if p.phase == "search" and p.generations and (mean := p.means[-1]) is not None:
        parts.append(f"mean {number(mean)}")
    if p.rate or p.done:
        parts.append(pace(p).replace(" · ", ", "))
    if p.failures:
        parts.append(f"{sum(p.failures.values())} failed")
    return f"{title(p)}: {', '.join(parts)}"


class Watcher(Callback):
    """Prints the plan, then follows the progress; the two classes below show it.

    Args:
        console: Where to.
        label: Which of several runs it is; a single run has none, and prints its plan.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, console: Console, label: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.console, self.progress = console, Progress(clock, label)

    def on_start(self, search: Search) -> None:
        """Say what was understood, before any time is spent."""
        self.progress.start(search)
        if not self.progress.label:
            print_plan(search, self.console)

    def on_phase(self, search: Search, phase: Phase) -> None:
        """Update the progress."""
        self.progress.enter(search, phase)

    def on_asked(self, search: Search, candidates: Sequence[Candidate]) -> None:
        """Update the progress."""
        self.progress.look(search)

    def on_told(self, search: Search, evaluations: Sequence[Evaluation]) -> None:
        """Update the progress."""
        self.progress.tell(evaluations)

    def on_event(self, search: Search, kind: str, message: str) -> None:
        """Update the progress."""
        self.progress.event(message)


class LiveWatcher(Watcher):
    """A view that is drawn over itself by a thread of its own, so that the run never waits for the terminal."""

    _live: Live | None = None

    def on_start(self, search: Search) -> None:
        """Begin to draw."""
        super().on_start(search)
        self._live = Live(
            console=self.console,
            get_renderable=lambda: view(self.progress),
            refresh_per_second=REFRESHES,
            transient=True,
        )
        self._live.start()

    def on_end(self, search: Search) -> None:
        """Clear the view; what remains is printed by what started the run."""
        self.progress.phase = "end"
        if self._live is not None:
            self._live.stop()


class PlainWatcher(Watcher):
    """One line a phase, and one at most every ten seconds."""

    _printed = float("-inf")

    def on_phase(self, search: Search, phase: Phase) -> None:
        """A line about what begins."""
        super().on_phase(search, phase)
        self._print()

    def on_asked(self, search: Search, candidates: Sequence[Candidate]) -> None:
        """A line about a stage that begins."""
        if self.progress.look(search):
            self._print()

    def on_told(self, search: Search, evaluations: Sequence[Evaluation]) -> None:
        """A line, if the last one is old enough."""
        super().on_told(search, evaluations)
        if self.progress.clock() - self._printed >= PAUSE:
            self._print()

    def on_event(self, search: Search, kind: str, message: str) -> None:
        """A line for a notable event."""
        super().on_event(search, kind, message)
        self.console.print(harmless(f"{kind}: {message}"), soft_wrap=True)

    def _print(self) -> None:
        self._printed = self.progress.clock()
        self.console.print(line(self.progress), soft_wrap=True)


def watcher(*, stderr: bool = False, label: str = "") -> Watcher:
    """What fits the terminal: a live view, or plain lines."""
    target = console_on(stderr=stderr)
    return (PlainWatcher if is_plain(target.file) else LiveWatcher)(target, label)  # type: ignore[arg-type]
