"""Genomes with branches, and steps of a lineage, for the tests of drawings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from speciate.spaces import NetworkGenome, Node
from speciate.store import Json, Row

KINDS: dict[str, dict[str, Any]] = {
    "dense": {"units": 16, "activation": "relu", "dropout": 0.1},
    "conv": {"channels": 8, "kernel": 3, "stride": 1, "activation": "relu"},
    "depthwise": {"kernel": 3, "stride": 2, "activation": "elu"},
    "pool": {"mode": "max", "size": 2},
    "global_pool": {"mode": "mean"},
    "batch_norm": {},
    "layer_norm": {},
    "dropout": {"dropout": 0.25},
    "activation": {"activation": "tanh"},
    "flatten": {},
    "add": {},
    "concat": {},
    "a_kind_of_tomorrow": {"heads": 4, "channels": 3},
}
"""Genes for every kind of layer, and for one that nobody has heard of."""


def layer(mark: str, kind: str = "dense", **genes: Any) -> Node:
    """A layer with the genes of its kind, some of them given."""
    return Node.make(mark, kind, {**KINDS[kind], **genes})


def graph(layers: Sequence[Node], *paths: Sequence[str], **hyper: Any) -> NetworkGenome:
    """A genome whose edges are those of some paths: sequences of marks."""
    nodes = [Node("input", "input"), *layers, Node("output", "output")]
    edges = [edge for path in paths for edge in pairwise(path)]
    return NetworkGenome(tuple(nodes), tuple(edges), tuple({"learning_rate": 0.01, **hyper}.items()))


def random_graph(seed: int, count: int = 30, more: int = 15) -> NetworkGenome:
    """A graph of any kinds of layers with a given number of edges beyond a tree."""
    rng = np.random.default_rng(seed)
    kinds = list(KINDS)
    nodes = [layer(f"n{i}", kinds[rng.integers(len(kinds))]) for i in range(count)]
    edges = [("input" if i == 0 else f"n{rng.integers(max(0, i - 4), i)}", f"n{i}") for i in range(count)]
    for _ in range(more):
        a, b = sorted(rng.choice(count, 2, replace=False))
        edges.append((f"n{a}", f"n{b}"))
    edges += [(n.mark, "output") for n in nodes if n.mark not in {a for a, _ in edges}]
    return graph(nodes, *edges)


def row(number: int, genome: NetworkGenome | Mapping[str, Any], **how: Any) -> Row:
    """A row of a search's table."""
    made = genome.to_json() if isinstance(genome, NetworkGenome) else dict(genome)
    given: dict[str, Any] = {
        "id": number,
        "phase": "search",
        "generation": number,
        "form": Json.of(made),
        "key": str(made),
        "phenotype": "",
        "description": f"network {number}",
        "seed": 0,
        "examples": 1000,
        "operator": "sample",
        "parents": (),
        "inherited_examples": 0,
        "status": "ok",
        "score": 0.5 + number / 100,
        "metrics": {},
        "examples_seen": 1000,
        "lineage_examples": 1000,
        "seconds": 1.0,
        "parameters": 1,
        "engine": "reference",
        "repeat_of": None,
        "weights": None,
        "error": "",
    }
    given |= how
    given["sources"] = tuple((i, Json.of(g.to_json()), "a" * 64) for i, g in given.pop("ancestors", ()))
    return Row(**given)
