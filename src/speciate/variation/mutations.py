"""Mutations: plain functions from a genome to a new one. Arguments are never changed.

An operator that cannot be applied (removing a layer from the shallowest network) returns the genome it was given.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from speciate.errors import ConfigurationError
from speciate.spaces import Choice, Gene, Integer, NetworkGenome, NetworkSpace, Node, Real, Space, Value, mark

Mutation = Callable[[NetworkGenome, Space, np.random.Generator], NetworkGenome]
"""`(genome, space, rng) -> genome`."""

ATTEMPTS = 20
"""How often `mutate` tries again when nothing changed."""


def mutate(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> tuple[NetworkGenome, str]:
    """A child made by one operator, drawn by its weight in the space, and the operator's name.

    The child differs from its parent unless nothing in the space can change.
    """
    names = list(space.operators)
    totals = list(accumulate(space.operators.values()))
    child, name = genome, names[0]
    for _ in range(ATTEMPTS):
        name = names[bisect(totals, rng.random() * totals[-1], hi=len(names) - 1)]
        child = operator(name)(genome, space, rng)
        if child.phenotype != genome.phenotype:
            break
    return child, name


def operator(name: str) -> Mutation:
    """The mutation of a name: one of `MUTATIONS`, or `change_` and the name of a gene.

    Raises:
        ConfigurationError: There is no such operator.
    """
    if name in MUTATIONS:
        return MUTATIONS[name]
    if name.startswith("change_"):
        gene = name.removeprefix("change_")
        return lambda genome, space, rng: change(genome, space, rng, gene)
    raise ConfigurationError(
        f"there is no mutation operator {name!r}", hint=f"use one of {[*MUTATIONS, 'change_GENE']}"
    )


def change(genome: NetworkGenome, space: Space, rng: np.random.Generator, gene: str) -> NetworkGenome:
    """Move one gene a small step: a hyper-parameter, or the gene of one random layer that has it."""
    if gene in space.hyper:
        value = space.hyper[gene].step(genome.hyper_parameters[gene], rng)
        return replace(genome, hyper=tuple({**genome.hyper_parameters, gene: value}.items()))
    ranges = space.layers if isinstance(space, NetworkSpace) else {}
    having = [node for node in genome.layers if gene in ranges.get(node.kind, {})]
    if not having:
        return genome
    node = having[int(rng.integers(len(having)))]
    value = ranges[node.kind][gene].step(dict(node.genes)[gene], rng)
    return _with_node(genome, node.with_gene(gene, value))


def add_layer(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a random layer on a random edge, unless the network is as deep as it may be."""
    if not isinstance(space, NetworkSpace) or len(genome.layers) >= space.depth[1]:
        return genome
    source, target = genome.edges[int(rng.integers(len(genome.edges)))]
    node = space.sample_layer(source, target, (n.mark for n in genome.nodes), rng)
    return _inserted(genome, node, (source, target))


