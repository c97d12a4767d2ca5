"""The layers between two layers of an ancestor that its child has no more, and what becomes of weights without them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from speciate.layers import GAINS, LAYERS, Map, Unitwise
from speciate.networks.state import Tensors, layer_tensors
from speciate.spaces import INPUT, NetworkGenome, Node


@dataclass(frozen=True, slots=True)
class Step:
    """A layer that is gone.

    Attributes:
        node: The layer.
        tensors: Its tensors.
        inputs: The widths of its inputs.
        slot: Through which of its inputs the passage leads.
    """

    node: Node
    tensors: Tensors
    inputs: Sequence[int]
    slot: int

    @property
    def exact(self) -> bool:
        """Whether what comes behind it can make up for its absence."""
        genes, kernel = dict(self.node.genes), self.tensors.get("weight", np.empty(0)).shape[2:]
        if isinstance(LAYERS[self.node.kind], Map):
            return genes["activation"] == "linear" and genes.get("stride", 1) == 1 and set(kernel) <= {1}
        if isinstance(LAYERS[self.node.kind], Unitwise):
            return self.node.kind == "dropout" or genes == {"activation": "linear"}
        return len(self.inputs) == 1

    @property
    def offset(self) -> int:
        """Where the units of the passage's input begin among those that come out."""
        return sum(self.inputs[: self.slot]) if self.node.kind == "concat" else 0

    def back(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The weights (rows, units * places, ...) of what comes behind it, as weights of what comes before it.

        A layer with weights is folded into them, as if its activation were linear with the slope that its gain makes up for:
        exact for the linear activation, else the best guess. One that has as many units as inputs is assumed to have passed
        on each in its place, if it was not linear.
        """
        if self.node.kind == "concat":
            places = weight.shape[1] // sum(self.inputs)
            start, width = self.offset * places, self.inputs[self.slot] * places
            return weight[:, start : start + width], bias
        if self.node.kind == "add":
            places = weight.shape[1] // max(self.inputs)
            return weight[:, : self.inputs[self.slot] * places] * self.tensors["gain"][self.slot], bias
        if not isinstance(LAYERS[self.node.kind], Map):
            return weight, bias
        own, own_bias = (self.tensors[name].astype(np.float64) for name in ("weight", "bias"))
        activation = str(dict(self.node.genes)["activation"])
        if activation != "linear" and own.shape[0] == own.shape[1]:
            return weight, bias
        if own.ndim > 2:  # the middle of the kernel is what a place hears of itself
            own = own[:, :, own.shape[2] // 2, own.shape[3] // 2]
        slope = 1.0 / GAINS[activation]
        split = weight.reshape(len(weight), len(own), -1)
        bias = bias + split.sum(axis=2) @ own_bias * slope
        folded = (split.transpose(0, 2, 1) @ own).transpose(0, 2, 1) * slope
        return folded.reshape(len(weight), -1, *weight.shape[2:]), bias


@dataclass(frozen=True, slots=True)
class Passage:
    """From one layer of an ancestor to a later one, through layers that the child has not.

    Attributes:
        steps: Those layers, the last first.
        width: The units of what the later layer hears.
    """

    steps: Sequence[Step]
    width: int

    @property
    def exact(self) -> bool:
        """Whether what comes behind can make up for all of them."""
        return all(step.exact for step in self.steps)

    def back(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The later layer's weights (rows, units * places, ...) and biases as if the earlier one came right before it."""
        for step in self.steps:
            weight, bias = step.back(weight, bias)
        return weight, bias

    def forth(self, units: np.ndarray) -> np.ndarray:
        """The numbers that the earlier layer's units have where the later one hears them; below zero stays as it is."""
        for step in reversed(self.steps):
            units = np.where(units < 0, units, units + step.offset)
        return units


def passage(
    ancestor: NetworkGenome,
    tensors: Tensors,
    widths: Mapping[str, int],
    source: str,
    target: str,
    kept: Collection[str],
) -> Passage | None:
    """How one layer leads to another; None if it does not, or only through layers that the child has too.

    Args:
        ancestor: The genome.
        tensors: Its tensors.
        widths: How many units or channels leave its layers, by mark.
        source: Mark of the earlier layer.
        target: Mark of the later one.
        kept: Marks of the child.
    """
    if source not in ancestor.sources:
        return None
    for last in ancestor.sources[target]:
        steps = steps_between(ancestor, tensors, widths, source, last, kept)
        if steps is not None:
            return Passage(steps, widths[last])
    return None


def steps_between(
    ancestor: NetworkGenome,
    tensors: Tensors,
    widths: Mapping[str, int],
    source: str,
    last: str,
    kept: Collection[str],
) -> list[Step] | None:
    """The layers from `last` back to `source`, the latter left out; None where none leads there that the child has not.

    Args: see `passage`; `last` is the layer to begin with.
    """
    if last == source:
        return []
    if last in kept or last == INPUT:
        return None
    inputs = ancestor.sources[last]
    for slot, before in enumerate(inputs):
        rest = steps_between(ancestor, tensors, widths, source, before, kept)
        if rest is not None:
            node = next(n for n in ancestor.nodes if n.mark == last)
            step = Step(node, layer_tensors(tensors, last), [widths[mark] for mark in inputs], slot)
            return [step, *rest]
    return None
