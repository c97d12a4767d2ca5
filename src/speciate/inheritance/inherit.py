"""Inheritance of weights: what a child takes over from its ancestors before it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speciate.errors import ConfigurationError, DataError
from speciate.inheritance.preserve import Child, Trained, preserve
from speciate.layers import LAYERS, Shape
from speciate.networks import Tensors, layer_tensors, replace_tensors
from speciate.spaces import NetworkGenome, Node, shapes

POLICIES = ("common", "preserve")


@dataclass(frozen=True)
class Inherited:
    """What a child starts with.

    Attributes:
        tensors: The child's tensors by their names in its state dictionary.
        sources: By layer mark, the index of the ancestor that the layer's weights came from. Layers that are absent are fresh
            or start as the identity.
        exact: Whether the child's outputs are the only ancestor's, in evaluation mode and to float tolerance, whatever the
            ancestor's weights are.
    """

    tensors: dict[str, np.ndarray]
    sources: dict[str, int]
    exact: bool = False


def inherit(
    child: NetworkGenome,
    fresh: Tensors,
    ancestors: Sequence[Trained],
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
        child: The genome.
        fresh: Its freshly initialized tensors, by their names in the state dictionary.
        ancestors: Genomes and trained tensors, the most important first. Layers without tensors are as good as absent.
        input_shape: Shape of one example.
        outputs: Width of the head.
        policy: "common" copies the layers, the head included, whose tensors all fit. "preserve" also changes their shapes and
            starts new layers as the identity and new paths with a gain of zero, so that the outputs stay what they were where
            that is possible, and otherwise keeps what matters most.
        rng: What draws the units to copy and the shares of copies.

    Raises:
        ConfigurationError: There is no such policy.
        DataError: The child cannot be built, or a layer has only a part of its tensors.
    """
    if policy not in POLICIES:
        raise ConfigurationError(f"there is no inheritance {policy!r}", hint=f"use {' or '.join(POLICIES)}")
    inputs = shapes(child, input_shape, outputs)
    widths = [_widths(genome, input_shape, outputs) for genome, _ in ancestors]
    reshape = policy == "preserve" and all(widths)
    donors = {n.mark: i for n in child.nodes[1:] if (i := _donor(n, fresh, ancestors, reshape)) is not None}
    tensors = {name: np.array(values) for name, values in fresh.items()}
    if reshape:
        own = Child(child, tensors, inputs, ancestors, widths, donors, rng)
        sources, exact = preserve(own, input_shape)
        return Inherited(tensors, sources, exact and len(ancestors) == 1)
    sources = {mark: donor for mark, donor in donors.items() if layer_tensors(fresh, mark)}
    for mark, donor in sources.items():
        replace_tensors(tensors, mark, layer_tensors(ancestors[donor][1], mark))
    return Inherited(tensors, sources)


def _widths(genome: NetworkGenome, input_shape: Shape, outputs: int) -> dict[str, int]:
    """How many units or channels leave each layer, by mark; empty for a network that does not take such examples."""
    try:
        inputs = shapes(genome, input_shape, outputs)
    except DataError:
        return {}
    return {n.mark: LAYERS[n.kind].shape(dict(n.genes), inputs[n.mark])[0] for n in genome.nodes}


def _donor(node: Node, fresh: Tensors, ancestors: Sequence[Trained], reshape: bool) -> int | None:
    """The index of the ancestor that a layer comes from, if there is one.

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
        theirs = layer_tensors(tensors, node.mark)
        if same is None or (own and not theirs):
            continue
        missing = set(own) - set(theirs)
        if missing and same.genes != node.genes:  # which tensors it has may depend on its genes
            continue
        if missing:
            raise DataError(f"ancestor {index} lacks {', '.join(sorted(missing))} of its layer {node.mark}")
        fits = all(theirs[name].shape == value.shape for name, value in own.items())
        if fits or reshape:
            found.append((not fits, same.genes != node.genes, index))
    return min(found)[2] if found else None


def blended(ancestors: Sequence[Trained]) -> list[Trained]:
    """The ancestors, with the mean of all in the layers of the first that the others have too.

    Where two networks come from one ancestor, their mean is often better than either (Wortsman et al. 2022, "Model soups",
    arXiv:2203.05482); of two that have nothing in common it is worse than both, which selection then sees to.

    Args:
        ancestors: Genomes and tensors. They are not changed.

    Returns:
        The same, but that a layer of the first has the mean over all ancestors in which a layer of the same mark has the same
        genes (those that only matter in training aside) and tensors of the same shapes.
    """
    if len(ancestors) < 2:
        return list(ancestors)
    genome, tensors = ancestors[0]
    found = {name: np.array(value) for name, value in tensors.items()}
    for node in genome.nodes:
        own = layer_tensors(tensors, node.mark)
        alike = [layer_tensors(other, node.mark) for g, other in ancestors if _has(g, node)]
        fitting = [
            t for t in alike if t.keys() == own.keys() and all(t[k].shape == own[k].shape for k in own)
        ]
        mean = {name: np.mean([t[name] for t in fitting], axis=0) for name in own}
        replace_tensors(found, node.mark, mean)
    return [(genome, found), *ancestors[1:]]


def _has(genome: NetworkGenome, node: Node) -> bool:
    """Whether a genome has a layer of the same mark, kind and genes, those that only matter in training aside."""
    return any(
        n.mark == node.mark and n.kind == node.kind and _meaning(n) == _meaning(node) for n in genome.nodes
    )


def _meaning(node: Node) -> dict[str, object]:
    return {name: value for name, value in node.genes if name not in LAYERS[node.kind].training_genes}
