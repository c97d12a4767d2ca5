"""The layers between two layers of an ancestor that its child lacks, and what becomes of weights without them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from speciate.layers import GAINS, LAYERS, LayerType, Map, Merge, Unitwise
from speciate.networks import Tensors, layer_tensors
from speciate.spaces import INPUT, NetworkGenome, Node


def is_affine(layer: LayerType, tensors: Tensors) -> bool:
    """Whether a layer has units of its own, made of weights and biases."""
    return isinstance(layer, Map) and tensors.keys() == {"weight", "bias"}


@dataclass(frozen=True, slots=True)
class RemovedLayer:
    """A layer that is gone.

    Attributes:
        node: The layer.
        tensors: Its tensors.
        inputs: The widths of its inputs.
        slot: The one of its inputs that is meant.
    """

    node: Node
    tensors: Tensors
    inputs: Sequence[int]
    slot: int

    @property
    def layer(self) -> LayerType:
        """Its type."""
        return LAYERS[self.node.kind]

    @property
    def genes(self) -> dict[str, Any]:
        """Its genes."""
        return dict(self.node.genes)

    @property
    def exact(self) -> bool:
        """Whether what comes behind it can make up for its absence."""
        if is_affine(self.layer, self.tensors):
            kernel, stride = self.tensors["weight"].shape[2:], self.genes.get("stride", 1)
            return self.genes.get("activation") == "linear" and stride == 1 and set(kernel) <= {1}
        if isinstance(self.layer, Merge):
            return len(self.inputs) == 1
        return self.layer.does_nothing(self.genes)

    @property
    def unitwise(self) -> bool:
        """Whether every unit that comes out of it is made of one that comes in."""
        return isinstance(self.layer, Unitwise)

    @property
    def offset(self) -> int:
        """Where the units of the input begin among those that come out."""
        offsets = self.layer.offsets(self.inputs) if isinstance(self.layer, Merge) else None
        return offsets[self.slot] if offsets else 0

    def back(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The weights (rows, units * places, ...) of what comes behind it, as weights of what comes before it.

        A layer with weights is folded into them, as if its activation were linear with the slope that its gain makes up for:
        exact for the linear activation, else the best guess. One that has as many units as inputs is assumed to have passed
        on each in its place, if it was not linear.
        """
        if isinstance(self.layer, Merge):
            places = weight.shape[1] // self.layer.width(self.inputs)
            start, width = self.offset * places, self.inputs[self.slot] * places
            gain = self.tensors["gain"][self.slot] if self.layer.sums else 1.0
            return weight[:, start : start + width] * gain, bias
        if not is_affine(self.layer, self.tensors):
            return weight, bias
        own, own_bias = (self.tensors[name].astype(np.float64) for name in ("weight", "bias"))
        activation = str(self.genes.get("activation"))
        if activation != "linear" and own.shape[0] == own.shape[1]:
            return weight, bias
        if own.ndim > 2:  # the middle of the kernel is what a place takes from itself
            own = own[:, :, own.shape[2] // 2, own.shape[3] // 2]
        slope = 1.0 / GAINS.get(activation, 1.0)
        split = weight.reshape(len(weight), len(own), -1)
        bias = bias + split.sum(axis=2) @ own_bias * slope
        folded = (split.transpose(0, 2, 1) @ own).transpose(0, 2, 1) * slope
        return folded.reshape(len(weight), -1, *weight.shape[2:]), bias


@dataclass(frozen=True, slots=True)
class RemovedLayers:
    """From one layer of an ancestor to a later one, through layers that the child lacks.

    Attributes:
        layers: Those layers, the last first.
        width: The units of what the later layer takes in.
    """

    layers: Sequence[RemovedLayer]
    width: int

    @property
    def exact(self) -> bool:
        """Whether what comes behind can make up for all of them."""
        return all(layer.exact for layer in self.layers)

    @property
    def unitwise(self) -> bool:
        """Whether all of them treat every unit alone."""
        return all(layer.unitwise for layer in self.layers)

    def back(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The later layer's weights (rows, units * places, ...) and biases as if the earlier one came right before it."""
        for layer in self.layers:
            weight, bias = layer.back(weight, bias)
        return weight, bias

    def forth(self, units: np.ndarray) -> np.ndarray:
        """The numbers that the earlier layer's units have where the later one takes them in; numbers below zero stay as they are."""
        for layer in reversed(self.layers):
            units = np.where(units < 0, units, units + layer.offset)
        return units


def removed_between(
    ancestor: NetworkGenome,
    tensors: Tensors,
    widths: Mapping[str, int],
    source: str,
    last: str,
    kept: Collection[str],
) -> RemovedLayers | None:
    """The layers from `last` back to `source`, the latter left out; None where no path of layers that the child lacks leads there.

    Args:
        ancestor: The genome.
        tensors: Its tensors.
        widths: How many units or channels leave its layers, by mark.
        source: Mark of the earlier layer.
        last: Mark of an input of the later one.
        kept: Marks of the child.
    """

    def back(last: str) -> list[RemovedLayer] | None:
        if last == source:
            return []
        if last in kept or last == INPUT:
            return None
        node = next(n for n in ancestor.nodes if n.mark == last)
        inputs = ancestor.sources[last]
        sizes, layer = [widths[mark] for mark in inputs], LAYERS[node.kind]
        if isinstance(layer, Merge) and layer.offsets(sizes) is None:
            return None
        for slot, before in enumerate(inputs):
            if (rest := back(before)) is not None:
                return [RemovedLayer(node, layer_tensors(tensors, last), sizes, slot), *rest]
        return None

    found = back(last) if source in ancestor.sources else None
    return None if found is None else RemovedLayers(found, widths[last])
