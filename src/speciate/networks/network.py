"""A trained network as values: its genome and tensors, and what is known about where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from speciate.errors import DataError
from speciate.layers import LAYERS
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node

Tensors = Mapping[str, np.ndarray]
"""A state dictionary, or the part of it that belongs to a layer."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a network comes from. What is unknown is empty.

    Attributes:
        name: What people call it.
        task: "classification" or "regression".
        target: What it predicts.
        classes: Labels in the order of the head's outputs.
        target_mean: A regression's value is target_mean + target_scale * output.
        target_scale: See `target_mean`.
        inputs: What each of its inputs means.
        source: Name of the data that it was trained on.
        fingerprint: SHA-256 of these data as they were split.
        examples: Training examples that went into its weights, repetitions and its own ancestors' included.
        input_mean: Its inputs are (value in the data - input_mean) / input_scale, one number for all inputs or one for each;
            empty where they are standardized as the library does it.
        input_scale: See `input_mean`.
        class_weights: Of the classes in its training; empty if they had none.
        networks: How many answered together in the ensemble that it led; 1 if it was alone.
        refit: Whether it was trained on all rows of that source, those for test too.
    """

    name: str = ""
    task: str = ""
    target: str = ""
    classes: tuple[str, ...] = ()
    target_mean: float = 0.0
    target_scale: float = 1.0
    inputs: tuple[str, ...] = ()
    source: str = ""
    fingerprint: str = ""
    examples: int = 0
    input_mean: tuple[float, ...] = ()
    input_scale: tuple[float, ...] = ()
    class_weights: tuple[float, ...] = ()
    networks: int = 1
    refit: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A trained network as values.

    Attributes:
        genome: Its genome.
        tensors: Its weights by the names that they have in the state dictionary of a network built from the genome.
        origin: Where it comes from.
        renewed: Marks of layers that are not its own: they were given fresh weights, or none at all, to fit other data.
    """

    genome: NetworkGenome
    tensors: Mapping[str, np.ndarray]
    origin: Origin = field(default=Origin())
    renewed: frozenset[str] = frozenset()

    @property
    def networks(self) -> tuple[Network, ...]:
        """Itself, as in an `Ensemble` of one."""
        return (self,)

    @property
    def temperature(self) -> float:
        """None that would change its answers."""
        return 1.0

    @property
    def whole(self) -> bool:
        """Whether every layer is its own, the head included."""
        return not self.renewed

    def tempered(self, temperature: float, shift: np.ndarray) -> Network:
        """The network of classes whose logits are this one's divided by a temperature, but for a shift (classes,) that stays as it is."""
        head = {name: value / temperature for name, value in layer_tensors(self.tensors, OUTPUT).items()}
        head["bias"] = head["bias"] + shift * (1 - 1 / temperature)
        tensors = dict(self.tensors)
        replace_tensors(tensors, OUTPUT, head)
        return replace(self, tensors=tensors)


def layer_tensors(tensors: Tensors, mark: str) -> dict[str, np.ndarray]:
    """A layer's tensors by the last part of their names, such as "weight": what comes before depends on the layer's inputs.

    Where two would have the same name, all have the whole of it.
    """
    return {short: tensors[name] for name, short in _short_names(tensors, mark).items()}


def replace_tensors(tensors: dict[str, np.ndarray], mark: str, values: Tensors) -> None:
    """Put other values in the place of a layer's tensors, named as in `layer_tensors`; types stay as they are."""
    for name, short in _short_names(tensors, mark).items():
        tensors[name] = np.asarray(values[short]).astype(tensors[name].dtype)


def _short_names(tensors: Tensors, mark: str) -> dict[str, str]:
    start = f"{mark}."
    own = [name for name in tensors if name.startswith(start)]
    short = {name: name.rpartition(".")[2] for name in own}
    return short if len(set(short.values())) == len(own) else {name: name.removeprefix(start) for name in own}


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
    """The dense layer that takes in the inputs."""
    genome, mark = network.genome, INPUT
    while True:
        targets = genome.targets[mark]
        node = next(n for n in genome.nodes if n.mark == targets[0])
        layer, weight = LAYERS[node.kind], layer_tensors(network.tensors, node.mark).get("weight")
        if layer.mixes and weight is not None and weight.ndim == 2 and len(targets) == 1:
            return node
        harmless = layer.flattens or layer.does_nothing(dict(node.genes))
        if not harmless or len(targets) > 1:
            raise DataError(
                f"mean and scale cannot be taken into the first layer, {node.kind}",
                why="only a Linear can make up for other inputs",
                hint="train the module on standardized inputs, as load_data(...).train.x has them",
            )
        mark = node.mark
