"""The network that somebody would make by hand. As a genome, it does not need torch."""

from __future__ import annotations

from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, Value, mark


def hand_made() -> NetworkGenome:
    """What somebody who knows the trade would write down without searching: the network that evolution has to beat.

    Two ReLU layers of 128 units with a little dropout, trained by AdamW at 0.002.
    """
    genes: dict[str, Value] = {"units": 128, "activation": "relu", "dropout": 0.1}
    first = mark("dense", INPUT, OUTPUT)
    layers = [Node.make(first, "dense", genes), Node.make(mark("dense", first, OUTPUT), "dense", genes)]
    return NetworkGenome.path(layers, {"optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 1e-2})
