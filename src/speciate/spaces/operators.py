"""The tables of mutation operators: what each kind of change weighs."""

from __future__ import annotations

from collections.abc import Mapping

from speciate.errors import ConfigurationError
from speciate.spaces.genes import Gene
from speciate.spaces.node import MERGES

LOCAL = {
    "add_layer": 1.0,
    "remove_layer": 1.0,
    "change_units": 2.0,
    "change_activation": 1.5,
    "change_dropout": 1.5,
    "change_learning_rate": 2.0,
    "change_weight_decay": 1.0,
    "change_optimizer": 1.0,
    "change_batch_size": 1.0,
    "change_channels": 2.0,
    "change_kernel": 1.0,
    "change_stride": 0.5,
    "change_size": 0.5,
    "change_mode": 0.5,
    "swap_layer": 1.0,
    "split": 1.0,
    "connect": 1.0,
    "disconnect": 1.0,
}
"""One small change a child: the default. A space leaves out what it has no use for."""

PRESERVING = {
    **LOCAL,
    "add_layer": 0.25,
    "remove_layer": 0.5,
    "change_units": 1.0,
    "change_activation": 0.5,
    "change_stride": 0.25,
    "change_size": 0.25,
    "change_mode": 0.25,
    "swap_layer": 0.5,
    "disconnect": 0.5,
    "deepen": 1.0,
    "widen": 1.0,
}
"""The default where weights are inherited and functions preserved: changes that spoil what was learned are rarer, and there are
some that begin as the function that they change."""

ARTICLE = {"resample": 1.0}
"""The article's mutation: every gene is drawn anew with probability 0.2, and layers come and go."""


def applicable(
    operators: Mapping[str, float],
    depth: tuple[int, int],
    layers: Mapping[str, Mapping[str, Gene]],
    hyper: Mapping[str, Gene],
    shaped: bool,
    merging: bool,
) -> dict[str, float]:
    """Those of some operators that a space has a use for.

    Args:
        operators: Their weights.
        depth: The space's fewest and most layers.
        layers: The ranges of the genes of its layer kinds.
        hyper: The ranges of its hyper-parameters.
        shaped: Whether it knows the shape of an example, without which branches cannot be drawn.
        merging: Whether there may be merges.

    Raises:
        ConfigurationError: There are none.
    """
    genes = {f"change_{name}" for ranges in (hyper, *layers.values()) for name in ranges}
    merges = MERGES & set(layers)
    useless = set()
    if depth[0] == depth[1]:
        useless |= {"add_layer", "deepen", "grow", "remove_layer", "split"}
    if not (merging and shaped):
        useless |= {"split", "connect", "disconnect"}
    if not shaped or max(len(set(layers) - merges), len(merges) if merging else 0) < 2:
        useless.add("swap_layer")
    kept = {
        name: float(weight)
        for name, weight in operators.items()
        if weight > 0 and name not in useless and (not name.startswith("change_") or name in genes)
    }
    if not kept:
        raise ConfigurationError(f"no mutation operator applies to the space, got {dict(operators)}")
    return kept
