"""Crossover: a child of two parents, merged by historical marks. Arguments are never changed.

Stanley & Miikkulainen 2002, "Evolving Neural Networks through Augmenting Topologies", section 3.2: matching genes are inherited
from either parent at random, the rest of the structure from the fitter one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from speciate.mutation.grafting import grafts, splices
from speciate.spaces import NetworkGenome, Node, Space, Value

Crossover = Callable[[NetworkGenome, NetworkGenome, Space, np.random.Generator], NetworkGenome]
"""`(first, second, space, rng) -> genome`."""

TRIES = 20
"""How many ways to splice or graft are tried at most."""


def crossover(
    first: NetworkGenome, second: NetworkGenome, space: Space, rng: np.random.Generator
) -> NetworkGenome:
    """A child of two parents, with hyper-parameters of either.

    Paths are `matched` or `spliced` with the same probability. Where there are branches, or layers that do not fit everywhere, a
    third way is to graft a branch of the second parent onto the first; what cannot be spliced or grafted is matched.

    Args:
        first: The fitter parent.
        second: The other parent.
        space: Where the child has to belong.
        rng: What draws.

    Returns:
        The child; `first` itself if what comes of it is not in the space.
    """
    other = second.hyper_parameters
    hyper = {name: other.get(name, v) if rng.random() < 0.5 else v for name, v in first.hyper}
    if space.layers and not (space.ranges_only and first.is_path and second.is_path):
        return next(_graphs(first, second, hyper, space, rng), first)
    child = replace(first, hyper=tuple(hyper.items()))
    if space.layers:
        layers = spliced(first.layers, second.layers, space.depth, rng) if rng.random() < 0.5 else None
        child = NetworkGenome.path(layers or matched(first.layers, second.layers, rng), hyper)
    return child if space.admits(child, first) else first


def _graphs(
    first: NetworkGenome,
    second: NetworkGenome,
    hyper: Mapping[str, Value],
    space: Space,
    rng: np.random.Generator,
) -> Iterator[NetworkGenome]:
    """The children that belong to the space, in the order in which they are wanted."""
    base = replace(first, hyper=tuple(hyper.items()))
    ways = (splices, grafts, None) if space.merges else (splices, None)
    way = ways[int(rng.integers(len(ways)))]
    children = [] if way is None else islice(way(base, second, rng), TRIES)
    yield from (child for child in children if space.admits(child, first))
    for nodes in (tuple(matched(first.nodes, second.nodes, rng)), first.nodes):
        child = replace(base, nodes=nodes)
        if space.admits(child, first):
            yield child


def matched(first: Sequence[Node], second: Sequence[Node], rng: np.random.Generator) -> list[Node]:
    """The first parent's layers; each that the second has too is either's, whole, with the same probability."""
    theirs = {(node.mark, node.kind): node for node in second}
    return [theirs.get((node.mark, node.kind), node) if rng.random() < 0.5 else node for node in first]


def spliced(
    first: Sequence[Node], second: Sequence[Node], depth: tuple[int, int], rng: np.random.Generator
) -> list[Node] | None:
    """The first parent's layers up to a point, the second's after it: the same common layer, or else any two points.

    Args:
        first: Layers of a path, in order.
        second: Layers of another.
        depth: Fewest and most layers of the child.
        rng: What draws the point.

    Returns:
        Layers of different marks; None if no point gives a child of the right depth that differs from the first parent.
    """
    common = {node.mark: at for at, node in enumerate(second, 1)}
    aligned = [(i, common[node.mark]) for i, node in enumerate(first, 1) if node.mark in common]
    anywhere = [(i, j) for i in range(1, len(first) + 1) for j in range(len(second))]
    for points in (aligned, anywhere):
        children = [[*first[:i], *second[j:]] for i, j in points]
        valid = [child for child in children if _is_path(child, depth) and child != list(first)]
        if valid:
            return valid[int(rng.integers(len(valid)))]
    return None


def _is_path(layers: Sequence[Node], depth: tuple[int, int]) -> bool:
    """Whether no mark appears twice, and there are neither too few layers nor too many."""
    return len({node.mark for node in layers}) == len(layers) and depth[0] <= len(layers) <= depth[1]


__all__ = ["Crossover", "crossover", "matched", "spliced"]
