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
    wider = {
        (node, name): [w for w in options if w > now] for node, name, now, options in _wide(genome, space)
    }
    picked = _picked(wider, rng)
    if picked is None:
        return genome
    node, name, options = picked
    wanted = int(dict(node.genes)[name]) * _factor(rng)
    return with_node(
        genome, node.with_gene(name, options[min(bisect_left(options, wanted), len(options) - 1)])
    )


@mutation_operator()
def narrow(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Divide the units or channels of a random layer by 1.25 to 2, unless all are as narrow as they may be.

    The factor is uniform on a log scale, and the width rounded down into the range.
    """
    narrower = {
        (node, name): [w for w in options if w < now] for node, name, now, options in _wide(genome, space)
    }
    picked = _picked(narrower, rng)
    if picked is None:
        return genome
    node, name, options = picked
    wanted = int(dict(node.genes)[name]) / _factor(rng)
    return with_node(genome, node.with_gene(name, options[max(bisect_right(options, wanted) - 1, 0)]))


def _factor(rng: np.random.Generator) -> float:
    return float(1.25 * (2 / 1.25) ** rng.random())


def _wide(genome: NetworkGenome, space: Space) -> list[tuple[Node, str, int, Sequence[int]]]:
    """The layers that may change their width: node, gene, width and the widths in range."""
    return [
        (node, name, int(dict(node.genes)[name]), widths(space.layers[node.kind][name]))
        for node in genome.layers
        if node.mark not in space.fixed
        for name in WIDTHS
        if name in space.layers.get(node.kind, {})
    ]


def _picked(
    options: dict[tuple[Node, str], list[int]], rng: np.random.Generator
) -> tuple[Node, str, list[int]] | None:
    """A random layer with other widths to go to: node, gene and these widths."""
    possible = [(node, name, found) for (node, name), found in options.items() if found]
    return possible[int(rng.integers(len(possible)))] if possible else None


def widths(gene: Gene) -> Sequence[int]:
    """The whole numbers that a gene's steps lead to, ascending."""
    if isinstance(gene, Integer):
        return range(gene.low, gene.high + 1, gene.multiple)
    options = gene.options if isinstance(gene, Choice) else ()
    return sorted(option for option in options if isinstance(option, int))
