"""How long a search goes on: candidates, wall time, whether it was asked to stop; and how it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speciate.errors import ConfigurationError, SpeciateError
from speciate.records import Phase
from speciate.run.identity import Event
from speciate.store import Store

UNLIMITED = 10**9
"""The limit of candidates where only time counts."""


def candidates_limit(
    generations: int | None, evaluations: int | None, seconds: float | None, population_size: int
) -> int:
    """How many candidates a search may have; 10 generations if nothing is said.

    Raises:
        ConfigurationError: Limits contradict each other, or one is out of its range.
    """
    if generations is not None and evaluations is not None:
        raise ConfigurationError("give generations or evaluations, not both")
    for name, value in (("generations", generations), ("evaluations", evaluations), ("seconds", seconds)):
        if value is not None and value <= 0:
            raise ConfigurationError(f"{name} must be greater than 0, got {value}")
    if evaluations is not None:
        return evaluations
    if generations is None and seconds is not None:
        return UNLIMITED
    return (generations or 10) * population_size


class Stopwatch:
    """The seconds spent on a run, earlier sessions included."""

    def __init__(self) -> None:
        self._before, self._started = 0.0, 0.0

    def start(self, before: float) -> None:
        """Go on from the seconds of earlier sessions."""
        self._before, self._started = before, time.monotonic()

    def stop(self) -> float:
        """Stand still; the seconds in all."""
        self._before, self._started = self.elapsed, 0.0
        return self._before

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return self._before + (time.monotonic() - self._started if self._started else 0.0)


class Deadline:
    """Says when a search proposes nothing more, apart from its limit of candidates. The final and the champion come on top.

    Args:
        store: The run's store, which keeps that the time is up: it does not come back when the run goes on.
        seconds: Wall time; None for any.
        watch: Measures it.
        event: Writes a notable moment down.

    Attributes:
        stopping: Whether the search was asked to stop.
    """

    def __init__(self, store: Store, seconds: float | None, watch: Stopwatch, event: Event) -> None:
        self.store, self.seconds, self.watch, self.event = store, seconds, watch, event
        self.stopping = self._said = False

    def is_reached(self) -> bool:
        """Whether to propose nothing more. Something is tried, however short the time is."""
        if self.stopping and self.store.count()[0]:
            if not self._said:
                self._said = True
                self.event("stopped", "the search was asked to stop: nothing more is proposed")
            return True
        if self.seconds is None:
            return False
        if self.store.get("time_is_up") is not None:
            return True
        if self.watch.elapsed < self.seconds or self.store.count()[0] == 0:
            return False
        self.store.set(time_is_up=self.seconds)
        done = self.store.evaluated()
        self.event("time", f"the time limit of {self.seconds:g} s is reached after {done} evaluations")
        return True


def resumed_limit(store: Store, limit: int, seconds: float | None, event: Event) -> int:
    """The limit of a run that may have been at its end: that stays so, unless there is more to do now.

    More candidates are more to do, or more time than was up. The final and the champion are taken back then.

    Args:
        store: The run's store.
        limit: Candidates that the search may have now.
        seconds: Wall time that it may take now.
        event: Writes a notable moment down.
    """
    spent = store.get("time_is_up")
    if spent is not None and (seconds is None or seconds > spent):
        store.set(time_is_up=(spent := None))
    asked = store.asked()
    over = store.count()[0] > store.count(Phase.SEARCH)[0] or store.get("champion") is not None
    if over and limit > asked and spent is None:
        store.reopen()
        event("prolonged", f"the search goes on from {asked} candidates; the final is held again")
    return asked if over and limit <= asked else limit


@contextmanager
def ended(end: Callable[[str], None]) -> Iterator[None]:
    """Hand over how what is inside ends: "finished", "interrupted" or "failed".

    Raises:
        KeyboardInterrupt: It was interrupted, also where a library made an error of its own of that: a compiler does.
    """
    outside, status = sys.exception(), "failed"
    try:
        yield
        status = "finished"
    except BaseException as error:
        if (stop := _interruption(error, outside)) is not None:
            status = "interrupted"
            if stop is not error:
                raise stop from None
        raise
    finally:
        end(status)


def _interruption(error: BaseException, outside: BaseException | None) -> KeyboardInterrupt | None:
    """What interrupted, if an exception stands for that; not what was being handled outside."""
    found: BaseException | None = None if isinstance(error, SpeciateError) else error
    while found is not None and found is not outside:
        if isinstance(found, KeyboardInterrupt):
            return found
        found = found.__cause__ or found.__context__
    return None
