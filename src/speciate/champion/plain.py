"""From a built network to one of torch's own layers alone, which shares its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from speciate.layers import LAYERS, LayerType, Shape
from speciate.layers.plain import name_classes
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, shapes


def plain(module: nn.Module, genome: NetworkGenome, input_shape: Shape, outputs: int) -> nn.Module:
    """The same network of torch's own layers, sharing the weights, in evaluation mode.

    A layer type from outside the package becomes a module of a generated class, which has its code in `source`.

    Args:
        module: What `build` made of the other arguments.
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.

    Returns:
        One flat `nn.Sequential`, or a `Branching` if the network has merges.

    Raises:
        DataError: A layer cannot be written as plain PyTorch.
    """
    if any(LAYERS[node.kind].is_merge for node in genome.nodes):
        same: nn.Module = branching(module, genome, input_shape, outputs)
    else:
        layers = zip(genome.nodes[1:], module.children(), strict=True)
        same = nn.Sequential(*(part for node, built in layers for part in LAYERS[node.kind].plain(built)))
    name_classes(same)
    return same.eval()


def built_names(module: nn.Module, same: nn.Module) -> dict[str, str]:
    """By each name in the state dictionary of `module`, the name that its tensor has in `same`, the plain network."""
    found = {id(tensor): name for name, tensor in same.state_dict(keep_vars=True).items()}
    return {name: found[id(tensor)] for name, tensor in module.state_dict(keep_vars=True).items()}


@dataclass(frozen=True)
class Statement:
    """One statement of a network's forward.

    Attributes:
        layer: The layer type that computes it; where there are several layers, the last one's.
        name: Of its part: a layer, several in a row, or a parameter; empty if it has none.
        sources: Numbers of the values that it takes. 0 is the network's input, n what the nth statement gives.
        inputs: Their shapes, without the batch axis.
        shape: Of what it gives.
    """

    layer: LayerType
    name: str
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    shape: Shape

    def run(self, network: nn.Module, values: Sequence[Tensor]) -> Tensor:
        """What it makes of its inputs in a network that has its part."""
        part = getattr(network, self.name) if self.name else None
        return self.layer.run(part, values)

    def terms(self) -> list[str]:
        """What it computes, as a sum of terms in Python."""
        values = [f"x{source or ''}" for source in self.sources]
        return self.layer.terms(f"self.{self.name}", values, self.inputs)


class Branching(nn.Module):
    """Parts with names, and the statements that lead through them.

    Args:
        statements: In order; the last one gives the answer.
        parts: The layers and parameters by name.
    """

    def __init__(
        self, statements: Sequence[Statement], parts: Mapping[str, nn.Module | nn.Parameter]
    ) -> None:
        super().__init__()
        self.statements = tuple(statements)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to (batch, outputs)."""
        values = [x]
        for statement in self.statements:
            values.append(statement.run(self, [values[source] for source in statement.sources]))
        return values[-1]


def branching(module: nn.Module, genome: NetworkGenome, input_shape: Shape, outputs: int) -> Branching:
    """A built network as one of torch's own layers, sharing the weights.

    Parts are named by what they are and by their statement; nothing in a name comes from the genome.
    """
    built, inputs = dict(module.named_children()), shapes(genome, input_shape, outputs)
    statements: list[Statement] = []
    parts: dict[str, Any] = {}
    number = {INPUT: 0}  # of what a layer gives, by mark
    for chain in chains(genome):
        first, last, place = chain[0].mark, chain[-1], len(statements) + 1
        layer = LAYERS[last.kind]
        taken = tuple(number[mark] for mark in genome.sources[first])
        if layer.is_merge:
            part = layer.part(built[last.mark], len(taken))
            name = f"{layer.part_name}{place}" if part is not None else ""
            idle = part is None and len(taken) == 1
        else:
            found = [part for node in chain for part in LAYERS[node.kind].plain(built[node.mark])]
            part = found[0] if len(found) == 1 else nn.Sequential(*found)
            name = "head" if last.kind == OUTPUT else f"{_word(chain, found)}{place}" if found else ""
            idle = not found
        if idle:
            number[last.mark] = taken[0]
            continue
        if name:
            parts[name] = part
        shape = layer.shape(dict(last.genes), inputs[last.mark])
        statements.append(Statement(layer, name, taken, tuple(inputs[first])[: len(taken)], shape))
        number[last.mark] = place
    return Branching(statements, parts)


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
    return LAYERS[node.kind].is_merge


def _word(chain: Sequence[Node], layers: Sequence[nn.Module]) -> str:
    """What a part is called: as its only layer with a name of its own, else "block"."""
    words = [word for node in chain if (word := LAYERS[node.kind].part_name)]
    if not words:
        return type(layers[0]).__name__.lower()
    return words[0] if len(words) == 1 else "block"
