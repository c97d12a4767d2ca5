"""Inheritance of weights: what a child takes over from its ancestors before it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speciate.errors import ConfigurationError, DataError
from speciate.layers import Shape
from speciate.networks.preserve import RULES, Ancestor, Family, preserve, preserves
from speciate.networks.state import Tensors, layer_tensors, replace_tensors
from speciate.spaces import INPUT, NetworkGenome, Node, shapes

POLICIES = ("common", "preserve")


@dataclass(frozen=True)
class Inherited:
    """What a child starts with.

    Attributes:
        tensors: The child's tensors by their names in its state dictionary.
        sources: By layer mark, the index of the ancestor that the layer's weights came from. Layers that are absent are fresh
            or start as the identity.
    """

    tensors: dict[str, np.ndarray]
    sources: dict[str, int]


def inherit(
    child: NetworkGenome,
    fresh: Tensors,
    ancestors: Sequence[Ancestor],
    input_shape: Shape,
    outputs: int,
    policy: str,
    rng: np.random.Generator,
) -> Inherited:
    """The child's tensors, taken over from its ancestors where possible. No argument is changed but `rng`.

    A layer takes its weights from an ancestor that has a layer of the same historical mark: one whose tensors fit before one
    whose tensors do not, among those one whose genes are equal (after a crossover, the parent that the layer came from), among
    those the first.

    Args:
        child: A sequential network.
        fresh: Its freshly initialized tensors, by their names in the state dictionary.
        ancestors: Genomes and trained tensors, the most important first.
        input_shape: Shape of one example.
        outputs: Width of the head.
        policy: "common" copies the layers, the head included, whose tensors all fit. "preserve" also changes their shapes and
            starts new layers as the identity, so that the outputs stay what they were where that is possible (see
            `preserves`), and else keeps what matters most.
        rng: What draws the units to copy and the shares of copies.

    Raises:
        ConfigurationError: There is no such policy.
        DataError: The child cannot be built, a network is not sequential, or a layer's tensors are missing.
    """
    if policy not in POLICIES:
        raise ConfigurationError(f"there is no inheritance {policy!r}", hint=f"use {' or '.join(POLICIES)}")
    genomes = [child, *(genome for genome, _ in ancestors)]
    if not all(genome.is_path for genome in genomes):
        raise DataError("only sequential networks can inherit so far, and one of these branches")
    shapes(child, input_shape, outputs)  # refuses what cannot be built
    # A kind of layer without a rule can only be copied, and what follows it knows nothing of its inputs.
    reshape = policy == "preserve" and all(
        n.kind in RULES for g in genomes for n in g.nodes if n.kind != INPUT
    )
    donors = {n.mark: i for n in child.nodes if (i := _donor(n, fresh, ancestors, reshape)) is not None}
    tensors = {name: np.array(values) for name, values in fresh.items()}
    if reshape:
        return Inherited(tensors, preserve(Family(child, tensors, ancestors, donors, rng), input_shape))
    for mark, donor in donors.items():
        replace_tensors(tensors, mark, layer_tensors(ancestors[donor][1], mark))
    return Inherited(tensors, donors)


def _donor(node: Node, fresh: Tensors, ancestors: Sequence[Ancestor], reshape: bool) -> int | None:
    """The index of the ancestor that a layer takes its weights from, if there is one.

    Args:
        node: A layer of the child.
        fresh: The child's tensors.
        ancestors: Genomes and trained tensors.
        reshape: Whether tensors of other shapes can be used.
    """
    own = layer_tensors(fresh, node.mark)
    found: list[tuple[bool, bool, int]] = []  # the smallest is the best
    for index, (genome, tensors) in enumerate(ancestors):
        same = next((n for n in genome.nodes if n.mark == node.mark and n.kind == node.kind), None)
        if same is None or not own:
            continue
        theirs = layer_tensors(tensors, node.mark)
        if missing := set(own) - set(theirs):
            raise DataError(f"ancestor {index} lacks {', '.join(sorted(missing))} of its layer {node.mark}")
        fits = all(theirs[name].shape == value.shape for name, value in own.items())
        if fits or reshape:
            found.append((not fits, same.genes != node.genes, index))
    return min(found)[2] if found else None


__all__ = ["POLICIES", "Inherited", "inherit", "preserves"]
