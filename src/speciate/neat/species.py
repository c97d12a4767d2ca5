"""Species: their members, how many children each may have, and which ones have stopped making progress."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from speciate.neat.compiled.reproduction import Selection
from speciate.neat.networks import BoolArray, FloatArray, IntArray
from speciate.neat.parameters import NeatParameters


@dataclass(frozen=True, eq=False)
class Species:
    """The species of a generation, on axis 0 of every array, oldest first.

    Attributes:
        ids: (S,) numbers that are never used again.
        born: (S,) the generation in which each one was founded.
        best: (S,) the highest fitness that each one has ever had.
        improved: (S,) the generation in which it had it.
    """

    ids: IntArray
    born: IntArray
    best: FloatArray
    improved: IntArray

    @classmethod
    def none(cls) -> Species:
        """No species at all."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, np.zeros(0), nothing)

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.ids)

    def founded(self, count: int, first_id: int, generation: int) -> Species:
        """These, and so many new ones."""
        new = np.full(count, generation, np.int64)
        return Species(
            np.concatenate([self.ids, first_id + np.arange(count)]),
            np.concatenate([self.born, new]),
            np.concatenate([self.best, np.full(count, -np.inf)]),
            np.concatenate([self.improved, new]),
        )

    def told(self, highest: FloatArray, generation: int) -> Species:
        """With what each one's fittest member has reached in this generation."""
        better = highest > self.best
        return replace(
            self,
            best=np.where(better, highest, self.best),
            improved=np.where(better, generation, self.improved),
        )

    def take(self, chosen: BoolArray) -> Species:
        """Some of these."""
        return Species(*(getattr(self, field.name)[chosen] for field in fields(self)))


def shares(fitness: FloatArray, belongs: IntArray, sizes: IntArray) -> FloatArray:
    """Explicit fitness sharing (section 3.3, equation 2): each species' sum of its members' fitness over its size.

    Fitness sharing needs fitness that is not negative; if some is, the least of the generation is subtracted from all.
    """
    least = fitness.min()
    shared = fitness - least if least < 0 else fitness
    return np.bincount(belongs, shared, minlength=len(sizes)) / sizes


def apportion(shares: FloatArray, children: int) -> NDArray[np.int64]:
    """Whole numbers of children in proportion to shares; what rounding down leaves goes to the greatest remainders."""
    if shares.sum() <= 0:
        shares = np.ones(len(shares))
    exact = shares / shares.sum() * children
    quotas: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(quotas - exact, kind="stable")
    quotas[order[: children - quotas.sum()]] += 1
    return quotas


def fertile(
    species: Species, generation: int, standstill: bool, champion: int, rules: NeatParameters
) -> BoolArray:
    """Which species may reproduce.

    Args:
        species: With what was reached in this generation.
        generation: The current one.
        standstill: Whether the whole population has come to one: then only the two best species may (section 4.1).
        champion: The species of the fittest individual, which always may.
        rules: The limit of stagnation.
    """
    if standstill:
        allowed = np.zeros(species.size, np.bool_)
        allowed[np.argsort(-species.best, kind="stable")[:2]] = True
    else:
        allowed = generation - species.improved < rules.stagnation
    allowed[champion] = True
    return allowed


def select(fitness: FloatArray, belongs: IntArray, allowed: BoolArray, rules: NeatParameters) -> Selection:
    """Who may have how many children.

    Every species with a fertile future gets children in proportion to its shared fitness; its fittest members, a share
    `survival` of them, may have them; its champion goes on unchanged if it has more than `elite_above` members, and the
    fittest of all does in any case.
    """
    sizes = np.bincount(belongs, minlength=len(allowed))
    members = np.lexsort((-fitness, belongs))
    starts = np.cumsum(sizes) - sizes
    quotas = apportion(np.where(allowed, shares(fitness, belongs, sizes), 0.0), len(fitness))
    champion = belongs[np.argmax(fitness)]
    if quotas[champion] == 0:
        quotas[np.argmax(quotas)] -= 1
        quotas[champion] = 1
    elites = np.minimum(quotas, sizes > rules.elite_above)
    elites[champion] = 1
    survivors = np.maximum(1, np.ceil(rules.survival * sizes)).astype(np.int64)
    return Selection(members, starts, survivors, quotas, elites.astype(np.int64))
