"""The callback that shows a run in the terminal: a live view, or plain lines where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from speciate.records import Evaluation, Phase
from speciate.run.callbacks import Callback
from speciate.terminal.consoles import console as default_console
from speciate.terminal.consoles import is_plain
from speciate.terminal.plan import print_plan
from speciate.terminal.progress import Progress
from speciate.terminal.views import line, view

if TYPE_CHECKING:
    from speciate.run.search import Search

REFRESHES = 4
"""Drawings a second of the live view."""

PAUSE = 10.0
"""Seconds between two plain lines."""


class Watcher(Callback):
    """Prints the plan, then keeps the progress; how it is shown is up to the two kinds below.

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
        """Follow."""
        self.progress.enter(search, phase)

    def on_told(self, search: Search, evaluations: Sequence[Evaluation]) -> None:
        """Follow."""
        self.progress.tell(evaluations)

    def on_event(self, search: Search, kind: str, message: str) -> None:
        """Follow."""
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
        """Clear the view; what remains is printed by whoever started the run."""
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

    def on_told(self, search: Search, evaluations: Sequence[Evaluation]) -> None:
        """A line, if the last one is old enough."""
        super().on_told(search, evaluations)
        if self.progress.clock() - self._printed >= PAUSE:
            self._print()

    def on_event(self, search: Search, kind: str, message: str) -> None:
        """A line for what is worth one."""
        super().on_event(search, kind, message)
        self.console.print(f"{kind}: {message}", soft_wrap=True)

    def _print(self) -> None:
        self._printed = self.progress.clock()
        self.console.print(line(self.progress), soft_wrap=True)


def watcher(*, stderr: bool = False, label: str = "") -> Watcher:
    """What fits the terminal: a live view, or plain lines."""
    target = default_console(stderr=stderr)
    return (PlainWatcher if is_plain(target.file) else LiveWatcher)(target, label)  # type: ignore[arg-type]