def remove_layer(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Take out a random layer and join what was before and after it, unless the network is as shallow as it may be."""
    if not isinstance(space, NetworkSpace) or len(genome.layers) <= space.depth[0]:
        return genome
    gone = genome.layers[int(rng.integers(len(genome.layers)))].mark
    before = [a for a, b in genome.edges if b == gone]
    after = [b for a, b in genome.edges if a == gone]
    edges = [edge for edge in genome.edges if gone not in edge] + [(a, b) for a in before for b in after]
    nodes = tuple(node for node in genome.nodes if node.mark != gone)
    return replace(genome, nodes=nodes, edges=tuple(edges))


def deepen(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a dense layer that can start as the identity on a random edge, unless the network is as deep as it may be.

    The layer is as wide as what comes before it, rounded up into its range; it is a relu where nothing negative comes in,
    else linear; its dropout is the lowest. Edges where the ranges allow no such layer are left alone, and so is the one from
    the input, whose width is not in the genome.

    Source: Chen, Goodfellow & Shlens 2016, "Net2Net", arXiv:1511.05641, section 2.4.
    """
    if not isinstance(space, NetworkSpace) or len(genome.layers) >= space.depth[1]:
        return genome
    by_mark = {node.mark: dict(node.genes) for node in genome.nodes}
    genes = {edge: _identity(by_mark[edge[0]], space.layers.get("dense", {})) for edge in genome.edges}
    edges = [edge for edge in genome.edges if genes[edge]]
    if not edges:
        return genome
    edge = edges[int(rng.integers(len(edges)))]
    return _inserted(genome, Node.make(mark("dense", *edge, by_mark), "dense", genes[edge]), edge)


def _identity(before: Mapping[str, Value], ranges: Mapping[str, Gene]) -> dict[str, Value]:
    """The genes of a dense layer that can start as the identity behind a layer; empty if no such genes are in range."""
    if "units" not in before or "units" not in ranges:
        return {}
    widths = _widths(ranges["units"])
    at = bisect_left(widths, int(before["units"]))
    activation = "relu" if before.get("activation") in ("relu", "sigmoid") else "linear"
    activation = activation if activation in ranges["activation"] else "linear"
    if at == len(widths) or activation not in ranges["activation"]:
        return {}
    return {"units": widths[at], "activation": activation, "dropout": _lowest(ranges["dropout"])}


def widen(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Multiply the units of a random layer by 1.25 to 2, uniformly on a log scale, unless all are as wide as they may be.

    Source: Chen, Goodfellow & Shlens 2016, "Net2Net", arXiv:1511.05641, section 2.3.
    """
    ranges = space.layers if isinstance(space, NetworkSpace) else {}
    wider = {
        node: [w for w in _widths(ranges[node.kind]["units"]) if w > int(dict(node.genes)["units"])]
        for node in genome.layers
        if "units" in ranges.get(node.kind, {})
    }
    nodes = [node for node, widths in wider.items() if widths]
    if not nodes:
        return genome
    node = nodes[int(rng.integers(len(nodes)))]
    wanted = int(dict(node.genes)["units"]) * 1.25 * (2 / 1.25) ** rng.random()
    at = bisect_left(wider[node], wanted)
    return _with_node(genome, node.with_gene("units", wider[node][min(at, len(wider[node]) - 1)]))


def _widths(gene: Gene) -> Sequence[int]:
    """The whole numbers that a gene's steps lead to, ascending."""
    if isinstance(gene, Integer):
        return range(gene.low, gene.high + 1, gene.multiple)
    options = gene.options if isinstance(gene, Choice) else ()
    return sorted(option for option in options if isinstance(option, int))


def _lowest(gene: Gene) -> Value:
    if isinstance(gene, Choice):
        return min(option for option in gene.options if not isinstance(option, str))
    return gene.low if isinstance(gene, Real | Integer) else 0.0


def resample(
    genome: NetworkGenome, space: Space, rng: np.random.Generator, rate: float = 0.2
) -> NetworkGenome:
    """The article's mutation: each gene is drawn anew with probability `rate`; then a layer may come or go.

    Source: "Design by Evolution" (2017): a layer is removed or added with probability `rate` each.
    """
    hyper = {n: space.hyper[n].sample(rng) if rng.random() < rate else v for n, v in genome.hyper}
    child = replace(genome, hyper=tuple(hyper.items()))
    if not isinstance(space, NetworkSpace):
        return child
    for node in child.layers:
        for name, gene in space.layers[node.kind].items():
            if rng.random() < rate:
                node = node.with_gene(name, gene.sample(rng))
        child = _with_node(child, node)
    if rng.random() < rate:
        child = remove_layer(child, space, rng)
    if rng.random() < rate:
        child = add_layer(child, space, rng)
    return child


def _inserted(genome: NetworkGenome, node: Node, edge: tuple[str, str]) -> NetworkGenome:
    """The genome with a node put on an edge."""
    edges = [other for other in genome.edges if other != edge]
    edges += [(edge[0], node.mark), (node.mark, edge[1])]
    return replace(genome, nodes=(*genome.nodes, node), edges=tuple(edges))


def _with_node(genome: NetworkGenome, node: Node) -> NetworkGenome:
    """The genome with the node of the same mark replaced."""
    return replace(genome, nodes=tuple(node if n.mark == node.mark else n for n in genome.nodes))


MUTATIONS: dict[str, Mutation] = {
    "add_layer": add_layer,
    "deepen": deepen,
    "remove_layer": remove_layer,
    "resample": resample,
    "widen": widen,
}
"""The operators that are not about a single gene, by name."""

__all__ = [
    "MUTATIONS",
    "Mutation",
    "add_layer",
    "change",
    "deepen",
    "mutate",
    "operator",
    "remove_layer",
    "resample",
    "widen",
]
