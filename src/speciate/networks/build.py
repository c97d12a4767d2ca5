"""From a genome to a `torch.nn.Module`."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from torch import nn

from speciate.errors import DataError
from speciate.layers import LAYERS, Shape
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, Value, mark


def shapes(genome: NetworkGenome, input_shape: Shape, outputs: int) -> dict[str, list[Shape]]:
    """The input shapes of every layer by mark, worked out without allocating anything.

    Args:
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.

    Raises:
        DataError: A layer is unknown, has impossible genes, or cannot take its inputs.
    """
    found: dict[str, list[Shape]] = {}
    out: dict[str, Shape] = {}
    for node in genome.nodes:
        if node.kind not in LAYERS:
            raise DataError(f"there is no layer type {node.kind!r}", hint=f"known: {', '.join(LAYERS)}")
        layer, genes = LAYERS[node.kind], dict(node.genes)
        if set(genes) != set(layer.genes):
            raise DataError(f"a {node.kind} layer has genes {list(layer.genes)}, got {sorted(genes)}")
        if problems := layer.problems(genes):
            raise DataError(f"a {node.kind} layer cannot be built: {'; '.join(problems)}")
        inputs = [out[source] for source, target in genome.edges if target == node.mark]
        inputs = [input_shape] if node.kind == INPUT else inputs
        inputs = [*inputs, (outputs,)] if node.kind == OUTPUT else inputs
        try:
            out[node.mark] = layer.shape(genes, inputs)
        except (ValueError, IndexError) as error:
            raise DataError(f"a {node.kind} layer cannot take its inputs: {error}") from None
        found[node.mark] = inputs
    return found


def count_parameters(genome: NetworkGenome, input_shape: Shape, outputs: int) -> int:
    """Trainable parameters of the network, without building it."""
    inputs = shapes(genome, input_shape, outputs)
    return sum(LAYERS[node.kind].parameters(dict(node.genes), inputs[node.mark]) for node in genome.nodes)


def build(genome: NetworkGenome, input_shape: Shape, outputs: int, rng: np.random.Generator) -> nn.Sequential:
    """A freshly initialized network; its layers are named by their historical marks.

    Args:
        genome: A sequential network.
        input_shape: Shape of one example.
        outputs: Width of the head.
        rng: Where initial weights come from.

    Returns:
        A module from (batch, *input_shape) to (batch, outputs), float32.

    Raises:
        DataError: The genome cannot be built.
    """
    if not genome.is_path:
        raise DataError("only sequential networks can be built so far, and this genome branches")
    inputs: dict[str, list[Shape]] = shapes(genome, input_shape, outputs)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for node in genome.nodes:
        if node.kind != INPUT:
            modules[node.mark] = LAYERS[node.kind].module(dict(node.genes), inputs[node.mark], rng)
    return nn.Sequential(modules)


def hand_made() -> NetworkGenome:
    """What somebody who knows the trade would write down without searching: the network that evolution has to beat.

    Two ReLU layers of 128 units with a little dropout, trained by AdamW at 0.002.
    """
    genes: dict[str, Value] = {"units": 128, "activation": "relu", "dropout": 0.1}
    first = mark("dense", INPUT, OUTPUT)
    layers = [Node.make(first, "dense", genes), Node.make(mark("dense", first, OUTPUT), "dense", genes)]
    return NetworkGenome.path(layers, {"optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 1e-2})
