"""Weights for a changed network that let it compute what it computed before, or as much of it as can be kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from speciate.layers import Shape
from speciate.networks.morphism import (
    NEVER_NEGATIVE,
    Stream,
    can_be_identity,
    chosen,
    connected,
    folded,
    identity,
    resized,
)
from speciate.networks.state import Linear, Tensors, linear_map, replace_linear_map
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node

Ancestor = tuple[NetworkGenome, Tensors]
"""A genome and its trained tensors."""


@dataclass(frozen=True, slots=True)
class Family:
    """A child and those it inherits from.

    Attributes:
        child: The child.
        tensors: Its tensors, fresh at first; replaced layer by layer.
        ancestors: Genomes and trained tensors.
        donors: By mark, the index of the ancestor that a layer takes its weights from.
        rng: What draws copies and shares.
    """

    child: NetworkGenome
    tensors: dict[str, np.ndarray]
    ancestors: Sequence[Ancestor]
    donors: Mapping[str, int]
    rng: np.random.Generator


def preserve(family: Family, input_shape: Shape) -> dict[str, int]:
    """Replace the child's tensors, from the input on; what each layer hands on tells the next what its inputs are.

    Args:
        family: A sequential child of sequential ancestors, of layer kinds in `RULES`.
        input_shape: Shape of one example.

    Returns:
        The donors of the layers that did take over weights.
    """
    stream = Stream(INPUT, np.arange(math.prod(input_shape)), positive=False)
    sources: dict[str, int] = {}
    for node in family.child.nodes[1:]:
        stream, inherited = RULES[node.kind](family, node, stream)
        if inherited:
            sources[node.mark] = family.donors[node.mark]
    return sources


def preserves(parent: NetworkGenome, child: NetworkGenome, input_shape: Shape | None = None) -> bool:
    """Whether the policy "preserve" gives a child of this one parent the parent's outputs, whatever its weights are.

    In evaluation mode, before training, to float tolerance; for the same inputs and outputs.

    Args:
        parent: The only ancestor.
        child: The network that inherits.
        input_shape: Shape of one example. Without it, nothing is claimed of a new layer right behind the input, which is the
            identity if it is at least as wide as the example is large.
    """
    if not (
        parent.is_path and child.is_path and {n.kind for n in (*parent.layers, *child.layers)} <= {"dense"}
    ):
        return False
    old, new = ({node.mark: dict(node.genes) for node in genome.layers} for genome in (parent, child))
    if [mark for mark in old if mark in new] != [mark for mark in new if mark in old]:
        return False
    width, positive = math.inf if input_shape is None else math.prod(input_shape), False
    for mark, genes in new.items():
        if mark not in old:
            if not can_be_identity(genes, width, positive):
                return False
            continue
        width, positive = int(old[mark]["units"]), genes["activation"] in NEVER_NEGATIVE
        if genes["activation"] != old[mark]["activation"] or int(genes["units"]) < width:
            return False
    return all(genes["activation"] == "linear" for mark, genes in old.items() if mark not in new)


def _dense(family: Family, node: Node, stream: Stream) -> tuple[Stream, bool]:
    """The rule of dense layers and of the head: taken over, else the identity, else fresh."""
    own = linear_map(family.tensors, node.mark)
    positive = dict(node.genes).get("activation") in NEVER_NEGATIVE
    if carried := _carried(family, node, stream, own[0]):
        linear, units = carried
        replace_linear_map(family.tensors, node.mark, linear)
        return Stream(node.mark, units, positive), True
    if _starts_as_identity(family, node, stream):
        linear, stream = identity(stream, own[0], family.rng)
        replace_linear_map(family.tensors, node.mark, linear)
        return stream, False
    return Stream(node.mark, np.arange(len(own[0])), positive), False


Rule = Callable[[Family, Node, Stream], tuple[Stream, bool]]
"""Sets a layer's tensors for the stream that comes in; the stream that goes out, and whether weights were inherited."""

RULES: dict[str, Rule] = {"dense": _dense, OUTPUT: _dense}
"""What is done with layers of each kind; those of other kinds can only be copied."""


def _carried(
    family: Family, node: Node, stream: Stream, fresh: np.ndarray
) -> tuple[Linear, np.ndarray] | None:
    """The donor's map in the child's shape, and which of the donor's units each unit is; None if nothing can be used."""
    if node.mark not in family.donors:
        return None
    genome, tensors = family.ancestors[family.donors[node.mark]]
    weight, bias = linear_map(tensors, node.mark)
    if node.kind == OUTPUT and len(weight) != len(fresh):
        return None  # the head of another task
    following = [linear_map(tensors, target)[0] for source, target in genome.edges if source == node.mark]
    rows = resized(weight, following[0] if following else None, len(fresh), family.rng)
    removed = _removed(genome, stream.mark, node.mark, family.child)
    for layer in reversed(removed or ()):
        earlier, activation = linear_map(tensors, layer.mark), str(dict(layer.genes)["activation"])
        if activation == "linear" or len(earlier[0]) != earlier[0].shape[1]:
            weight, bias = folded((weight, bias), earlier, activation)
    if removed is not None and stream.mark == INPUT and len(stream.kept) != weight.shape[1]:
        return None  # the features of other data
    inputs = stream.units if removed is not None else chosen(weight, fresh.shape[1])
    return (connected(weight[rows], fresh, inputs, family.rng), bias[rows]), rows


def _removed(ancestor: NetworkGenome, source: str, target: str, child: NetworkGenome) -> list[Node] | None:
    """The ancestor's layers between two that the child has not; None if it has one of them, or the order is another."""
    marks = [node.mark for node in ancestor.nodes]
    if source not in marks or marks.index(source) >= marks.index(target):
        return None
    between = list(ancestor.nodes[marks.index(source) + 1 : marks.index(target)])
    kept = {node.mark for node in child.nodes}
    return None if any(node.mark in kept for node in between) else between


def _starts_as_identity(family: Family, node: Node, stream: Stream) -> bool:
    """Whether a new layer can be the identity, and the next inherited layer expects what comes before it."""
    if node.kind == OUTPUT or node.mark in family.donors:
        return False
    marks = [n.mark for n in family.child.nodes]
    following = next((m for m in marks[marks.index(node.mark) :] if m in family.donors), None)
    if following is None or not can_be_identity(dict(node.genes), len(stream.kept), stream.positive):
        return False
    ancestor, _ = family.ancestors[family.donors[following]]
    return _removed(ancestor, stream.mark, following, family.child) is not None
