"""Variety among the best: what learns fast is not always what learns most, and who follows one structure alone never knows.

The idea is that of niches, as of species in Stanley & Miikkulainen 2002, "Evolving Neural Networks through Augmenting Topologies",
section 3.3: networks compete with their like first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from speciate.spaces import NetworkGenome
from speciate.spaces.genome import BINS

T = TypeVar("T")

Structure = tuple[str, ...]
"""The kinds of a network's layers, in their order, and whether it takes numbers in bins: what can be learned, and how fast."""


def structure_of(genome: NetworkGenome) -> Structure:
    """What networks of one niche have in common."""
    kinds = tuple(layer.kind for layer in genome.layers)
    return (BINS, *kinds) if genome.bins else kinds


def varied(items: Iterable[T], structure: Callable[[T], Structure], alike: int) -> Iterator[T]:
    """Items in their order, but whatever comes after `alike` of its structure at the end."""
    counts, later = Counter[Structure](), list[T]()
    for item in items:
        counts[structure(item)] += 1
        if counts[structure(item)] <= alike:
            yield item
        else:
            later.append(item)
    yield from later
