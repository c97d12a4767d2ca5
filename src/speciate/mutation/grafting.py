"""Crossover of networks with branches: what may be taken from a second parent and put into a first. Nothing is changed in place.

Both functions give all children that the graphs allow, in random order; whether one can be built, and belongs to a space, is
for the caller to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from speciate.errors import DataError
from speciate.spaces import INPUT, MERGES, OUTPUT, NetworkGenome, Node
from speciate.spaces.surgery import Edge


def splices(first: NetworkGenome, second: NetworkGenome, rng: np.random.Generator) -> Iterator[NetworkGenome]:
    """The first parent up to a point, the second after it: first the same common layers, then any two points.

    A point is a layer through which every path from the input to the head runs.
    """
    ours, theirs = ([*waists(genome)] for genome in (first, second))
    places = [(u, w) for u in ours if u not in (INPUT, OUTPUT) for w in theirs if w != OUTPUT]
    places = [places[i] for i in rng.permutation(len(places))]
    for upstream, downstream in sorted(places, key=lambda place: place[0] != place[1]):
        child = _spliced(first, upstream, second, downstream)
        if child is not None:
            yield child


def waists(genome: NetworkGenome) -> list[str]:
    """The marks of the layers through which every path from the input to the head runs, both ends included."""
    position = {node.mark: at for at, node in enumerate(genome.nodes)}
    found, reach = [], 0  # how far down the edges of the layers so far lead
    for mark, at in position.items():
        if reach <= at:
            found.append(mark)
        reach = max([reach, *(position[target] for target in genome.targets[mark])])
    return found


def _spliced(
    first: NetworkGenome, upstream: str, second: NetworkGenome, downstream: str
) -> NetworkGenome | None:
    """All of the first parent up to one of its points, and all of the second behind one of its; None if marks repeat."""
    upper = _through(first, upstream)
    lower = {node.mark: node for node in second.nodes if node.mark not in _through(second, downstream)}
    if set(upper) & set(lower):
        return None
    edges = [edge for edge in first.edges if edge[1] in upper]
    edges += [(upstream if a == downstream else a, b) for a, b in second.edges if b in lower]
    child = replace(first, nodes=(*upper.values(), *lower.values()), edges=tuple(edges))
    return None if (child.nodes, child.edges) == (first.nodes, first.edges) else child


def _through(genome: NetworkGenome, point: str) -> dict[str, Node]:
    """The layers up to a point, which is included."""
    marks = [node.mark for node in genome.nodes]
    return {node.mark: node for node in genome.nodes[: marks.index(point) + 1]}


def grafts(first: NetworkGenome, second: NetworkGenome, rng: np.random.Generator) -> Iterator[NetworkGenome]:
    """The first parent with a branch that only the second has, from a common layer into a merge.

    The merge is a common one too, or stands in the second parent on what is an edge of the first.
    """
    kinds = {node.mark: node.kind for node in second.nodes}
    ends = [(source, target) for source, target in second.edges if kinds[target] in MERGES]
    for at in rng.permutation(len(ends)):
        try:
            child = _grafted(first, second, *ends[int(at)])
        except DataError:  # the branch would lead back to where it comes from
            continue
        if child is not None:
            yield child


def _grafted(first: NetworkGenome, second: NetworkGenome, end: str, merge: str) -> NetworkGenome | None:
    """The first parent with the branch of the second that ends with a layer, in front of a merge."""
    ours = {node.mark for node in first.nodes}
    branch, edges = _branch(second, end, ours)
    if merge in branch:
        return None
    new = {node.mark: node for node in second.nodes if node.mark in branch}
    edges.append((end, merge))
    kept = list(first.edges)
    if merge not in ours:
        place = _place(first, second, end, merge)
        if not place:
            return None
        new[merge] = next(node for node in second.nodes if node.mark == merge)
        kept = [edge for edge in kept if edge not in place]
        edges += [(place[0][0], merge), *((merge, target) for _, target in place)]
    elif next(node.kind for node in first.nodes if node.mark == merge) not in MERGES:
        return None
    if set(edges) <= set(kept):
        return None
    return replace(first, nodes=(*first.nodes, *new.values()), edges=(*kept, *edges))


def _branch(genome: NetworkGenome, end: str, common: set[str]) -> tuple[set[str], list[Edge]]:
    """The layers that lead to a layer from common ones, which are not included, and all their inputs."""
    branch: set[str] = set()
    waiting = [end]
    while waiting:
        mark = waiting.pop()
        if mark not in common and mark not in branch:
            branch.add(mark)
            waiting += genome.sources[mark]
    return branch, [edge for edge in genome.edges if edge[1] in branch]


def _place(first: NetworkGenome, second: NetworkGenome, end: str, merge: str) -> list[Edge]:
    """The edges of the first parent, all from one layer, that a merge of the second stands on; empty if there are none."""
    for source in second.sources[merge]:
        if source != end:
            found = [(source, t) for t in second.targets[merge] if (source, t) in first.edges]
            if found:
                return found
    return []
