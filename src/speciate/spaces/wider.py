"""Ranges that are just large enough for some values: for networks that were not drawn from the space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

from speciate.spaces.genes import Choice, Gene, Integer, Real, Value
from speciate.spaces.node import Node


def range_of(values: Sequence[Value]) -> Gene:
    """The smallest range of some values: numbers and all between them, or names."""
    if all(type(value) is int for value in values):
        numbers = [int(value) for value in values]
        return Integer(min(numbers), max(numbers))
    if not any(isinstance(value, str) for value in values):
        return Real(float(min(values, key=float)), float(max(values, key=float)))
    return Choice(tuple(dict.fromkeys(values)))


def wider(gene: Gene, values: Sequence[Value]) -> Gene:
    """A range with these values too; `gene` itself if it has them all.

    Steps of a whole number stay on the old grid as far as it can be continued, and ordered options stay in order. A range of
    numbers that has to take a name becomes a choice of the values alone.
    """
    missing = [value for value in dict.fromkeys(values) if value not in gene]
    if not missing:
        return gene
    if isinstance(gene, Choice):
        return _more_options(gene, missing)
    if isinstance(gene, Integer) and all(type(value) is int for value in missing):
        return _longer(gene, [int(value) for value in missing])
    if isinstance(gene, Integer | Real) and not any(isinstance(value, str) for value in missing):
        numbers = [float(value) for value in missing]
        low, high = min(gene.low, *numbers), max(gene.high, *numbers)
        return Real(low, high, gene.log and low > 0)
    return Choice(tuple(dict.fromkeys(values)))


def wider_layers(
    layers: Mapping[str, Mapping[str, Gene]], nodes: Iterable[Node]
) -> dict[str, Mapping[str, Gene]]:
    """The ranges of the genes of each layer kind, with those of some layers too."""
    values: dict[str, dict[str, list[Value]]] = {}
    for node in nodes:
        of_kind = values.setdefault(node.kind, {})
        for name, value in node.genes:
            of_kind.setdefault(name, []).append(value)
    found = dict(layers)
    for kind, genes in values.items():
        ranges = layers.get(kind, {})
        found[kind] = {n: wider(ranges[n], v) if n in ranges else range_of(v) for n, v in genes.items()}
    return found


def _more_options(gene: Choice, missing: Sequence[Value]) -> Choice:
    weights = gene.weights and (*gene.weights, *[min(gene.weights)] * len(missing))
    pairs = list(zip((*gene.options, *missing), weights or repeat(0.0), strict=False))
    if gene.ordered and not any(isinstance(option, str) for option, _ in pairs):
        pairs.sort(key=lambda pair: float(pair[0]))
    return Choice([o for o, _ in pairs], gene.ordered, [w for _, w in pairs] if weights else ())


def _longer(gene: Integer, missing: Sequence[int]) -> Integer:
    low, high = min(gene.low, *missing), max(gene.high, *missing)
    on_grid = gene.low - -(-(gene.low - low) // gene.multiple) * gene.multiple
    low = on_grid if on_grid >= 1 else low
    return Integer(low, high, gene.log and low > 0, gene.multiple)
