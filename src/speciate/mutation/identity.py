"""Mutations that add a layer which can start as the identity."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping

import numpy as np

from speciate.layers import LAYERS, Shape
from speciate.mutation.structure import TRIES, fits, open_edges
from speciate.mutation.widths import widths
from speciate.spaces import (
    INPUT,
    OUTPUT,
    Choice,
    Gene,
    Integer,
    NetworkGenome,
    Node,
    Real,
    Space,
    Value,
    mark,
    never_negative,
    output_shapes,
    shapes,
)
from speciate.spaces.drawing import draw_genes
from speciate.spaces.operators import mutation_operator, varies_depth
from speciate.spaces.surgery import Edge, inserted


@mutation_operator(serves=varies_depth)
def deepen(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a layer that can start as the identity on a random edge, unless the network is as deep as it may be.

    A layer with units of its own has as many as come in, rounded up into its range; its activation is relu where nothing
    negative comes in, else linear; its dropout is the lowest. In a space that does not know the shape of its examples, only
    dense layers behind dense layers are put in.

    Source: Chen, Goodfellow & Shlens 2016, "Net2Net", arXiv:1511.05641, section 2.4; Wei, Wang, Rui & Chen 2016, "Network
    Morphism", arXiv:1603.01670, section 3.
    """
    if space.counted(genome)[0] >= space.depth[1]:
        return genome
    return _with_identity(genome, space, open_edges(genome, space), space.layers, rng) or genome


@mutation_operator(serves=varies_depth)
def grow(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a layer with units of its own right before the head: one that can start as the identity, else a random one."""
    if space.counted(genome)[0] >= space.depth[1]:
        return genome
    edges = [edge for edge in open_edges(genome, space) if edge[1] == OUTPUT]
    kinds = [kind for kind in space.layers if LAYERS[kind].mixes]
    child = _with_identity(genome, space, edges, kinds, rng)
    if child or not edges or not kinds:
        return child or genome
    inputs = None if space.input_shape is None else shapes(genome, space.input_shape, 1)
    for _ in range(TRIES):
        kind = kinds[int(rng.integers(len(kinds)))]
        genes = draw_genes(space.layers[kind], rng)
        if inputs is None or fits(kind, genes, edges[0], genome, inputs):
            return _put(genome, kind, genes, edges[0])
    return genome


def _with_identity(
    genome: NetworkGenome,
    space: Space,
    edges: Iterable[Edge],
    kinds: Iterable[str],
    rng: np.random.Generator,
) -> NetworkGenome | None:
    """The network with a layer of one of some kinds on one of some edges that can start as the identity, if there is any."""
    inputs = None if space.input_shape is None else shapes(genome, space.input_shape, 1)
    out: dict[str, Shape]
    if inputs is None:
        out = {n.mark: (int(g["units"]),) for n in genome.layers if "units" in (g := dict(n.genes))}
    else:
        out = output_shapes(genome, inputs)
    positive = never_negative(genome)
    options = [
        (edge, kind, genes)
        for edge in edges
        if edge[0] in out
        for kind in kinds
        if (genes := identity_genes(kind, space.layers[kind], out[edge[0]], positive[edge[0]])) is not None
        and (inputs is None or fits(kind, {**_any(space.layers[kind]), **genes}, edge, genome, inputs))
    ]
    if not options:
        return None
    edge, kind, genes = options[int(rng.integers(len(options)))]
    rest = {name: gene for name, gene in space.layers[kind].items() if name not in genes}
    return _put(genome, kind, {**draw_genes(rest, rng), **genes}, edge)


def _put(genome: NetworkGenome, kind: str, genes: Mapping[str, Value], edge: Edge) -> NetworkGenome:
    new = mark(kind, *edge, (n.mark for n in genome.nodes))
    return inserted(genome, Node.make(new, kind, genes), edge)


def identity_genes(
    kind: str, ranges: Mapping[str, Gene], before: Shape, positive: bool
) -> dict[str, Value] | None:
    """The genes that a layer needs in order to start as the identity; None if they are not in its ranges.

    Genes that are not named may have any value.

    Args:
        kind: Its kind.
        ranges: The ranges of its genes.
        before: What comes in.
        positive: Whether none of that is ever negative.
    """
    layer = LAYERS[kind]
    if layer.is_merge or layer.flattens or kind in (INPUT, OUTPUT):
        return None
    genes: dict[str, Value] = {}
    if "activation" in ranges:
        genes["activation"] = "relu" if positive and "relu" in ranges["activation"] else "linear"
    if "stride" in ranges:
        genes["stride"] = 1
    if "dropout" in ranges and layer.mixes:
        genes["dropout"] = _lowest(ranges["dropout"])
    for name, needed in (("units", math.prod(before)), ("channels", before[0])):
        if name in ranges:
            wide = widths(ranges[name])
            at = bisect_left(wide, needed)
            if at == len(wide):
                return None
            genes[name] = wide[at]
    idle = "activation" in genes and layer.does_nothing(genes)
    suits = not idle and layer.can_be_identity({**_any(ranges), **genes}, positive)
    return genes if suits and all(value in ranges[name] for name, value in genes.items()) else None


def _any(ranges: Mapping[str, Gene]) -> dict[str, Value]:
    """Some value of each gene."""
    return {name: _lowest(gene) for name, gene in ranges.items()}


def _lowest(gene: Gene) -> Value:
    if isinstance(gene, Choice):
        numbers = [option for option in gene.options if not isinstance(option, str)]
        return min(numbers) if numbers else gene.options[0]
    return gene.low if isinstance(gene, Real | Integer) else 0.0
