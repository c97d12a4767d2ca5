"""Where the weights of a child's layers came from, worked out from the genomes by the rule of inheritance.

The weight files are not read: most are gone once nobody can inherit from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speciate.layers import LAYERS
from speciate.report.network import Layer, Network
from speciate.spaces import INPUT, OUTPUT

OUTSIDE = -1
"""The id of an ancestor that is not of the run."""

SHAPELESS = frozenset({"activation", "dropout", "stride", "mode"})
"""Genes that the shapes of a layer's own tensors do not depend on."""


def policy_of(settings: dict[str, Any]) -> str:
    """How weights were inherited in a run: "common", "preserve", or "" if they were not."""
    evaluator = settings.get("evaluator")
    found = evaluator.get("inherit") if isinstance(evaluator, dict) else None
    return found if found in ("common", "preserve") else ""


def origins(child: Network, ancestors: Sequence[tuple[str, Network]], policy: str) -> tuple[str, ...]:
    """Where each layer's weights came from, in words; nothing for layers that have no weights.

    A layer takes its weights from an ancestor that has a layer of the same mark and kind: from one whose tensors fit before
    one whose tensors do not, among those from one with equal genes, among those from the first.

    Args:
        child: The network.
        ancestors: What each is called, and its network, the most important first.
        policy: "common" or "preserve"; with "" nothing is said.
    """
    if not policy:
        return ("",) * len(child.layers)
    known = all(layer.kind in LAYERS for _, other in [("", child), *ancestors] for layer in other.layers)
    reshape = policy == "preserve" and known
    return tuple(_origin(layer, child, ancestors, reshape) for layer in child.layers)


def _origin(layer: Layer, child: Network, ancestors: Sequence[tuple[str, Network]], reshape: bool) -> str:
    if layer.kind == INPUT or layer.parameters == 0:
        return ""
    found: list[tuple[bool, bool, int, bool]] = []  # the smallest is the best
    for index, (_, network) in enumerate(ancestors):
        same = next((o for o in network.layers if (o.mark, o.kind) == (layer.mark, layer.kind)), None)
        if same is None:
            continue
        fits = _fits(layer, same)
        # Behind the input, what was learned about another layer's outputs is of use only in some cases.
        moved = _behind_input(child, layer.mark) and not _behind_input(network, layer.mark)
        # A head whose layer in front is another one may have heard something that is gone, and then begins anew.
        other_front = reshape and layer.kind == OUTPUT and _front(child) != _front(network)
        unsure = fits is None or (not fits and moved) or other_front
        if fits is not False or reshape:
            found.append((fits is False, same.genes != layer.genes, index, unsure))
    if not found:
        return "new"
    adapted, _, index, unsure = min(found)
    name = ancestors[index][0]
    if unsure:
        return f"from {name}, if it fits"
    return f"adapted from {name}" if adapted else f"taken over from {name}"


def _behind_input(network: Network, mark: str) -> bool:
    """Whether a layer takes the examples themselves."""
    layers = network.layers
    return any(layers[a].kind == INPUT and layers[b].mark == mark for a, b in network.edges)


def _front(network: Network) -> set[str]:
    """The layers that the head hears."""
    layers = network.layers
    return {layers[a].mark for a, b in network.edges if layers[b].kind == OUTPUT}


def _fits(layer: Layer, other: Layer) -> bool | None:
    """Whether two layers of a kind have tensors of the same shapes; None if that cannot be told."""
    own, theirs = ({k: v for k, v in o.genes.items() if k not in SHAPELESS} for o in (layer, other))
    if own != theirs:
        return False
    if layer.parameters is None or other.parameters is None:
        return None
    return layer.parameters == other.parameters
