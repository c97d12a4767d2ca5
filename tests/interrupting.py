"""An interrupt at a place that can be chosen."""

from __future__ import annotations

from speciate.run.callbacks import Callback
from speciate.run.search import Search


class StopAfter(Callback):
    """Interrupts a run after some results."""

    def __init__(self, count: int) -> None:
        self.count = count

    def on_told(self, search: Search, evaluations: object) -> None:
        if search.store.count()[1] >= self.count:
            raise KeyboardInterrupt
