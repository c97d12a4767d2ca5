"""Mutations of how many units or channels a layer has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from speciate.spaces import Choice, Gene, Integer, NetworkGenome, Node, Space
from speciate.spaces.operators import mutation_operator
from speciate.spaces.surgery import with_node

WIDTHS = ("units", "channels")
"""The genes that say how many units or channels a layer has."""


@mutation_operator()
def widen(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Multiply the units or channels of a random layer by 1.25 to 2, unless all are as wide as they may be.

    The factor is uniform on a log scale, and rounded up into the range.

    Source: Chen, Goodfellow & Shlens 2016, "Net2Net", arXiv:1511.05641, section 2.3.
    """
    return _resized(genome, space, rng, wider=True)


@mutation_operator()
def narrow(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Divide the units or channels of a random layer by 1.25 to 2, unless all are as narrow as they may be.

    The factor is uniform on a log scale, and the width rounded down into the range.
    """
    return _resized(genome, space, rng, wider=False)


def _resized(genome: NetworkGenome, space: Space, rng: np.random.Generator, *, wider: bool) -> NetworkGenome:
    """Draw a layer that has other widths to go to, and a factor."""
    possible = [
        (node, name, now, found)
        for node, name, now, options in _wide(genome, space)
        if (found := [width for width in options if (width > now if wider else width < now)])
    ]
    if not possible:
        return genome
    node, name, now, options = possible[int(rng.integers(len(possible)))]
    factor = float(1.25 * (2 / 1.25) ** rng.random())
    if wider:
        place = min(bisect_left(options, now * factor), len(options) - 1)
    else:
        place = max(bisect_right(options, now / factor) - 1, 0)
    return with_node(genome, node.with_gene(name, options[place]))


def _wide(genome: NetworkGenome, space: Space) -> list[tuple[Node, str, int, Sequence[int]]]:
    """The layers that may change their width: node, gene, width and the widths in range."""
    return [
        (node, name, int(dict(node.genes)[name]), widths(space.layers[node.kind][name]))
        for node in genome.layers
        if node.mark not in space.fixed
        for name in WIDTHS
        if name in space.layers.get(node.kind, {})
    ]


def widths(gene: Gene) -> Sequence[int]:
    """The whole numbers that a gene's steps lead to, ascending."""
    if isinstance(gene, Integer):
        return range(gene.low, gene.high + 1, gene.multiple)
    options = gene.options if isinstance(gene, Choice) else ()
    return sorted(option for option in options if isinstance(option, int))
