"""A layer of a genome, and the historical mark that it is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from speciate.layers import MERGES
from speciate.spaces.genes import Value

INPUT, OUTPUT = "input", "output"
"""The historical marks (and kinds) of the two ends, the same in every genome."""


def mark(kind: str, source: str, target: str, taken: Iterable[str] = ()) -> str:
    """The historical mark of a layer put between two others.

    NEAT's innovation number (Stanley & Miikkulainen 2002, section 3.2) without its global counter: the mark is derived
    from what was changed where, so equal changes in different lineages get equal marks on any machine.

    Args:
        kind: Kind of the new layer.
        source: Mark of the layer before it.
        target: Mark of the layer after it.
        taken: Marks that the genome already has: the occurrence is the first that is free.

    Returns:
        Twelve hexadecimal digits.
    """
    taken, occurrence = set(taken), 0
    while True:
        new = _hashed(f"{kind}|{source}|{target}|{occurrence}")
        if new not in taken:
            return new
        occurrence += 1


@lru_cache(maxsize=10_000)  # random networks are drawn by the hundred, from a few places for layers
def _hashed(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Node:
    """A layer of a genome.

    Attributes:
        mark: Its historical mark.
        kind: Its layer type, a key of `speciate.layers.LAYERS`.
        genes: Names and values of its genes, sorted by name.
    """

    mark: str
    kind: str
    genes: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def make(cls, mark: str, kind: str, genes: Mapping[str, Value] | None = None) -> Node:
        """A node from a mapping of genes."""
        return cls(mark, kind, tuple(sorted((genes or {}).items())))

    def with_gene(self, name: str, value: Value) -> Node:
        """The same node with one gene changed."""
        return Node.make(self.mark, self.kind, {**dict(self.genes), name: value})


__all__ = ["INPUT", "MERGES", "OUTPUT", "Node", "mark"]
