"""From a genome to a `torch.nn.Module`."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
from torch import nn

from speciate.layers import LAYERS, Shape
from speciate.layers.modules import Graph, torch_seeded, with_own_masks
from speciate.spaces import NetworkGenome, shapes


def build(genome: NetworkGenome, input_shape: Shape, outputs: int, rng: np.random.Generator) -> nn.Module:
    """A freshly initialized network; its layers are named by their historical marks.

    Args:
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.
        rng: Where initial weights come from.

    Returns:
        A module from (batch, *input_shape) to (batch, outputs), float32: an `nn.Sequential` where the layers form one path,
        else a `Graph`.

    Raises:
        DataError: The genome cannot be built.
    """
    inputs = shapes(genome, input_shape, outputs)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    with torch_seeded(rng):
        for node in genome.nodes[1:]:
            made = LAYERS[node.kind].module(dict(node.genes), inputs[node.mark], rng)
            modules[node.mark] = with_own_masks(made)
    return nn.Sequential(modules) if genome.is_path else Graph(modules, genome.sources)


def raise_head(module: nn.Module, by: np.ndarray) -> None:
    """Add to the bias of a network's head."""
    if by.any():
        head = [part for part in module.modules() if isinstance(part, nn.Linear)][-1]
        with torch.no_grad():
            head.bias.add_(torch.from_numpy(by).to(head.bias))
