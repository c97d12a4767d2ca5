"""The sizes in a network as far as they can be told: nothing is refused, what is unknown stays unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from speciate.layers import LAYERS
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node
from speciate.store.values import whole

Shape = tuple[int, ...]

LARGEST = 10**15
"""Sizes beyond it are taken for damage."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a layer's size.

    Attributes:
        shape: Shape of what leaves it, without the batch axis.
        parameters: Trainable parameters.
        units: How many numbers leave it, or a guess where the shape is not known.
    """

    shape: Shape | None
    parameters: int | None
    units: int | None


def sizes(genome: NetworkGenome, input_shape: Sequence[int], outputs: int) -> tuple[Size, ...]:
    """The size of every node, in the genome's order.

    Args:
        genome: Any graph, of any kinds of layers.
        input_shape: Shape of one example; empty if unknown.
        outputs: Width of the head, or 0 if unknown.
    """
    before: dict[str, list[str]] = {node.mark: [] for node in genome.nodes}
    place = {node.mark: i for i, node in enumerate(genome.nodes)}
    for source, target in sorted(genome.edges, key=lambda edge: place[edge[0]]):
        before[target].append(source)
    found: dict[str, Size] = {}
    for node in genome.nodes:
        found[node.mark] = _size(node, [found[m] for m in before[node.mark]], tuple(input_shape), outputs)
    return tuple(found.values())


def _size(node: Node, before: Sequence[Size], input_shape: Shape, outputs: int) -> Size:
    genes = dict(node.genes)
    shapes = [size.shape for size in before]
    if node.kind == INPUT:
        shapes = [input_shape or None]
    if node.kind == OUTPUT:
        shapes = [*shapes, (outputs,) if outputs else None]
    inputs = [shape for shape in shapes if shape is not None]
    if len(inputs) == len(shapes):
        try:
            layer = LAYERS[node.kind]
            if not layer.problems(genes):
                shape, parameters = layer.shape(genes, inputs), layer.parameters(genes, inputs)
                if max(math.prod(shape), parameters) <= LARGEST:
                    return Size(shape, parameters, math.prod(shape))
        except Exception:  # a kind that is not known, or genes and inputs that do not suit it
            pass
    bare = 0 if _weightless(node.kind, genes) else None
    return Size(None, bare, _guess(node.kind, genes, [size.units for size in before], outputs))


def _weightless(kind: str, genes: Mapping[str, Any]) -> bool:
    """Whether a layer has no parameters, whatever comes in."""
    try:
        return not any(LAYERS[kind].parameters(genes, inputs) for inputs in ([], [()]))
    except Exception:  # a kind that is not known, or one whose parameters depend on its inputs
        return False


def _guess(kind: str, genes: Mapping[str, Any], before: Sequence[int | None], outputs: int) -> int | None:
    """Units or channels where a layer has them, else the most that comes in."""
    if kind == OUTPUT:
        return outputs or None
    for name in ("units", "channels", "filters"):
        if name in genes:
            return min(LARGEST, max(1, whole(genes[name], 1)))
    return max((width for width in before if width is not None), default=None)
