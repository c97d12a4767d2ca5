"""A network as it is drawn: layers from top to bottom, edges, hyper-parameters, from the genome's JSON alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from speciate.errors import DataError
from speciate.layers import LAYERS
from speciate.layers.words import TIMES, plain_words
from speciate.report.layout import reading_order
from speciate.report.scores import shown
from speciate.report.sizes import Shape, sizes
from speciate.spaces import NetworkGenome
from speciate.store.values import sound
from speciate.text import clean

MOST_LAYERS = 200
"""Genomes with more layers are not drawn."""

MOST_EDGES = 600
"""Nor are those with more connections."""


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """A node of a network.

    Attributes:
        mark: Historical mark.
        number: Its place among the layers, from 1, as in the genome's description; 0 for the two ends.
        kind: Layer type.
        genes: Names and values.
        shape: Shape of what leaves it; None if it cannot be told.
        units: How many numbers leave it, or a guess; None if it cannot be told.
        parameters: Trainable parameters; None if they cannot be told.
    """

    mark: str
    number: int
    kind: str
    genes: dict[str, Any]
    shape: Shape | None
    units: int | None
    parameters: int | None

    @property
    def end(self) -> bool:
        """Whether it is the input or the output."""
        return self.kind in ("input", "output")


@dataclass(frozen=True, slots=True)
class DrawnNetwork:
    """A network to draw: layers from top to bottom, edges as pairs of positions, hyper-parameters."""

    layers: tuple[DrawnLayer, ...]
    edges: tuple[tuple[int, int], ...]
    hyper: dict[str, Any]

    @property
    def straight(self) -> bool:
        """Whether each layer simply feeds the next."""
        return self.edges == tuple(pairwise(range(len(self.layers))))


def read_genome(value: dict[str, Any]) -> NetworkGenome | None:
    """The genome of a row; None if it is not one, or too large to be shown."""
    try:
        genome = NetworkGenome.from_json(sound(value))
    except (DataError, AttributeError, TypeError):
        return None
    small = len(genome.nodes) <= MOST_LAYERS and len(genome.edges) <= MOST_EDGES
    return genome if small else None


def described(value: dict[str, Any]) -> str:
    """A genome in one line."""
    genome = read_genome(value)
    return "a network that cannot be read" if genome is None else genome.describe()


def network(genome: dict[str, Any], input_shape: Sequence[int], outputs: int) -> DrawnNetwork | None:
    """The network of a genome.

    Args:
        genome: Canonical JSON form.
        input_shape: Shape of one example.
        outputs: Width of the head, or 0 if unknown.
    """
    found = read_genome(genome)
    if found is None or not found.nodes:
        return None
    at = {node.mark: i for i, node in enumerate(found.nodes)}
    order = reading_order(len(at), [(at[a], at[b]) for a, b in found.edges])
    place = {i: row for row, i in enumerate(order)}
    edges = tuple(sorted((place[at[a]], place[at[b]]) for a, b in found.edges))
    known, numbers = sizes(found, input_shape, outputs), numbered(found)
    layers = tuple(
        DrawnLayer(
            found.nodes[i].mark,
            numbers.get(found.nodes[i].mark, 0),
            found.nodes[i].kind,
            dict(found.nodes[i].genes),
            known[i].shape,
            known[i].units,
            known[i].parameters,
        )
        for i in order
    )
    return DrawnNetwork(layers, edges, dict(found.hyper))


def numbered(genome: NetworkGenome) -> dict[str, int]:
    """The numbers of the layers by mark, from 1, as in the genome's description; the two ends have none."""
    return {node.mark: i for i, node in enumerate(genome.layers, 1)}


def layer_words(kind: str, genes: Mapping[str, object]) -> tuple[str, list[str]]:
    """What a layer is, such as `32 channels 3×3 relu`, and what else there is to say, such as `stride 2`."""
    rest = {name: clean(_rounded(value), 24) for name, value in genes.items()}
    layer = LAYERS.get(kind)
    name = layer.words(rest) if layer else plain_words(kind_words(kind), rest)
    plain = {"dropout": 0, "stride": 1}  # values that need no words
    said = [
        f"{clean(gene.replace('_', ' '), 24)} {_rounded(genes[gene])}"
        for gene in sorted(rest)
        if plain.get(gene) != genes[gene]
    ]
    return name or kind_words(kind), said


def _rounded(value: object) -> str:
    """A value for reading, not for computing."""
    return f"{value:.2g}" if isinstance(value, float) and 0 < value < 1 else shown(value)


def kind_words(kind: str) -> str:
    """A layer type's name for people."""
    return clean(kind.replace("_", " "), 40)


def one_line(kind: str, genes: Mapping[str, object]) -> str:
    """A layer in one line, such as `64 relu, dropout 0.1`."""
    name, said = layer_words(kind, genes)
    return ", ".join([name, *said])


__all__ = ["TIMES", "kind_words", "layer_words", "one_line"]
