"""A network that was trained on other numbers than standardized ones, made to compute the same on those."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from speciate.errors import DataError
from speciate.layers import LAYERS, Map
from speciate.networks.network import Network
from speciate.networks.state import layer_tensors, replace_tensors
from speciate.spaces import INPUT, Node


def standardized(network: Network, mean: np.ndarray, scale: np.ndarray, places: int) -> Network:
    """The same function of the data's values, from inputs that are (value - mean) / scale.

    With w x + b over x = (value - input_mean) / input_scale, the weights become w scale / input_scale and the biases
    b + w (mean - input_mean) / input_scale.

    Args:
        network: Says how its own inputs were made; returned as it is if they were standardized like these.
        mean: Of the inputs now, (features or channels,) or (1,).
        scale: Likewise.
        places: Height times width of an image, else 1.

    Raises:
        DataError: Its first layer is not dense, so that inputs of zero mean something at its borders.
    """
    own_mean, own_scale = np.array(network.origin.input_mean), np.array(network.origin.input_scale)
    if not len(own_mean):
        return network
    first = _first(network)
    tensors = {name: np.array(values) for name, values in network.tensors.items()}
    old = layer_tensors(tensors, first.mark)
    weight, bias = old["weight"].astype(np.float64), old["bias"].astype(np.float64)
    factor, shift = np.broadcast_arrays(scale / own_scale, (mean - own_mean) / own_scale)
    inputs = weight.shape[1]
    factor, shift = (
        np.broadcast_to(values, inputs) if len(values) == 1 else np.repeat(values, places)
        for values in (factor, shift)
    )
    changed = {"weight": weight * factor, "bias": bias + weight @ shift}
    replace_tensors(tensors, first.mark, changed)
    origin = replace(network.origin, input_mean=(), input_scale=())
    return replace(network, tensors=tensors, origin=origin)


def _first(network: Network) -> Node:
    """The dense layer that hears the inputs."""
    genome, mark = network.genome, INPUT
    while True:
        targets = genome.targets[mark]
        node = next(n for n in genome.nodes if n.mark == targets[0])
        dense = (
            isinstance(LAYERS[node.kind], Map)
            and layer_tensors(network.tensors, node.mark)["weight"].ndim == 2
        )
        if dense and len(targets) == 1:
            return node
        if node.kind not in ("flatten", "dropout") or len(targets) > 1:
            raise DataError(
                f"mean and scale cannot be taken into the first layer, {node.kind}",
                why="only a Linear can make up for other inputs",
                hint="train the module on standardized inputs, as load_data(...).train.x has them",
            )
        mark = node.mark
