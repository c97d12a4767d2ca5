"""Layers that are not trained: their weights stay what they are, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from speciate.networks import Network, Tensors, layer_tensors
from speciate.spaces import INPUT, OUTPUT, NetworkGenome

if TYPE_CHECKING:  # which layers are frozen can be told without torch
    from torch import nn


def freezable(network: Network) -> frozenset[str]:
    """The marks of the layers that can be frozen: hidden ones that are the network's own.

    A layer without weights, such as dropout, is frozen if all before it is. The head never is: something has to learn.
    """
    frozen = {INPUT}
    for node in network.genome.nodes:
        if node.mark in network.renewed or node.kind in (INPUT, OUTPUT):
            continue
        if layer_tensors(network.tensors, node.mark) or set(network.genome.sources[node.mark]) <= frozen:
            frozen.add(node.mark)
    return frozenset(frozen - {INPUT})


def taken_over(
    child: tuple[NetworkGenome, Tensors], parent: tuple[NetworkGenome, Tensors], marks: Collection[str]
) -> list[str]:
    """Which of some layers a child has just as its parent has them, with tensors of the same shapes; in order."""
    (genome, own), (before, tensors) = child, parent
    known = set(before.nodes)
    return [
        node.mark
        for node in genome.nodes
        if node.mark in marks and node in known and _shapes(own, node.mark) == _shapes(tensors, node.mark)
    ]


def _shapes(tensors: Tensors, mark: str) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in layer_tensors(tensors, mark).items()}


def freeze(module: nn.Module, marks: Iterable[str]) -> None:
    """Take layers out of training, whatever trains the network: no gradients, and evaluation mode for good.

    So batch normalization keeps its statistics and dropout does nothing.
    """
    for mark in marks:
        layer = module.get_submodule(mark)
        layer.requires_grad_(False)
        layer.eval()
        layer.train = _stays(layer)  # type: ignore[method-assign]


def _stays(layer: nn.Module) -> Callable[..., nn.Module]:
    """What a frozen layer answers to `train()`."""
    return lambda mode=True: layer
