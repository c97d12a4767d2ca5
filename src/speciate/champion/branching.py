"""Networks whose layers do not form one path, of torch's own layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from speciate.champion.plain import own_layers
from speciate.layers import LAYERS, Merge, Shape
from speciate.layers.merging import Sum
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, shapes

WORDS: dict[type[nn.Module], str] = {
    nn.Linear: "linear",
    nn.Conv2d: "conv",
    nn.BatchNorm1d: "norm",
    nn.BatchNorm2d: "norm",
    nn.LayerNorm: "norm",
    nn.GroupNorm: "norm",
    nn.MaxPool2d: "pool",
    nn.AvgPool2d: "pool",
    nn.AdaptiveMaxPool2d: "pool",
    nn.AdaptiveAvgPool2d: "pool",
}
"""What a part of a network is called for, if it has one such layer."""


@dataclass(frozen=True)
class Step:
    """One line of a network's forward.

    Attributes:
        kind: "layer", "add" or "concat".
        name: Of the layer, or of the parameter with the gains of a sum; empty for a concatenation.
        sources: Numbers of the values that it takes. 0 is the network's input, n what the nth step gives.
        shape: Of what it gives, without the batch axis.
        lacking: For each source of a sum, the channels that it lacks.
    """

    kind: str
    name: str
    sources: tuple[int, ...]
    shape: Shape
    lacking: tuple[int, ...] = ()

    def run(self, network: nn.Module, inputs: Sequence[Tensor]) -> Tensor:
        """What the step makes of its inputs in a network that has its layer or gains."""
        if self.kind == "concat":
            return torch.cat(list(inputs), dim=1)
        part = getattr(network, self.name)
        if self.kind == "layer":
            given: Tensor = part(*inputs)
            return given
        wide = [
            functional.pad(x, self.padding(lacking)) if lacking else x
            for x, lacking in zip(inputs, self.lacking, strict=True)
        ]
        total: Tensor = part[0] * wide[0]
        for i, x in enumerate(wide[1:], 1):
            total = total + part[i] * x
        return total

    def padding(self, lacking: int) -> tuple[int, ...]:
        """What `pad` takes for channels of zeros behind the others; it begins with the last axis."""
        return (0, 0) * (len(self.shape) - 1) + (0, lacking)


class Branching(nn.Module):
    """Layers with names, and the steps that lead through them.

    Args:
        steps: In order; the last one gives the answer.
        parts: The layers and gains by name.
    """

    def __init__(self, steps: Sequence[Step], parts: Mapping[str, nn.Module | nn.Parameter]) -> None:
        super().__init__()
        self.steps = tuple(steps)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to (batch, outputs)."""
        values = [x]
        for step in self.steps:
            values.append(step.run(self, [values[source] for source in step.sources]))
        return values[-1]

    def extra_repr(self) -> str:
        """The forward as Python."""
        from speciate.champion.network_code import forward_lines

        return "\n".join(forward_lines(self))


def branching(module: nn.Module, genome: NetworkGenome, input_shape: Shape, outputs: int) -> Branching:
    """A built network as one of torch's own layers, sharing the weights.

    Parts are named by what they are and by their step; nothing in a name comes from the genome.
    """
    built, inputs = dict(module.named_children()), shapes(genome, input_shape, outputs)
    steps: list[Step] = []
    parts: dict[str, nn.Module | nn.Parameter] = {}
    number = {INPUT: 0}  # of what a layer gives, by mark
    for chain in chains(genome):
        end, next_number = chain[-1], len(steps) + 1
        last = built[end.mark]
        taken = tuple(number[mark] for mark in genome.sources[chain[0].mark])
        shape = LAYERS[end.kind].shape(dict(end.genes), inputs[end.mark])
        layers = [] if _merges(end) else [layer for node in chain for layer in own_layers(built[node.mark])]
        number[end.mark] = next_number
        if layers:
            name = "head" if end.kind == OUTPUT else f"{_word(layers)}{next_number}"
            parts[name] = layers[0] if len(layers) == 1 else nn.Sequential(*layers)
            steps.append(Step("layer", name, taken, shape))
        elif isinstance(last, Sum):
            name, lacking = f"gain{next_number}", tuple(shape[0] - each[0] for each in inputs[end.mark])
            parts[name] = last.gain
            steps.append(Step("add", name, taken, shape, lacking))
        elif len(taken) > 1:
            steps.append(Step("concat", "", taken, shape))
        else:  # it does nothing
            number[end.mark] = taken[0]
    return Branching(steps, parts)


def chains(genome: NetworkGenome) -> list[list[Node]]:
    """The layers in topological order; those together that follow each other with nothing going in or out between them."""
    found: dict[str, list[Node]] = {}  # by the mark of the last of each
    for node in genome.nodes[1:]:
        before = genome.sources[node.mark][0]
        alone = _merges(node) or before not in found or _merges(found[before][-1])
        follows = not alone and len(genome.targets[before]) == 1
        found[node.mark] = [*(found.pop(before) if follows else []), node]
    return list(found.values())


def _merges(node: Node) -> bool:
    return isinstance(LAYERS[node.kind], Merge)


def _word(layers: Sequence[nn.Module]) -> str:
    """What a part is called: for its only layer with a word of its own, else "block"."""
    words = [WORDS[type(layer)] for layer in layers if type(layer) in WORDS]
    if not words:
        return type(layers[0]).__name__.lower()
    return words[0] if len(words) == 1 else "block"
