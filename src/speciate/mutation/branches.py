"""Mutations that open and close branches."""

from __future__ import annotations

import numpy as np

from speciate.spaces import MERGES, NetworkGenome, Space, branching
from speciate.spaces.operators import branches, mutation, varies_depth
from speciate.spaces.surgery import tidied


@mutation(serves=lambda space: branches(space) and varies_depth(space))
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


@mutation(serves=branches)
def connect(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Add a skip connection: one more input for a merge, or, unless there are as many as may be, for a new merge on an edge."""
    if space.input_shape is None:
        return genome
    room = space.counted(genome)[1] < space.merges
    return branching.connect(genome, space.layers, space.input_shape, rng, space.fixed, room)


@mutation(serves=branches)
def disconnect(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
    """Take an input away from a random merge. Layers that then lead nowhere go, and so do merges of a single input."""
    fixed = space.fixed
    joins = {node.mark for node in genome.layers if node.kind in MERGES} - fixed
    edges = [edge for edge in genome.edges if edge[1] in joins]
    if not edges:
        return genome
    gone = edges[int(rng.integers(len(edges)))]
    return tidied(genome, genome.nodes, (edge for edge in genome.edges if edge != gone))
