"""The tables of mutation operators: what each kind of change weighs. A space leaves out what it has no use for."""

from __future__ import annotations

from collections.abc import Mapping

from speciate.spaces.operators import mutation_table

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
    "change_bins": 1.0,
    "change_schedule": 0.5,
    "change_label_smoothing": 0.5,
    "change_beta2": 0.5,
    "change_ema": 0.5,
    "change_decay_schedule": 0.25,
    "change_channels": 2.0,
    "change_kernel": 1.0,
    "change_stride": 0.5,
    "change_size": 0.5,
    "change_mode": 0.5,
    "change_frequencies": 0.5,
    "change_sigma": 0.5,
    "swap_layer": 1.0,
    "split": 1.0,
    "connect": 1.0,
    "disconnect": 1.0,
}
"""One small change per child: the default."""

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


@mutation_table("local")
def local() -> Mapping[str, float]:
    """`LOCAL`."""
    return LOCAL


@mutation_table("preserving")
def preserving() -> Mapping[str, float]:
    """`PRESERVING`."""
    return PRESERVING


@mutation_table("article")
def article() -> Mapping[str, float]:
    """`ARTICLE`."""
    return ARTICLE
