"""The genome: a graph of layers plus hyper-parameters, immutable, hashable, with one canonical JSON form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from speciate.errors import DataError
from speciate.layers.words import number_text
from speciate.spaces.describe import describe_graph, describe_layer
from speciate.spaces.genes import Value
from speciate.spaces.node import INPUT, OUTPUT, Node

BINS = "bins"
"""The hyper-parameter that says over how many bins each number of the inputs is spread."""

OF_GRAPH = ("edges", "is_path", "sources", "targets")
"""What of a genome does not depend on genes."""

DEFAULTS: Mapping[str, Value] = {
    "beta2": 0.999,
    BINS: 0,
    "decay_schedule": "flat",
    "ema": 0.0,
    "label_smoothing": 0.0,
    "schedule": "one_cycle",
}
"""Hyper-parameters that a genome need not have, and what they are where it does not. `training.Recipe` says what they do."""


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class NetworkGenome:
    """A directed acyclic graph of layers and a mapping of hyper-parameters.

    Nodes are kept in topological order (ties by mark) and edges sorted, so equal graphs are equal values.

    Args:
        nodes: The layers, the two ends included.
        edges: Pairs of marks, from source to target.
        hyper: Names and values of the hyper-parameters.

    Raises:
        DataError: A mark appears twice, an edge has no end, or the graph has a cycle.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    hyper: tuple[tuple[str, Value], ...] = field(default=())

    def __post_init__(self) -> None:
        edges = tuple(sorted(set(self.edges)))
        object.__setattr__(self, "nodes", _ordered(tuple(self.nodes), edges))
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "hyper", tuple(sorted(self.hyper)))

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was worked out from them is not sent to other processes."""
        return {"nodes": self.nodes, "edges": self.edges, "hyper": self.hyper}

    @classmethod
    def path(cls, layers: Iterable[Node], hyper: Mapping[str, Value]) -> NetworkGenome:
        """The genome of a sequential network: the layers in order, between the two ends."""
        nodes = [Node(INPUT, INPUT), *layers, Node(OUTPUT, OUTPUT)]
        edges = [(a.mark, b.mark) for a, b in pairwise(nodes)]
        return cls(tuple(nodes), tuple(edges), tuple(hyper.items()))

    def with_genes(
        self, nodes: tuple[Node, ...] | None = None, hyper: Mapping[str, Value] | None = None
    ) -> NetworkGenome:
        """The same graph with other genes, without working out again what depends on the graph alone.

        Args:
            nodes: Layers of the same marks, in the same order; None to keep them.
            hyper: The hyper-parameters; None to keep them.
        """
        new = object.__new__(NetworkGenome)
        vars(new).update({name: vars(self)[name] for name in OF_GRAPH if name in vars(self)})
        vars(new)["nodes"] = self.nodes if nodes is None else nodes
        vars(new)["hyper"] = self.hyper if hyper is None else tuple(sorted(hyper.items()))
        return new

    @cached_property
    def notes(self) -> dict[Any, Any]:
        """What other modules have worked out from it, under keys of theirs; it is not sent to other processes either."""
        return {}

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """The nodes between the two ends, in topological order."""
        return tuple(node for node in self.nodes if node.kind not in (INPUT, OUTPUT))

    @cached_property
    def hyper_parameters(self) -> Mapping[str, Value]:
        """The hyper-parameters as a read-only mapping."""
        return MappingProxyType(dict(self.hyper))

    @property
    def bins(self) -> int:
        """Over how many bins each number of the inputs is spread; 0 takes them as they are."""
        value = self.hyper_parameters.get(BINS, 0)
        return value if isinstance(value, int) and value > 0 else 0

    @cached_property
    def is_path(self) -> bool:
        """Whether the graph is one path from input to output."""
        if len(self.edges) != max(0, len(self.nodes) - 1):
            return False
        return list(self.edges) == sorted((a.mark, b.mark) for a, b in pairwise(self.nodes))

    @cached_property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """By mark, the marks of the layers that a layer takes its inputs from, in topological order."""
        if self.is_path:
            before = [(), *((node.mark,) for node in self.nodes[:-1])]
            return MappingProxyType(
                {node.mark: marks for node, marks in zip(self.nodes, before, strict=True)}
            )
        found: dict[str, list[str]] = {node.mark: [] for node in self.nodes}
        position = {mark: i for i, mark in enumerate(found)}
        for source, target in sorted(self.edges, key=lambda edge: position[edge[0]]):
            found[target].append(source)
        return MappingProxyType({mark: tuple(marks) for mark, marks in found.items()})

    @cached_property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """By mark, the marks of the layers that take a layer's output, in topological order."""
        found: dict[str, list[str]] = {node.mark: [] for node in self.nodes}
        for target, marks in self.sources.items():
            for source in marks:
                found[source].append(target)
        return MappingProxyType({mark: tuple(marks) for mark, marks in found.items()})

    @cached_property
    def key(self) -> str:
        """Hash of the canonical JSON form."""
        return _digest(self.to_json())

    @cached_property
    def phenotype(self) -> str:
        """Hash with marks replaced by positions: equal for networks that would be built and trained alike."""
        position = {node.mark: i for i, node in enumerate(self.nodes)}
        nodes = [[node.kind, node.genes] for node in self.nodes]
        edges = sorted((position[a], position[b]) for a, b in self.edges)
        return _digest([nodes, edges, self.hyper])

    def alike(self, other: NetworkGenome) -> bool:
        """Whether both have the same phenotype; it is not worked out where they obviously differ."""
        if self.hyper != other.hyper or len(self.nodes) != len(other.nodes):
            return False
        if any(a.genes != b.genes or a.kind != b.kind for a, b in zip(self.nodes, other.nodes, strict=True)):
            return False
        return self.phenotype == other.phenotype

    def to_json(self) -> dict[str, Any]:
        """The canonical form: nodes in topological order, edges and hyper-parameters sorted."""
        return {
            "nodes": [{"mark": n.mark, "kind": n.kind, "genes": dict(n.genes)} for n in self.nodes],
            "edges": [list(edge) for edge in self.edges],
            "hyper": dict(self.hyper),
        }

    @classmethod
    def from_json(cls, value: Any) -> NetworkGenome:
        """The genome of a canonical form.

        Raises:
            DataError: It is not one.
        """
        try:
            nodes = tuple(
                Node.make(str(n["mark"]), str(n["kind"]), _values(n["genes"])) for n in value["nodes"]
            )
            edges = tuple((str(a), str(b)) for a, b in value["edges"])
            return cls(nodes, edges, tuple(_values(value["hyper"]).items()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError("this is not a genome", why=f"{type(error).__name__}: {error}") from None

    def describe(self) -> str:
        """One line, such as `256 relu → 64 tanh (drop 0.2) · adam lr 0.0021 · wd 0.0001`."""
        if self.is_path:
            layers = " → ".join(map(describe_layer, self.layers))
        else:
            layers = describe_graph(self.nodes, self.sources)
        parts = [layers or ("linear" if self.nodes else "")]
        hyper = {name: value for name, value in self.hyper if DEFAULTS.get(name) != value}
        optimizer = str(hyper.pop("optimizer", ""))
        if "learning_rate" in hyper:
            optimizer = f"{optimizer} lr {number_text(hyper.pop('learning_rate'))}".strip()
        short = {
            "weight_decay": "wd",
            "batch_size": "batch",
            "label_smoothing": "smoothing",
            "decay_schedule": "wd",
        }
        digits = {"beta2": 4}  # what counts is how far it is from 1
        rest = [
            f"{short.get(k, k)} {f'{v:.{digits.get(k, 2)}g}' if isinstance(v, float) else v}"
            for k, v in hyper.items()
        ]
        return " · ".join(part for part in [*parts, optimizer, *rest] if part)


def _values(mapping: Any) -> dict[str, Value]:
    """A mapping of text to JSON scalars, or TypeError."""
    for name, value in mapping.items():
        if not isinstance(name, str) or type(value) not in (int, float, str):
            raise TypeError(f"{name!r} has value {value!r}")
        if isinstance(value, float) and not -float("inf") < value < float("inf"):
            raise TypeError(f"{name!r} is not finite")
    return dict(mapping)


def _ordered(nodes: tuple[Node, ...], edges: Collection[tuple[str, str]]) -> tuple[Node, ...]:
    """The nodes in topological order, ties by mark (input first, output last where they are tied); each edge is given once."""
    if not nodes and not edges:
        return ()
    by_mark = {node.mark: node for node in nodes}
    if len(by_mark) != len(nodes):
        raise DataError("a genome has two nodes with the same mark")
    if len(edges) == len(nodes) - 1 and all(map(edges.__contains__, pairwise(by_mark))):
        return nodes  # a path in order
    after: dict[str, list[str]] = {m: [] for m in by_mark}
    waiting = dict.fromkeys(by_mark, 0)  # how many sources each node still waits for
    for source, target in edges:
        if source not in by_mark or target not in by_mark:
            raise DataError(
                f"an edge of a genome leads from {source!r} to {target!r}, which are not both nodes"
            )
        after[source].append(target)
        waiting[target] += 1
    order: list[str] = []
    ready = [m for m, sources in waiting.items() if sources == 0]
    while ready:
        if len(ready) > 1:
            ready.sort(key=lambda m: (m != INPUT, m == OUTPUT, m))
        order += ready
        released = [target for m in ready for target in after[m]]
        for target in released:
            waiting[target] -= 1
        ready = [target for target in dict.fromkeys(released) if waiting[target] == 0]
    if len(order) < len(by_mark):
        raise DataError("the layers of a genome form a cycle")
    return tuple(by_mark[m] for m in order)
