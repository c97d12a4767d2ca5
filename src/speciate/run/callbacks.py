"""What may watch a run, and stop it. A callback that fails never stops the run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from speciate.records import Candidate, Evaluation, Phase

LOG = logging.getLogger("speciate")

PATIENCE = 3
"""Failures after which a callback is not called any more."""


class Callback:
    """Does nothing; override what you need.

    Every method gets the `Search`. It and the records are for reading, with one exception: `search.stop()` ends the search as if
    its limit were reached. What is on its way is finished, and the final and the champion follow.

    An exception is logged and costs the callback nothing but that call; after three of them it is not called any more.
    `KeyboardInterrupt` passes through: the run ends at once, "interrupted", without a champion, and a further `run` goes on.
    """

    def on_start(self, search: Any) -> None:
        """The run begins, or goes on."""

    def on_phase(self, search: Any, phase: Phase) -> None:
        """A phase begins: search, final, champion."""

    def on_asked(self, search: Any, candidates: Sequence[Candidate]) -> None:
        """Candidates were proposed and stored."""

    def on_told(self, search: Any, evaluations: Sequence[Evaluation]) -> None:
        """Evaluations were stored."""

    def on_event(self, search: Any, kind: str, message: str) -> None:
        """Something notable happened."""

    def on_end(self, search: Any) -> None:
        """The run ended, was interrupted or failed; `search.status` says which."""


class Callbacks:
    """Calls several callbacks, and drops one that keeps failing.

    Args:
        callbacks: In the order in which they are called.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self._failures = dict.fromkeys(callbacks, 0)

    def __call__(self, hook: str, *arguments: object) -> None:
        """Call `on_<hook>` of every callback that still works."""
        for callback, failures in self._failures.items():
            if failures >= PATIENCE:
                continue
            try:
                getattr(callback, f"on_{hook}")(*arguments)
            except Exception:
                self._failures[callback] += 1
                name = type(callback).__name__
                if failures == 0:
                    LOG.warning("callback %s failed in on_%s", name, hook, exc_info=True)
                if failures + 1 == PATIENCE:
                    LOG.warning("callback %s failed %d times and is not called any more", name, PATIENCE)
