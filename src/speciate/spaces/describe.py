"""A network's layers, and a space of networks, as one readable line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from speciate.layers import LAYERS, described
from speciate.spaces.genes import Gene, Integer
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node
from speciate.text import counted

MOST_LAYERS = 60
"""A network with branches and more layers than this is only counted: its line would be too long to read."""

MOST_INPUTS = 8
"""Of a merge with more inputs than this, they are only counted."""

SKIP = "skip"


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
            text = f"[{' | '.join(branch or SKIP for branch in branches)}] {_sign(node.kind)}"
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
    layer, genes = LAYERS.get(node.kind), dict(node.genes)
    return layer.line(genes) if layer else described(node.kind, genes)


def describe_space(
    depth: tuple[int, int],
    layers: Mapping[str, Mapping[str, Gene]],
    hyper: Iterable[str],
    merges: int,
    fixed: int,
) -> str:
    """A space of networks in one line, such as `1-4 dense layers of 8-128 units; learning rate, optimizer`.

    Args:
        depth: Fewest and most layers.
        layers: The ranges of the genes of each layer kind.
        hyper: Names of the hyper-parameters.
        merges: Most merges.
        fixed: How many layers are fixed.
    """
    low, high = depth
    kinds = [kind for kind in layers if kind not in MERGES]
    if len(kinds) == 1:
        found = f"{low}-{high} {kinds[0]} layers{_widths(layers[kinds[0]])}"
    else:
        found = f"{low}-{high} layers: " + ", ".join(k.replace("_", " ") + _widths(layers[k]) for k in kinds)
    if merges:
        found += f"; at most {counted(merges, 'merge')}"
    if fixed:
        found += f"; on top of {counted(fixed, 'layer')}"
    return f"{found}; {', '.join(name.replace('_', ' ') for name in hyper)}"


def _widths(genes: Mapping[str, Gene]) -> str:
    units = genes.get("units")
    return f" of {units.low}-{units.high} units" if isinstance(units, Integer) else ""


def _sign(kind: str) -> str:
    """What stands for a merge."""
    layer = LAYERS.get(kind)
    return (layer and layer.sign) or kind
