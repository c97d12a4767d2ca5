"""The tables of mutation operators: what each kind of change weighs."""

from __future__ import annotations

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

PRESERVING = {**LOCAL, "add_layer": 0.5, "deepen": 1.0, "widen": 1.0}
"""The same with changes that begin as the function they change: the default where weights are inherited that way."""

ARTICLE = {"resample": 1.0}
"""The article's mutation: every gene is drawn anew with probability 0.2, and layers come and go."""
