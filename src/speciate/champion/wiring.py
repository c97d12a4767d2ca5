"""From a genome of single connections to groups of nodes that are computed at once, and their weights as matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import DataError

MOST_NODES = 100_000
"""Nodes of a network from a stranger."""
MOST_NUMBERS = 250_000_000
"""Numbers in the matrices of a network from a stranger."""

Groups = list[tuple[str, list[int]]]
"""Activation and ids of the nodes of each group."""


@dataclass(frozen=True)
class Wiring:
    """A network as matrices.

    Attributes:
        inputs: How many inputs, without the constant 1.
        groups: Activation and number of nodes of each group, in the order in which they are computed.
        outputs: Places of the outputs among the nodes.
        recurrent: Whether nodes may see the values of the step before.
        tensors: `weights_K` (nodes of group K, inputs + 1 + nodes of the groups before) and, in recurrent networks,
            `memory_K` (nodes of group K, all nodes), float64.
        places: Where each enabled connection of the genome is: its index, the tensor, row and column.
    """

    inputs: int
    groups: tuple[tuple[str, int], ...]
    outputs: tuple[int, ...]
    recurrent: bool
    tensors: dict[str, NDArray[np.float64]]
    places: tuple[tuple[int, str, int, int], ...]


def wiring(genome: Mapping[str, Any], recurrent: bool = False) -> Wiring:
    """The matrices of a genome.

    A node is in the first group after all that it sees of the same step; nodes of a group have the same activation. A node that
    nothing leads to is 0 before its activation.

    Args:
        genome: The canonical JSON form.
        recurrent: Whether it is a network with a memory even if no connection carries a value of the step before.

    Raises:
        DataError: It is no such genome.
    """
    with _understood():
        inputs, groups, live, delayed = _ordered(genome)
        recurrent = recurrent or bool(delayed)
        place = {node: at for at, node in enumerate(node for _, members in groups for node in members)}
        row = {node: (k, at) for k, (_, members) in enumerate(groups) for at, node in enumerate(members)}
        shapes = _shapes(inputs, groups, recurrent)
        tensors, places = {name: np.zeros(shape) for name, shape in shapes.items()}, []
        for i, gene in live:
            (group, at), source = row[gene["target"]], gene["source"]
            name = f"{'memory' if i in delayed else 'weights'}_{group}"
            column = source if source <= inputs else place[source] + (0 if i in delayed else inputs + 1)
            tensors[name][at, column] += float(gene["weight"])
            places.append((i, name, at, column))
        outputs = tuple(place[inputs + 1 + k] for k in range(int(genome["outputs"])))
        named = tuple((activation, len(members)) for activation, members in groups)
        return Wiring(inputs, named, outputs, recurrent, tensors, tuple(places))


def count_numbers(genome: Mapping[str, Any], recurrent: bool = False) -> int:
    """How many numbers the matrices of `wiring(genome, recurrent)` hold; they are not made.

    Raises:
        DataError: It is no such genome, or they would take absurd amounts.
    """
    with _understood():
        inputs, groups, _, delayed = _ordered(genome)
        shapes = _shapes(inputs, groups, recurrent or bool(delayed))
        total = sum(rows * columns for rows, columns in shapes.values())
        if total > MOST_NUMBERS:
            raise ValueError(f"its matrices hold more than {MOST_NUMBERS:,} numbers")
        return total


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"this is not a network of connections: {error!s:.200}") from None


def _ordered(genome: Mapping[str, Any]) -> tuple[int, Groups, list[tuple[int, Mapping[str, Any]]], set[int]]:
    """Inputs, groups of nodes, the enabled connections with their indices, and which of these carry values of the step before."""
    inputs, count = int(genome["inputs"]), int(genome["outputs"])
    order = {gene["node"]: (float(gene["position"]), int(gene["node"])) for gene in genome["nodes"]}
    if not 0 < count <= len(order) <= MOST_NODES or not 0 < inputs <= MOST_NODES:
        raise ValueError("it has no outputs, or far too many nodes")
    live = [(i, gene) for i, gene in enumerate(genome["connections"]) if gene["enabled"]]
    delayed = {
        i for i, gene in live if gene["source"] > inputs and order[gene["source"]] >= order[gene["target"]]
    }
    activations = {gene["node"]: str(gene["activation"]) for gene in genome["nodes"]}
    groups = _groups(inputs, order, activations, [gene for i, gene in live if i not in delayed])
    return inputs, groups, live, delayed


def _groups(
    inputs: int,
    order: Mapping[int, tuple[float, int]],
    activations: Mapping[int, str],
    forward: list[Mapping[str, Any]],
) -> Groups:
    """Nodes by the length of the longest way to them, then by activation."""
    sources: dict[int, list[int]] = {node: [] for node in order}
    for gene in forward:
        sources[gene["target"]].append(gene["source"])
    depth = dict.fromkeys(range(inputs + 1), 0)
    groups: dict[tuple[int, str], list[int]] = {}
    for node in sorted(order, key=lambda node: order[node]):
        depth[node] = 1 + max((depth[source] for source in sources[node]), default=0)
        groups.setdefault((depth[node], activations[node]), []).append(node)
    return [(name, sorted(members)) for (_, name), members in sorted(groups.items())]


def _shapes(inputs: int, groups: Groups, recurrent: bool) -> dict[str, tuple[int, int]]:
    """The shapes of the matrices by name."""
    nodes, width, found = sum(len(members) for _, members in groups), inputs + 1, {}
    for k, (_, members) in enumerate(groups):
        found[f"weights_{k}"] = len(members), width
        if recurrent:
            found[f"memory_{k}"] = len(members), nodes
        width += len(members)
    return found
