"""Mutations of structure: layers come, go or are swapped, branches open and close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from speciate.layers import LAYERS, Shape
from speciate.spaces import MERGES, NetworkGenome, Node, Space, branching, mark, output_shapes, shapes
from speciate.spaces.drawing import draw_genes
from speciate.spaces.operators import branches, has_choice, mutation_operator, varies_depth
from speciate.spaces.shapes import belongs
from speciate.spaces.surgery import Edge, inserted, swapped, tidied, without

TRIES = 10
"""How many random layers are tried for a place at most."""


@mutation_operator(serves=varies_depth)
def add_layer(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a random layer on a random edge where it fits, unless the network is as deep as it may be."""
    if space.counted(genome)[0] >= space.depth[1]:
        return genome
    edges = open_edges(genome, space)
    inputs = None if space.input_shape is None else shapes(genome, space.input_shape, 1)
    for _ in range(TRIES if edges else 0):
        edge = edges[int(rng.integers(len(edges)))]
        node = random_layer(space, edge, genome, rng)
        if inputs is None or fits(node.kind, dict(node.genes), edge, genome, inputs):
            return inserted(genome, node, edge)
    return genome


@mutation_operator(serves=varies_depth)
def remove_layer(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Take out a random layer and join what was before and after it, unless the network is as shallow as it may be.

    Merges stay, but for those that have a single input left.
    """
    if space.counted(genome)[0] <= space.depth[0]:
        return genome
    nodes = [node for node in free(genome, space) if node.kind not in MERGES]
    return without(genome, nodes[int(rng.integers(len(nodes)))].mark) if nodes else genome


@mutation_operator(serves=has_choice)
def swap_layer(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Replace a random layer by one of another kind whose output is as high and wide (to one place); a merge by a merge.

    Genes of the same name stay where they are in range, and the size of a pool becomes a stride.
    """
    if space.input_shape is None:
        return genome
    inputs = shapes(genome, space.input_shape, 1)
    out = output_shapes(genome, inputs)
    options = [
        (node, kind)
        for node in free(genome, space)
        for kind in space.layers
        if kind != node.kind
        and (kind in MERGES) == (node.kind in MERGES)
        and belongs(kind, genome.sources[node.mark], genome)
    ]
    for at in rng.permutation(len(options))[:TRIES]:
        node, kind = options[int(at)]
        genes = draw_genes(space.layers[kind], rng)
        old = dict(node.genes)
        old |= {new: old[name] for name, new in (("size", "stride"), ("stride", "size")) if name in old}
        genes |= {name: old[name] for name in genes if name in old and old[name] in space.layers[kind][name]}
        try:
            new = LAYERS[kind].shape(genes, inputs[node.mark])
        except ValueError:
            continue
        if _alike(new, out[node.mark]):
            return swapped(genome, node.mark, kind, genes)
    return genome


@mutation_operator(serves=lambda space: branches(space) and varies_depth(space))
def split(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Put a new layer beside a random one that has units of its own, and merge both in front of all that follows.

    Nothing changes where the network has as many layers or merges as it may have.
    """
    if space.input_shape is None:
        return genome
    layers, merges = space.counted(genome)
    if layers >= space.depth[1] or merges >= space.merges:
        return genome
    return branching.split(genome, space.layers, space.input_shape, rng, space.fixed)


@mutation_operator(serves=branches)
def connect(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Add a skip connection: one more input for a merge, or, unless there are as many as may be, for a new merge on an edge."""
    if space.input_shape is None:
        return genome
    room = space.counted(genome)[1] < space.merges
    return branching.connect(genome, space.layers, space.input_shape, rng, space.fixed, room)


@mutation_operator(serves=branches)
def disconnect(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Take an input away from a random merge. Layers that then lead nowhere go, and so do merges of a single input."""
    joins = {node.mark for node in genome.layers if node.kind in MERGES} - space.fixed
    edges = [edge for edge in genome.edges if edge[1] in joins]
    if not edges:
        return genome
    gone = edges[int(rng.integers(len(edges)))]
    return tidied(genome, genome.nodes, (edge for edge in genome.edges if edge != gone))


def random_layer(space: Space, edge: Edge, genome: NetworkGenome, rng: np.random.Generator) -> Node:
    """A random layer to stand on an edge of a network. Merges are none, and what belongs in front only is where it can stand there."""
    every = [kind for kind in space.layers if kind not in MERGES]
    kinds = [kind for kind in every if belongs(kind, edge[:1], genome)] or every
    kind = kinds[int(rng.integers(len(kinds)))]
    new = mark(kind, *edge, (node.mark for node in genome.nodes))
    return Node.make(new, kind, draw_genes(space.layers[kind], rng))


def _alike(one: Shape, other: Shape) -> bool:
    """Whether two outputs are equally high and wide, to one place: layers round odd sizes up or down."""
    return len(one) == len(other) and all(abs(a - b) <= 1 for a, b in zip(one[1:], other[1:], strict=True))


def open_edges(genome: NetworkGenome, space: Space) -> list[Edge]:
    """The edges that something may be put on: those that do not lead to fixed layers."""
    return (
        [edge for edge in genome.edges if edge[1] not in space.fixed] if space.fixed else list(genome.edges)
    )


def free(genome: NetworkGenome, space: Space) -> list[Node]:
    """The layers that may be taken away: neither they nor what follows them are fixed."""
    if not space.fixed:
        return list(genome.layers)
    return [node for node in genome.layers if not space.fixed & {node.mark, *genome.targets[node.mark]}]


def fits(
    kind: str,
    genes: Mapping[str, Any],
    edge: Edge,
    genome: NetworkGenome,
    inputs: Mapping[str, Sequence[Shape]],
) -> bool:
    """Whether a layer can take what an edge carries, and what follows can take its output.

    Args:
        kind: Kind of the new layer.
        genes: Its genes.
        edge: Where it is to be put.
        genome: The network without it.
        inputs: Input shapes by mark, as `shapes` gives them.
    """
    source, target = edge
    follower = next(node for node in genome.nodes if node.mark == target)
    sources = genome.sources[target]
    before = list(inputs[target])
    try:
        before[sources.index(source)] = LAYERS[kind].shape(genes, [before[sources.index(source)]])
        LAYERS[follower.kind].shape(dict(follower.genes), before)
    except ValueError:
        return False
    return True
