"""The mean of two networks' weights, layer by layer: a merger that keeps what both have learned.

Where two networks come from one ancestor, their mean is often better than either (Wortsman et al. 2022, "Model soups",
arXiv:2203.05482); of two that have nothing in common it is worse than both, which selection then sees to.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.networks.state import Tensors, layer_tensors, replace_tensors
from speciate.spaces import NetworkGenome, Node

FREE = frozenset({"dropout"})
"""Genes in which two layers may differ and yet have weights that mean the same."""


def blended(ancestors: Sequence[tuple[NetworkGenome, Tensors]]) -> list[tuple[NetworkGenome, Tensors]]:
    """The ancestors, with the mean of all in the layers of the first that the others have too.

    Args:
        ancestors: Genomes and tensors. They are not changed.

    Returns:
        The same, but that a layer of the first has the mean over all ancestors in which a layer of the same mark has the same
        genes (dropout aside) and tensors of the same shapes.
    """
    if len(ancestors) < 2:
        return list(ancestors)
    genome, tensors = ancestors[0]
    found = {name: np.array(value) for name, value in tensors.items()}
    for node in genome.nodes:
        own = layer_tensors(tensors, node.mark)
        alike = [layer_tensors(other, node.mark) for g, other in ancestors if _has(g, node)]
        fitting = [
            t for t in alike if t.keys() == own.keys() and all(t[k].shape == own[k].shape for k in own)
        ]
        mean = {name: np.mean([t[name] for t in fitting], axis=0) for name in own}
        replace_tensors(found, node.mark, mean)
    return [(genome, found), *ancestors[1:]]


def _has(genome: NetworkGenome, node: Node) -> bool:
    """Whether a genome has a layer of the same mark, kind and genes, dropout aside."""
    return any(
        n.mark == node.mark and n.kind == node.kind and _meaning(n) == _meaning(node) for n in genome.nodes
    )


def _meaning(node: Node) -> dict[str, object]:
    return {name: value for name, value in node.genes if name not in FREE}
