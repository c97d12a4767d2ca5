"""What may watch a run. A callback that fails never stops the run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from speciate.records import Candidate, Evaluation, Phase

if TYPE_CHECKING:
    from speciate.run.search import Search

LOG = logging.getLogger("speciate")

PATIENCE = 3
"""Failures after which a callback is not called any more."""


class Callback:
    """Does nothing; override what you need. The search and the records it hands over are not to be changed."""

    def on_start(self, search: Search) -> None:
        """The run begins, or goes on."""

    def on_phase(self, search: Search, phase: Phase) -> None:
        """A phase begins: search, final, champion."""

    def on_asked(self, search: Search, candidates: Sequence[Candidate]) -> None:
        """Candidates were proposed and stored."""

    def on_told(self, search: Search, evaluations: Sequence[Evaluation]) -> None:
        """Evaluations were stored."""

    def on_event(self, search: Search, kind: str, message: str) -> None:
        """Something notable happened."""

    def on_end(self, search: Search) -> None:
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
                if failures == 0:
                    LOG.warning("callback %s failed in on_%s", type(callback).__name__, hook, exc_info=True)
                if failures + 1 == PATIENCE:
                    LOG.warning(
                        "callback %s failed %d times and is not called any more",
                        type(callback).__name__,
                        PATIENCE,
                    )
