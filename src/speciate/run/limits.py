"""How long a search goes on, in candidates; how long a run has taken; how it ends."""

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

    def start(self, before: float, began: float | None = None) -> None:
        """Go on from the seconds of earlier sessions, in one that began at a moment of `time.monotonic`; by default now."""
        self._before, self._started = before, time.monotonic() if began is None else began

    def stop(self) -> float:
        """Stand still; the seconds in all."""
        self._before, self._started = self.elapsed, 0.0
        return self._before

    @property
    def session(self) -> float:
        """Seconds of this session so far."""
        return time.monotonic() - self._started

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return self._before + (time.monotonic() - self._started if self._started else 0.0)


def resumed_limit(store: Store, limit: int, seconds: float | None, patience: int | None, event: Event) -> int:
    """The limit of a run that may have been at its end: that stays so, unless there is more to do now.

    More candidates are more to do, more time than was up, or more patience. The final and the champion are taken back then.

    Args:
        store: The run's store.
        limit: Candidates that the search may have now.
        seconds: Wall time that it may take now.
        patience: For how many candidates that are no better it may go on.
        event: Writes a notable moment down.
    """
    spent = store.get("time_is_up")
    if spent is not None and (seconds is None or seconds > spent):
        store.take_up()
        spent, known = None, store.get("allowance")
        store.set(time_is_up=None, **({"allowance": {"seconds": seconds}} if known else {}))
    stuck = store.get("plateau")
    if stuck is not None and (patience is None or patience > stuck):
        store.set(plateau=(stuck := None))
    asked = store.asked()
    limit = limit if stuck is None else min(limit, asked)
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
