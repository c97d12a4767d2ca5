"""Which connections a child has that its parent has not, beyond those that come and go with a layer."""

from __future__ import annotations

from collections.abc import Collection

from speciate.report.network import numbered
from speciate.spaces import INPUT, OUTPUT, NetworkGenome

Edge = tuple[str, str]


def rewired(parent: NetworkGenome, child: NetworkGenome) -> list[str]:
    """Connections removed and added, in words."""
    gone, came = loose_edges(parent, child)
    old, new = numbered(parent), numbered(child)
    words = [f"connection removed: {_end(a, old)} → {_end(b, old)}" for a, b in gone]
    return words + [f"connection added: {_end(a, new)} → {_end(b, new)}" for a, b in came]


def loose_edges(parent: NetworkGenome, child: NetworkGenome) -> tuple[list[Edge], list[Edge]]:
    """Connections removed and added between layers that both networks have.

    Where a layer was put on a connection, or one between two others was taken out, that says it all.
    """
    before, after = set(parent.edges), set(child.edges)
    both = {n.mark for n in parent.nodes} & {n.mark for n in child.nodes}
    gone = [e for e in sorted(before - after) if both.issuperset(e) and not _leads(child, e, both)]
    came = [e for e in sorted(after - before) if both.issuperset(e) and not _leads(parent, e, both)]
    return gone, came


def _leads(genome: NetworkGenome, edge: Edge, both: Collection[str]) -> bool:
    """Whether one layer leads to another through layers that only this network has."""
    after: dict[str, list[str]] = {}
    for source, target in genome.edges:
        after.setdefault(source, []).append(target)
    waiting, seen = list(after.get(edge[0], [])), set()
    while waiting:
        mark = waiting.pop()
        if mark == edge[1]:
            return True
        if mark not in both and mark not in seen:
            seen.add(mark)
            waiting += after.get(mark, [])
    return False


def _end(mark: str, numbers: dict[str, int]) -> str:
    return {INPUT: "input", OUTPUT: "output"}.get(mark) or f"layer {numbers.get(mark, 0)}"
