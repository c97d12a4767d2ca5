"""Branches: parallel layers and skip connections, put into a network. Arguments are never changed."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from speciate.layers import LAYERS, Shape
from speciate.spaces.drawing import Layers, draw_genes
from speciate.spaces.genes import Value
from speciate.spaces.genome import NetworkGenome
from speciate.spaces.node import MERGES, Node, mark
from speciate.spaces.shapes import output_shapes, shapes
from speciate.spaces.surgery import downstream, merge_mark, merged


def split(
    genome: NetworkGenome,
    layers: Layers,
    input_shape: Shape,
    rng: np.random.Generator,
    fixed: Collection[str] = (),
) -> NetworkGenome:
    """Put a new layer beside a random one that has units of its own, and a merge of both in front of all that follows.

    Args:
        genome: A network that can be built.
        layers: The ranges of the genes of each allowed layer kind.
        input_shape: Shape of one example.
        rng: What draws.
        fixed: Marks of layers whose inputs must stay what they are.

    Returns:
        The network with the branch; `genome` itself where there is no place for one.
    """
    merges = [kind for kind in layers if kind in MERGES]
    nodes = [
        node
        for node in genome.layers
        if LAYERS[node.kind].mixes and not set(genome.targets[node.mark]) & set(fixed)
    ]
    if not nodes or not merges:
        return genome
    node = nodes[int(rng.integers(len(nodes)))]
    inputs = shapes(genome, input_shape, 1)
    drawn = _beside(node, inputs[node.mark][0], layers, rng)
    if drawn is None:
        return genome
    kind = merges[int(rng.integers(len(merges)))]
    targets = genome.targets[node.mark]
    merge = Node.make(merge_mark(genome, kind, node.mark, targets), kind)
    (source,) = genome.sources[node.mark]
    taken = {merge.mark, *(n.mark for n in genome.nodes)}
    twin = Node.make(mark(drawn[0], source, merge.mark, taken), *drawn)
    edges = [(node.mark, target) for target in targets]
    return merged(genome, merge, edges, [twin.mark], [twin], [(source, twin.mark)])


def _beside(
    node: Node, before: Shape, layers: Layers, rng: np.random.Generator
) -> tuple[str, dict[str, Value]] | None:
    """Kind and genes of a layer with weights whose output has the height and width of a node's; None if there is none."""
    like = LAYERS[node.kind].shape(dict(node.genes), [before])[1:]
    kinds = [kind for kind in layers if LAYERS[kind].mixes or "kernel" in layers[kind]]
    for at in rng.permutation(len(kinds)):
        kind = kinds[int(at)]
        genes = draw_genes(layers[kind], rng)
        stride = dict(node.genes).get("stride")
        if stride is not None and "stride" in genes and stride in layers[kind]["stride"]:
            genes["stride"] = stride
        try:
            if LAYERS[kind].shape(genes, [before])[1:] == like:
                return kind, genes
        except ValueError:  # it does not take what comes in
            continue
    return None


def connect(
    genome: NetworkGenome,
    layers: Layers,
    input_shape: Shape,
    rng: np.random.Generator,
    fixed: Collection[str] = (),
    merge: bool = True,
) -> NetworkGenome:
    """Lead the output of a layer past others: into a merge, or into a new merge on a random edge.

    Only where height and width agree, and never so that a layer would depend on itself.

    Args:
        genome: A network that can be built.
        layers: The ranges of the genes of each allowed layer kind.
        input_shape: Shape of one example.
        rng: What draws.
        fixed: Marks of layers whose inputs must stay what they are.
        merge: Whether there may be one more merge.

    Returns:
        The network with the skip connection; `genome` itself where there is no place for one.
    """
    merges = [kind for kind in layers if kind in MERGES] if merge else []
    out = output_shapes(genome, shapes(genome, input_shape, 1))
    after = downstream(genome)
    kinds = {node.mark: node.kind for node in genome.nodes}
    places = [
        (source, edge)
        for edge in genome.edges
        if edge[1] not in fixed and (merges or kinds[edge[1]] in MERGES)
        for source in kinds
        if source not in after[edge[1]]
        and source not in genome.sources[edge[1]]
        and out[source][1:] == out[edge[0]][1:]
    ]
    if not places:
        return genome
    source, edge = places[int(rng.integers(len(places)))]
    if kinds[edge[1]] in MERGES:
        return NetworkGenome(genome.nodes, (*genome.edges, (source, edge[1])), genome.hyper)
    kind = merges[int(rng.integers(len(merges)))]
    return merged(genome, Node.make(merge_mark(genome, kind, edge[0], edge[1:]), kind), [edge], [source])
