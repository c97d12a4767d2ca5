"""Whether a child may be handed out."""

from __future__ import annotations

from speciate.spaces import NetworkGenome, Space


def belongs(child: NetworkGenome, parent: NetworkGenome, space: Space) -> bool:
    """Whether a child is in the space and has left its parent's fixed layers, and what they take in, as they were."""
    if child is parent:
        return True
    if space.problems(child):
        return False
    fixed = space.fixed
    return _fixed(child, fixed) == _fixed(parent, fixed) if fixed else True


def _fixed(genome: NetworkGenome, fixed: frozenset[str]) -> list[object]:
    return [(node, genome.sources[node.mark]) for node in genome.nodes if node.mark in fixed]
