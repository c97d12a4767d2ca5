"""Genomes as points: coordinates in groups, so that the distance within a group is the sum of absolute differences.

A gene's place on its own scale is for the gene to say (`Gene.coordinates`). Layers are compared with the layers of the same
historical mark (Stanley & Miikkulainen 2002, section 3.3, compare connections so); where only one network has a layer, it is
as far from the other as from the middle of its ranges. What does not depend on marks stands beside it: each gene's mean over
the layers, how many there are of each kind, depth and size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from speciate.errors import DataError, EvaluationError
from speciate.registry import is_own
from speciate.spaces import Gene, NetworkGenome, Space, Value, count_parameters

HYPER, LAYER, MEAN, NETWORK = "", "layer by layer", "mean over layers", "structure"
"""Kinds of groups: a hyper-parameter, a gene by layer, its mean over the layers, and what layers there are."""

PRESENCE, KINDS, DEPTH = "which layers", "kinds of layers", "depth"
SIZE, EDGES, LINE = "parameters", "connections", "inherited training"
"""Groups of structure: which layers and how many of each kind, how many in all, parameters, edges, examples behind the weights."""

Group = tuple[str, str]
"""What a group is about, and its kind."""

Name = tuple[int, str, str]
"""What a coordinate is called: number of its group, layer, and part of a gene."""

MOST_PLACES = 10_000
"""How many values' places are remembered at most."""

USUAL: Mapping[str, float] = {HYPER: 0.5, LAYER: 0.5, MEAN: 0.3}
USUAL_OF_STRUCTURE: Mapping[str, float] = {
    PRESENCE: 0.15,
    KINDS: 0.15,
    EDGES: 0.15,
    DEPTH: 0.3,
    SIZE: 0.5,
    LINE: 0.3,
}
"""The weights that are expected before anything is known."""

UNKNOWN_SHAPE = (16,)
"""What an example is taken for where a space does not know it: sizes are only compared with each other."""

EXACT = 2.0**32
"""Weighted coordinates are whole multiples of 1 / this, so that sums of them are exact, in whatever order they are added."""


@dataclass(frozen=True)
class Points:
    """Points by their coordinates other than 0 (compressed sparse rows); each has a column, and each column a group.

    Attributes:
        starts: (points + 1,): where each point's coordinates begin.
        columns: (coordinates,).
        groups: (coordinates,).
        values: (coordinates,).
        names: What each is called, where a column may come later.
        known: How many columns there were when these were looked up.
    """

    starts: np.ndarray
    columns: np.ndarray
    groups: np.ndarray
    values: np.ndarray
    names: Sequence[Name] = ()
    known: int = -1

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __add__(self, other: Points) -> Points:
        starts = np.concatenate([self.starts, other.starts[1:] + self.starts[-1]])
        columns = np.concatenate([self.columns, other.columns])
        groups, values = (
            np.concatenate([self.groups, other.groups]),
            np.concatenate([self.values, other.values]),
        )
        return Points(starts, columns, groups, values)

    def at(self, places: np.ndarray) -> Points:
        """Some of the points, in this order."""
        counts = np.diff(self.starts)[places]
        starts = np.concatenate([[0], np.cumsum(counts)])
        taken = np.repeat(self.starts[places] - starts[:-1], counts) + np.arange(starts[-1])
        return Points(starts, self.columns[taken], self.groups[taken], self.values[taken])

    def weighted(self, weights: np.ndarray) -> Points:
        """All coordinates times the weights (groups,) of their groups, in a single group."""
        values = np.round(self.values * weights[self.groups] * EXACT) / EXACT
        return Points(self.starts, self.columns, np.zeros_like(self.groups), values)


def distances(one: Points, other: Points, groups: int = 1) -> np.ndarray:
    """L1 distances in each group, (points of one, points of the other, groups)."""
    from speciate.algorithms.surrogate.sparse import distances  # compiled when it is first needed

    columns = 1 + max((int(p.columns.max()) for p in (one, other) if len(p.columns)), default=0)
    found: np.ndarray = distances(
        *(one.starts, one.columns, one.groups, one.values),
        *(other.starts, other.columns, other.groups, other.values),
        *(groups, columns),
    )
    return found


