"""A network as it is drawn: layers on levels, edges, hyper-parameters, from the genome's JSON alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from speciate.errors import DataError
from speciate.report.text import mapping, whole
from speciate.spaces import NetworkGenome
from speciate.spaces.genome import INPUT, OUTPUT

MOST_LAYERS = 200
"""Genomes with more layers are not drawn."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A node of the champion's network.

    Attributes:
        mark: Historical mark.
        kind: Layer type.
        genes: Names and values.
        level: Longest way from the input.
        units: Width of its output; None if it cannot be told.
    """

    mark: str
    kind: str
    genes: dict[str, Any]
    level: int
    units: int | None


@dataclass(frozen=True, slots=True)
class Network:
    """A network to draw: layers in topological order, edges as pairs of positions, hyper-parameters."""

    layers: tuple[Layer, ...]
    edges: tuple[tuple[int, int], ...]
    hyper: dict[str, Any]


def read_genome(value: dict[str, Any]) -> NetworkGenome | None:
    """The genome of a row; None if it is not one, or too large to be shown."""
    try:
        genome = NetworkGenome.from_json(value)
    except (DataError, AttributeError, TypeError):
        return None
    return genome if len(genome.nodes) <= MOST_LAYERS else None


def network(genome: dict[str, Any], input_shape: Sequence[int], outputs: int) -> Network | None:
    """The network of a genome.

    Args:
        genome: Canonical JSON form.
        input_shape: Shape of one example.
        outputs: Width of the head, or 0 if unknown.
    """
    found = read_genome(genome)
    if found is None or not found.nodes:
        return None
    place = {node.mark: i for i, node in enumerate(found.nodes)}
    edges = tuple(sorted((place[a], place[b]) for a, b in found.edges))
    levels = [0] * len(place)
    for source, target in edges:  # sorted by source, and sources come before targets
        levels[target] = max(levels[target], levels[source] + 1)
    widths: list[int | None] = []
    for i, node in enumerate(found.nodes):
        before = [widths[a] for a, b in edges if b == i]
        widths.append(_width(node.kind, mapping(dict(node.genes)), before, input_shape, outputs))
    layers = tuple(
        Layer(node.mark, node.kind, dict(node.genes), levels[i], widths[i])
        for i, node in enumerate(found.nodes)
    )
    return Network(layers, edges, dict(found.hyper))


def _width(
    kind: str, genes: dict[str, Any], before: Sequence[int | None], shape: Sequence[int], outputs: int
) -> int | None:
    """How many numbers leave a layer: its units or channels where it has them, else what came in."""
    if kind == INPUT:
        return math.prod(shape) or None
    if kind == OUTPUT:
        return outputs or None
    for name in ("units", "channels", "filters"):
        if name in genes:
            return max(1, whole(genes[name], 1))
    known = [width for width in before if width is not None]
    return max(known, default=None)
