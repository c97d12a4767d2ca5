"""What a search has learned of its space, as its run keeps it, made harmless: a folder may come from a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from speciate.store.values import mapping, number, sequence, whole

MOST = 12
"""How many entries of a list are looked at."""

FEWEST, LEAST = 20, 0.3
"""People are told what was learned of so many scores at least, where it foretells them with a rank correlation of at least this."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What a search with a surrogate has learned; see `speciate.algorithms.surrogate.Knowledge.beliefs`.

    Attributes:
        matters: What networks differ in, and its share in how different they are taken to be, the largest first.
        networks: Of how many it was learned.
        correlation: That of their ranks with what is expected of each from the others.
        surprises: Networks that were farthest off: id, expected place, place.
    """

    matters: tuple[tuple[str, float], ...]
    networks: int
    correlation: float | None
    surprises: tuple[tuple[int, int, int], ...]

    @property
    def tells(self) -> bool:
        """Whether it foretells scores well enough to be shown to people."""
        return self.networks >= FEWEST and self.correlation is not None and self.correlation >= LEAST

    @classmethod
    def of(cls, fact: Any) -> Self | None:
        """Those of a run, as it says itself; None if it has none."""
        facts = mapping(fact)
        matters = [(str(name), number(share)) for name, share in _entries(facts.get("matters"), 2)]
        places = [tuple(map(whole, entry)) for entry in _entries(facts.get("surprises"), 3)]
        if not matters:
            return None
        return cls(
            tuple((name, min(1.0, max(0.0, share))) for name, share in matters if share is not None),
            whole(facts.get("networks")),
            number(facts.get("rank_correlation")),
            tuple((one, expected, place) for one, expected, place in places),
        )


def _entries(value: Any, size: int) -> list[list[Any]]:
    """The first entries of a list that are lists of so many values."""
    return [found for entry in sequence(value)[:MOST] if len(found := sequence(entry)) == size]
