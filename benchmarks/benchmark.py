"""What a benchmark is: a name, a purpose, settings, a measurement, and its part of the results page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Settings = Mapping[str, Any]
"""Numbers, texts and switches by name; every benchmark has a default for each of its own."""

Result = dict[str, Any]
"""What was measured, as JSON. `seconds` replaces the duration where part of the work was kept from earlier sessions."""

Say = Callable[[str], None]
"""Prints one line of progress."""


class SkippedError(Exception):
    """A benchmark cannot be run here; the message says why."""


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: Its name on the command line and in the results.
        purpose: What it answers, in one sentence.
        settings: The defaults of its settings.
        estimate: Seconds that it takes on two cores with given settings.
        measure: Runs it.
        show: Markdown for what it measured.
        data: What it needs, relative to the folder of the data.
    """

    name: str
    purpose: str
    settings: Settings
    estimate: Callable[[Settings], float]
    measure: Callable[[Settings, Say], Result]
    show: Callable[[Result], str]
    data: tuple[str, ...] = ()
