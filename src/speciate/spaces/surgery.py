"""Small changes to a genome's graph. Arguments are never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from speciate.spaces.genes import Value
from speciate.spaces.genome import NetworkGenome
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node, mark

Edge = tuple[str, str]
"""The marks at both ends of a connection."""


def with_node(genome: NetworkGenome, node: Node) -> NetworkGenome:
    """The genome with the node of the same mark replaced."""
    return genome.with_genes(tuple(node if n.mark == node.mark else n for n in genome.nodes))


def inserted(genome: NetworkGenome, node: Node, edge: Edge) -> NetworkGenome:
    """The genome with a node put on an edge."""
    edges = [other for other in genome.edges if other != edge]
    edges += [(edge[0], node.mark), (node.mark, edge[1])]
    return replace(genome, nodes=(*genome.nodes, node), edges=tuple(edges))


def without(genome: NetworkGenome, gone: str) -> NetworkGenome:
    """The genome without a layer; what followed it follows what was before it."""
    bridges = [(a, b) for a in genome.sources[gone] for b in genome.targets[gone]]
    edges = [edge for edge in genome.edges if gone not in edge]
    return tidied(genome, (n for n in genome.nodes if n.mark != gone), [*edges, *bridges])


def merge_mark(genome: NetworkGenome, kind: str, after: str, targets: Collection[str]) -> str:
    """The mark of a merge between a layer and those of its targets that are to see it merged."""
    return mark(kind, after, "+".join(sorted(targets)), (n.mark for n in genome.nodes))


def merged(
    genome: NetworkGenome,
    merge: Node,
    edges: Sequence[Edge],
    others: Iterable[str],
    new: Iterable[Node] = (),
    more: Iterable[Edge] = (),
) -> NetworkGenome:
    """The genome with a merge put on edges that leave the same layer.

    Args:
        genome: The network.
        merge: The new merge.
        edges: The edges, each from the same layer to one of its targets.
        others: Marks of the layers that the merge takes besides.
        new: More new layers.
        more: More new edges.
    """
    after = edges[0][0]
    kept = [edge for edge in genome.edges if edge not in edges]
    kept += [(source, merge.mark) for source in (after, *others)]
    kept += [(merge.mark, target) for _, target in edges]
    return replace(genome, nodes=(*genome.nodes, merge, *new), edges=(*kept, *more))


def tidied(genome: NetworkGenome, nodes: Iterable[Node], edges: Iterable[Edge]) -> NetworkGenome:
    """A graph without layers that lead nowhere or that nothing leads to, and without merges of a single input.

    Args:
        genome: Whose hyper-parameters the result has.
        nodes: The layers, the two ends included.
        edges: The connections.
    """
    by_mark = {node.mark: node for node in nodes}
    links = dict.fromkeys(edges)  # in order, and each once
    while True:
        begun, ended = {a for a, _ in links}, {b for _, b in links}
        dead = {m for m in by_mark if (m != OUTPUT and m not in begun) or (m != INPUT and m not in ended)}
        dead -= {INPUT, OUTPUT}
        if dead:
            by_mark = {m: node for m, node in by_mark.items() if m not in dead}
            links = dict.fromkeys(e for e in links if not dead & set(e))
            continue
        single = _single(by_mark.values(), links)
        if single is None:
            return replace(genome, nodes=tuple(by_mark.values()), edges=tuple(links))
        merge, source = single
        del by_mark[merge]
        moved = [(source, b) if a == merge else (a, b) for a, b in links if b != merge]
        links = dict.fromkeys(moved)


def _single(nodes: Iterable[Node], edges: Iterable[Edge]) -> Edge | None:
    """A merge with one input, and that input."""
    inputs: dict[str, list[str]] = {}
    for source, target in edges:
        inputs.setdefault(target, []).append(source)
    found = (n.mark for n in nodes if n.kind in MERGES and len(inputs.get(n.mark, ())) == 1)
    merge = next(found, None)
    return None if merge is None else (merge, inputs[merge][0])


def downstream(genome: NetworkGenome) -> dict[str, frozenset[str]]:
    """By mark, the marks of all layers that a layer leads to, its own included."""
    found: dict[str, frozenset[str]] = {}
    for node in reversed(genome.nodes):
        found[node.mark] = frozenset({node.mark}).union(*(found[t] for t in genome.targets[node.mark]))
    return found


def swapped(genome: NetworkGenome, gone: str, kind: str, genes: Mapping[str, Value]) -> NetworkGenome:
    """The genome with a layer replaced by a new one at the same place, whose mark says where that is."""
    before, after = ("+".join(sorted(marks)) for marks in (genome.sources[gone], genome.targets[gone]))
    new = mark(kind, before, after, (n.mark for n in genome.nodes))
    nodes = [Node.make(new, kind, genes) if n.mark == gone else n for n in genome.nodes]
    renamed = {n.mark: n.mark for n in genome.nodes} | {gone: new}
    return replace(genome, nodes=tuple(nodes), edges=tuple((renamed[a], renamed[b]) for a, b in genome.edges))
