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
        nodes: The genome's ids of all nodes, group after group.
        outputs: Places of the outputs among the nodes.
        recurrent: Whether a connection carries a value of the step before.
        tensors: `weights_K` (nodes of group K, inputs + 1 + nodes of the groups before) and, in recurrent networks,
            `memory_K` (nodes of group K, all nodes), float64.
        places: Where each enabled connection of the genome is: its index, the tensor, row and column.
    """

    inputs: int
    groups: tuple[tuple[str, int], ...]
    nodes: tuple[int, ...]
    outputs: tuple[int, ...]
    recurrent: bool
    tensors: dict[str, NDArray[np.float64]]
    places: tuple[tuple[int, str, int, int], ...]


def wiring(genome: Mapping[str, Any]) -> Wiring:
    """The matrices of a genome.

    A node is in the first group after all that it sees of the same step; nodes of a group have the same activation. A node that
    nothing leads to is 0 before its activation.

    Args:
        genome: The canonical JSON form.

    Raises:
        DataError: It is no such genome.
    """
    with _understood():
        inputs, groups, live, delayed = _ordered(genome)
        nodes = tuple(node for _, members in groups for node in members)
        tensors, places = _matrices(inputs, groups, nodes, live, delayed)
        at = {node: place for place, node in enumerate(nodes)}
        outputs = tuple(at[inputs + 1 + k] for k in range(int(genome["outputs"])))
        named = tuple((activation, len(members)) for activation, members in groups)
        return Wiring(inputs, named, nodes, outputs, bool(delayed), tensors, places)


def count_numbers(genome: Mapping[str, Any]) -> int:
    """How many numbers the matrices of a genome hold; they are not made.

    Raises:
        DataError: It is no such genome, or they would take absurd amounts.
    """
    with _understood():
        inputs, groups, _, delayed = _ordered(genome)
        width, total, nodes = inputs + 1, 0, sum(len(members) for _, members in groups)
        for _, members in groups:
            total += len(members) * (width + (nodes if delayed else 0))
            width += len(members)
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


def _matrices(
    inputs: int,
    groups: Groups,
    nodes: tuple[int, ...],
    live: list[tuple[int, Mapping[str, Any]]],
    delayed: set[int],
) -> tuple[dict[str, NDArray[np.float64]], tuple[tuple[int, str, int, int], ...]]:
    column = {node: inputs + 1 + k for k, node in enumerate(nodes)} | {i: i for i in range(inputs + 1)}
    row: dict[int, tuple[int, int]] = {}
    tensors, width = {}, inputs + 1
    for k, (_, members) in enumerate(groups):
        row |= {node: (k, at) for at, node in enumerate(members)}
        tensors[f"weights_{k}"] = np.zeros((len(members), width))
        if delayed:
            tensors[f"memory_{k}"] = np.zeros((len(members), len(nodes)))
        width += len(members)
    places = []
    for i, gene in live:
        group, at = row[gene["target"]]
        if i in delayed:
            place = (f"memory_{group}", at, column[gene["source"]] - inputs - 1)
        else:
            place = (f"weights_{group}", at, column[gene["source"]])
        tensors[place[0]][place[1:]] += float(gene["weight"])
        places.append((i, *place))
    return tensors, tuple(places)
