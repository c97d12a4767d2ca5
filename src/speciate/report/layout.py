"""Where the layers of a graph are drawn: one a row, in lanes, so that no wire runs through a layer; and lists of layers side by side.

Every layer has a row of its own. The longest path from the first row to the last is the main lane; side paths run in lanes
beside it, and so do wires that skip layers, each as near to the main lane as the rows it needs are free. All wires of a
layer that skip something share one lane: they carry the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Lanes of a graph whose nodes are numbered by row.

    Attributes:
        lanes: The lane of every node; 0 is the main one.
        routes: The lane in which an edge passes the rows between its ends; edges between neighboring rows have none.
        count: How many lanes there are.
    """

    lanes: tuple[int, ...]
    routes: dict[Edge, int]
    count: int

    @property
    def inhabited(self) -> frozenset[int]:
        """Lanes that hold layers, not only wires."""
        return frozenset(self.lanes)


def reading_order(count: int, edges: Sequence[Edge]) -> tuple[int, ...]:
    """The nodes in the order of their rows: sources first, and every side path in one piece before the path it leaves.

    Args:
        count: Number of nodes, numbered in any topological order.
        edges: Pairs of nodes.
    """
    after, waiting = _after(count, edges), [0] * count
    for _, target in edges:
        waiting[target] += 1
    heights = _heights(after)
    stack = sorted((i for i in range(count) if not waiting[i]), key=lambda i: (-heights[i], -i))
    order: list[int] = []
    while stack:
        node = stack.pop()
        order.append(node)
        released = []
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target]:
                released.append(target)
        stack += sorted(released, key=lambda i: (-heights[i], -i))  # the shortest way on comes first
    return tuple(order)


def layout(count: int, edges: Sequence[Edge]) -> Layout:
    """The lanes of a graph.

    Args:
        count: Number of nodes, each on the row of its number.
        edges: Pairs of nodes, each from a row to a later one.
    """
    chains = _chains(count, edges)
    chain_of = {node: k for k, chain in enumerate(chains) for node in chain}
    inner = {(a, b) for chain in chains for a, b in pairwise(chain)}
    spans = [[chain[0], chain[-1]] for chain in chains]  # the rows that each lane's user needs
    users: dict[Edge, int] = {}
    skips: dict[int, int] = {}
    reached: set[int] = set()
    for source, target in sorted(edges, key=lambda edge: (edge[1], -edge[0])):
        head = chains[chain_of[target]][0] == target and target not in reached
        if (source, target) in inner:
            users[source, target] = chain_of[source]
        elif head:  # a side path begins right under the layer that it leaves
            reached.add(target)
            users[source, target] = chain_of[target]
            spans[chain_of[target]][0] = min(target, source + 1)
        elif chains[chain_of[source]][-1] == source:  # and ends right above the one that it joins
            users[source, target] = chain_of[source]
            span = spans[chain_of[source]]
            span[1] = max(span[1], target - 1)
        elif target - source > 1:
            if source not in skips:
                skips[source] = len(spans)
                spans.append([source + 1, source + 1])
            users[source, target] = skips[source]
            span = spans[skips[source]]
            span[1] = max(span[1], target - 1)
    lanes = _colored(spans)
    routes = {edge: lanes[user] for edge, user in users.items() if edge[1] - edge[0] > 1}
    return Layout(tuple(lanes[chain_of[i]] for i in range(count)), routes, max(lanes, default=0) + 1)


def _after(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
    return after


def _heights(after: Sequence[Sequence[int]]) -> list[int]:
    """The longest way from each node to an end."""
    heights = [0] * len(after)
    for node in reversed(range(len(after))):
        heights[node] = 1 + max((heights[target] for target in after[node]), default=0)
    return heights


def _chains(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """All nodes as paths that follow edges: the longest path first, then those beside it."""
    after = _after(count, edges)
    heights, free = _heights(after), set(range(count))
    chains: list[list[int]] = []
    for start in sorted(range(count), key=lambda i: (-heights[i], i)):
        if start not in free:
            continue
        chain, here = [], start
        while True:
            chain.append(here)
            free.discard(here)
            onward = [target for target in after[here] if target in free]
            if not onward:
                break
            here = max(onward, key=lambda i: (heights[i], -i))
        chains.append(chain)
    return chains


def _colored(spans: Sequence[Sequence[int]]) -> list[int]:
    """A lane for every span of rows so that no two in a lane share a row; the first span has lane 0."""
    taken: list[list[Sequence[int]]] = []
    lanes = [0] * len(spans)
    for i in sorted(range(len(spans)), key=lambda i: (i != 0, spans[i][1] - spans[i][0], spans[i][0])):
        first, last = spans[i]
        free = (k for k, held in enumerate(taken) if all(last < a or first > b for a, b in held))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((first, last))
        lanes[i] = lane
    return lanes


Row = tuple[int | None, ...]


def aligned(columns: Sequence[Sequence[str]]) -> list[Row]:
    """The rows of a table with a column for each list: positions in the lists, None where a list has a gap.

    Two neighbors share as many rows as their orders allow (a longest common subsequence); what stands alone comes in the
    order of the columns, as in a listing of differences.
    """
    rows: list[tuple[str, Row]] = []
    for k, column in enumerate(columns):
        rows = _merged(rows, column, (None,) * k)
    return [row for _, row in rows]


def _merged(rows: Sequence[tuple[str, Row]], column: Sequence[str], gap: Row) -> list[tuple[str, Row]]:
    """The rows with one more column; `gap` is a row of the columns so far in which nothing stands."""
    common = _common([mark for mark, _ in rows], column)
    found: list[tuple[str, Row]] = []
    i = j = 0
    for row, at in [*common, (len(rows), len(column))]:
        found += [(mark, (*held, None)) for mark, held in rows[i:row]]
        found += [(mark, (*gap, j + k)) for k, mark in enumerate(column[j:at])]
        if row < len(rows):
            found.append((rows[row][0], (*rows[row][1], at)))
        i, j = row + 1, at + 1
    return found


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            longer = max(best[i + 1][j], best[i][j + 1])
            best[i][j] = best[i + 1][j + 1] + 1 if a[i] == b[j] else longer
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
