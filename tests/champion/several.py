"""Networks of an ensemble that differ in everything: layers, form, and bins."""

from __future__ import annotations

from dataclasses import replace

from speciate.spaces import BINS, INPUT, OUTPUT, NetworkGenome, Node, Value

HYPER: dict[str, Value] = {"optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.0, "batch_size": 16}


def dense(mark: str, units: int) -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": "relu", "dropout": 0.0})


def genomes() -> list[NetworkGenome]:
    """One layer, numbers as they are; two layers, numbers in bins; a graph, numbers in other bins."""
    nodes = [Node(INPUT, INPUT), dense("a", 6), dense("b", 4), Node.make("c", "add"), Node(OUTPUT, OUTPUT)]
    edges = ((INPUT, "a"), ("a", "b"), ("a", "c"), ("b", "c"), ("c", OUTPUT))
    found = [
        NetworkGenome.path([dense("a", 5)], HYPER),
        NetworkGenome.path([dense("a", 5), dense("b", 3)], HYPER),
        NetworkGenome(tuple(nodes), edges, tuple(HYPER.items())),
    ]
    kept = zip((0, 8, 4), found, strict=True)
    return [replace(g, hyper=tuple({**g.hyper_parameters, BINS: bins}.items())) for bins, g in kept]
