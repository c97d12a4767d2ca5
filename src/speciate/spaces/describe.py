"""A network's layers as one readable line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from speciate.spaces.genes import Value
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node

MOST_LAYERS = 60
"""A network with branches and more layers than this is only counted: nobody could read its line."""

MOST_INPUTS = 8
"""Of a merge with more inputs than this, they are only counted."""

TIMES = "\N{MULTIPLICATION SIGN}"
SKIP = "skip"
JOINS = {"add": "+", "concat": "concat"}


def describe_graph(nodes: Sequence[Node], sources: Mapping[str, Sequence[str]]) -> str:
    """The layers between the two ends of a network with branches, such as `conv 32 3×3 relu → [64 relu | skip] + → 10 tanh`.

    Branches that begin at one layer and end in one merge stand in brackets. Where branches overlap, layers are counted from 1,
    and those that do not follow the one before them name what they follow.

    Args:
        nodes: All layers in topological order, the two ends included.
        sources: By mark, what a layer takes its inputs from.
    """
    layers = [node for node in nodes if node.kind not in (INPUT, OUTPUT)]
    if len(layers) > MOST_LAYERS:
        merges = sum(node.kind in MERGES for node in layers)
        edges = sum(map(len, sources.values()))
        return f"{len(layers) - merges} layers, {merges} merges, {edges} connections"
    return _nested(nodes, sources) or _numbered(layers, sources)


def _nested(nodes: Sequence[Node], sources: Mapping[str, Sequence[str]]) -> str:
    """The line with branches in brackets; empty where branches overlap.

    Series-parallel reduction (Valdes, Tarjan & Lawler 1979, "The recognition of series parallel digraphs", section 2), from
    the input on: the network shrinks to a single edge, on which the line is written down.
    """
    incoming = {node.mark: [(source, "") for source in sources[node.mark]] for node in nodes}
    targets: dict[str, list[str]] = {node.mark: [] for node in nodes}
    for target, marks in sources.items():
        for source in marks:
            targets[source].append(target)
    leaving = {mark: len(marks) for mark, marks in targets.items()}
    own = {node.mark: "" if node.kind in (INPUT, OUTPUT) else describe_layer(node) for node in nodes}
    for node in nodes[1:]:
        if len({source for source, _ in incoming[node.mark]}) != 1:
            return ""
        (source, text), *others = incoming[node.mark]
        if others:  # all branches have become edges from the same layer: they become one edge
            branches = sorted((text, *(text for _, text in others)), key=lambda branch: not branch)
            text = f"[{' | '.join(branch or SKIP for branch in branches)}] {JOINS.get(node.kind, node.kind)}"
            own[node.mark] = ""
            leaving[source] -= len(others)
            if leaving[source] == 1 and source != nodes[0].mark:
                (before, start), end = incoming[source][0], text
                source, text = before, _joined(start, own[source], end)
            incoming[node.mark] = [(source, text)]
        if leaving[node.mark] == 1:  # it becomes a part of the edge that leaves it
            (target,) = targets[node.mark]
            whole = (source, _joined(text, own[node.mark]))
            incoming[target] = [whole if edge[0] == node.mark else edge for edge in incoming[target]]
    source, text = incoming.get(OUTPUT, [("", "")])[0]
    return text if source == INPUT else ""


def _joined(*texts: str) -> str:
    return " → ".join(text for text in texts if text)


def _numbered(layers: Sequence[Node], sources: Mapping[str, Sequence[str]]) -> str:
    """The layers in order, such as `32 relu → 16 tanh → add 1, 2 → 8 relu from 1`; 0 is the input."""
    number = {INPUT: 0, **{node.mark: at for at, node in enumerate(layers, 1)}}
    parts = []
    for at, node in enumerate(layers):
        before = ", ".join(str(n) for n in sorted(number.get(source, 0) for source in sources[node.mark]))
        if len(sources[node.mark]) > MOST_INPUTS:
            before = f"{len(sources[node.mark])} of the layers before"
        follows = before == str(at)
        link = "" if follows else f" {before}" if node.kind in MERGES else f" from {before}"
        parts.append(f"{describe_layer(node)}{link}")
    return " → ".join(parts)


def describe_layer(node: Node) -> str:
    """One layer, such as `256 relu (drop 0.25)` or `conv 32 3×3 /2 relu`."""
    genes = dict(node.genes)
    if node.kind in WORDS:
        words = WORDS[node.kind](genes)
    else:
        words = [genes.get("units"), genes.get("activation", node.kind)]
    text = " ".join([str(word) for word in words if word is not None])
    drop = genes.get("dropout", 0)
    return f"{text} (drop {number_text(drop)})" if drop and node.kind != "dropout" else text


Words = list[Value | None]


def _conv(genes: Mapping[str, Value]) -> Words:
    return ["conv", genes.get("channels"), *_filter(genes)]


def _filter(genes: Mapping[str, Value]) -> Words:
    stride = genes.get("stride")
    side = str(genes.get("kernel"))
    return [f"{side}{TIMES}{side}", None if stride in (None, 1) else f"/{stride}", genes.get("activation")]


WORDS: Mapping[str, Callable[[Mapping[str, Value]], Words]] = {
    "conv": _conv,
    "depthwise": lambda genes: ["depthwise", *_filter(genes)],
    "pool": lambda genes: [genes.get("mode"), "pool", genes.get("size")],
    "global_pool": lambda genes: ["global", genes.get("mode"), "pool"],
    "dropout": lambda genes: ["drop", number_text(genes.get("dropout", 0))],
    "batch_norm": lambda genes: ["batch norm"],
    "layer_norm": lambda genes: ["layer norm"],
}
"""What is said of a layer's genes by kind; of the others, the units and the activation or the kind."""


def number_text(value: Value) -> str:
    """A number with two digits; text as it is."""
    return value if isinstance(value, str) else f"{value:.2g}"