class Coordinates:
    """What coordinates the genomes of a space have.

    Attributes:
        groups: The groups in the order of their numbers.
        usual: (groups,): the weights that are expected before anything is known.
    """

    def __init__(self, space: Space) -> None:
        genes = sorted({gene for ranges in space.layers.values() for gene in ranges})
        structure = [
            *([PRESENCE, KINDS, DEPTH, SIZE] if space.layers else []),
            *([EDGES] if space.merges else []),
            LINE,
        ]
        self.groups: list[Group] = [(name, HYPER) for name in space.hyper]
        self.groups += [(gene, kind) for gene in genes for kind in (LAYER, MEAN)]
        self.groups += [(name, NETWORK) for name in structure]
        self.usual = np.array([USUAL.get(kind) or USUAL_OF_STRUCTURE[name] for name, kind in self.groups])
        self._space = space
        self._group = {group: number for number, group in enumerate(self.groups)}
        self._of_gene = {gene: (self._group[gene, LAYER], self._group[gene, MEAN]) for gene in genes}
        self._columns: dict[Name, int] = {}
        self._places: dict[tuple[str, str, Value], Iterable[tuple[str, float]]] = {}

    def points(self, genomes: Iterable[tuple[NetworkGenome, float]], *, new: bool = False) -> Points:
        """Genomes, and how many times an evaluation's examples their inherited weights have seen.

        Args:
            genomes: Both.
            new: Whether what no genome had before gets a column; else it is in column 0, in which nothing is alike.
        """
        starts, names, values = [0], [], []  # type: ignore[var-annotated]
        for genome, line in genomes:
            found = self._of(genome, line)
            names += found
            values += found.values()
            starts.append(len(values))
        if new:
            for name in names:
                self._columns.setdefault(name, len(self._columns) + 1)
        groups = np.array([group for group, _, _ in names], np.int64)
        columns = np.zeros(len(names), np.int64)
        return self.placed(Points(np.array(starts), columns, groups, np.array(values, np.float64), names))

    def placed(self, points: Points) -> Points:
        """The same points with the columns that there are by now."""
        known = self._columns
        if points.known == len(known):
            return points
        return replace(
            points,
            columns=np.array([known.get(name, 0) for name in points.names], np.int64),
            known=len(known),
        )

    def _of(self, genome: NetworkGenome, line: float) -> dict[Name, float]:
        """A genome's coordinates by group, layer or part, and name."""
        space, group, places = self._space, self._group, self._places
        found: dict[Name, float] = {}
        for name, value in genome.hyper:
            key = ("", name, value)
            for part, number in places.get(key) or self._placed(space.hyper, *key):
                found[group[name, HYPER], "", part] = number
        layers = [node for node in genome.layers if node.mark not in space.fixed]
        if layers:
            kinds, presence, share = group[KINDS, NETWORK], group[PRESENCE, NETWORK], 1 / len(layers)
            for node in layers:
                mark, kind, so_many = node.mark, node.kind, (kinds, node.kind, "")
                ranges = space.layers.get(kind, {})
                found[presence, mark, kind] = 1.0
                found[so_many] = found.get(so_many, 0.0) + 0.5
                for name, value in node.genes:
                    for part, number in places.get((kind, name, value)) or self._placed(
                        ranges, kind, name, value
                    ):
                        layer, over_layers = self._of_gene[name]
                        found[layer, mark, part] = number
                        mean = (over_layers, "", part)
                        found[mean] = found.get(mean, 0.0) + share * number
            found[group[DEPTH, NETWORK], "", ""] = len(layers) / max(1, space.depth[1])
            found[group[SIZE, NETWORK], "", ""] = self._size(genome)
            if space.merges:
                found |= {(group[EDGES, NETWORK], *edge): 0.25 for edge in genome.edges}
        if line:
            found[group[LINE, NETWORK], "", ""] = math.log1p(line)
        return found

    def _placed(
        self, ranges: Mapping[str, Gene], kind: str, name: str, value: Value
    ) -> Iterable[tuple[str, float]]:
        """A gene's coordinates, which are remembered; none where the space has no range for it."""
        key = (kind, name, value)
        if key not in self._places:
            if len(self._places) > MOST_PLACES:
                self._places.clear()
            self._places[key] = tuple(place(ranges[name], value).items()) if name in ranges else ()
        return self._places[key]

    def _size(self, genome: NetworkGenome) -> float:
        try:
            count = count_parameters(genome, self._space.input_shape or UNKNOWN_SHAPE, 1, valid=True)
        except (DataError, KeyError, TypeError):
            return 0.0  # a layer that takes no vectors, in a space that does not know what its examples are, or a genome that is not of its space
        return math.log1p(count) / 6


def place(gene: Gene, value: Value) -> Mapping[str, float]:
    """A gene's coordinates.

    Raises:
        EvaluationError: A gene from outside the package fails, or gives something else.
    """
    try:
        found = gene.coordinates(value)
        if all(map(math.isfinite, found.values())) or is_own(gene):
            return found
        why = f"it gives {found!r:.80}"
    except Exception as error:
        if is_own(gene):
            raise
        why = f"{type(error).__name__}: {error}"
    raise EvaluationError(
        f"{type(gene).__name__}.coordinates({value!r:.40}) gives no finite numbers by name", why=why
    )
