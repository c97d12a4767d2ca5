"""From the folder of a run without gradients to the data of its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.report.phases import Generation
from speciate.report.statistics import box
from speciate.store import GenerationTable, RunFolder, RunSummary, Store
from speciate.store.values import LARGEST, mapping, number, sequence, sound, whole

MOST_DRAWN = 400
"""Nodes and connections of a network that is drawn."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection of the champion: from, to, weight, and whether it carries the value of the step before."""

    source: int
    target: int
    weight: float
    delayed: bool


@dataclass(frozen=True, slots=True)
class WiredNetwork:
    """The champion as it is drawn.

    Attributes:
        inputs: How many inputs; the bias is node `inputs`.
        outputs: How many outputs.
        places: Position from 0 at the inputs to 1 at the outputs, and activation, of each node that is no input.
        wires: The enabled connections.
    """

    inputs: int
    outputs: int
    places: dict[int, tuple[float, str]]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What the champion did in one episode.

    Attributes:
        columns: Names.
        rows: (steps, columns).
        seconds: Between two rows; None where time means nothing.
        every: Steps between two rows.
        outcome: In words.
    """

    columns: tuple[str, ...]
    rows: NDArray[np.float64]
    seconds: float | None
    every: int
    outcome: str


@dataclass(frozen=True, slots=True)
class NeuroData:
    """A report before it is drawn; the names say what each holds."""

    run: RunSummary
    name: str
    task: dict[str, Any]
    generations: tuple[Generation, ...]
    champion: dict[str, Any] | None
    network: WiredNetwork | None
    trace: Trace | None

    @property
    def facts(self) -> dict[str, Any]:
        """Facts about the run."""
        return self.run.facts

    @property
    def tables(self) -> tuple[GenerationTable, ...]:
        """The numbers of all members."""
        return self.run.generations


def is_neuro(folder: Path) -> bool:
    """Whether a folder holds a run without gradients.

    Raises:
        StorageError: It holds no run, or a damaged one.
    """
    with Store(RunFolder(folder).database, readonly=True) as store:
        return mapping(mapping(store.get("identity")).get("space")).get("kind") == "policy"


def neuro_data(folder: Path) -> NeuroData:
    """Everything that the report of a folder draws.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    run = RunSummary.read(RunFolder(Path(folder)), largest=LARGEST)
    champion = mapping(run.facts.get("champion")) or None
    return NeuroData(
        run=run,
        name=str(run.facts.get("name") or run.name),
        task=mapping(run.facts.get("data")),
        generations=tuple(_generation(table) for table in run.generations),
        champion=champion,
        network=None if champion is None else _network(mapping(champion.get("genome"))),
        trace=_trace(mapping(run.facts.get("trace"))),
    )


def _generation(table: GenerationTable) -> Generation:
    scores = tuple(map(float, table.columns["fitness"]))
    return Generation(table.number, tuple(range(len(scores))), scores, 0, 0, box(scores))


def _network(genome: dict[str, Any]) -> WiredNetwork | None:
    """The champion's network; None if it cannot be read or is too large to draw."""
    inputs, outputs = whole(genome.get("inputs")), whole(genome.get("outputs"))
    nodes = [mapping(node) for node in sequence(genome.get("nodes"))]
    genes = [mapping(gene) for gene in sequence(genome.get("connections"))]
    live = [gene for gene in genes if gene.get("enabled") is True]
    if not 0 < inputs + len(nodes) <= MOST_DRAWN or not nodes or len(live) > 10 * MOST_DRAWN:
        return None
    places = {
        whole(node.get("node")): (number(node.get("position")) or 0.0, str(node.get("activation") or ""))
        for node in nodes
    }
    known = {*range(inputs + 1), *places}
    wires = []
    for gene in live:
        source, target = whole(gene.get("source")), whole(gene.get("target"))
        if source in known and target in places:
            late = source > inputs and (places[source][0], source) >= (places[target][0], target)
            wires.append(Wire(source, target, number(gene.get("weight")) or 0.0, late))
    return WiredNetwork(inputs, outputs, places, tuple(wires))


def _trace(value: dict[str, Any]) -> Trace | None:
    columns = tuple(str(name) for name in sequence(value.get("columns")))
    rows = [sequence(row) for row in sequence(sound(value.get("rows")))]
    good = [[number(cell) for cell in row] for row in rows if len(row) == len(columns)]
    found = [[0.0 if cell is None else cell for cell in row] for row in good]
    if not columns or len(found) < 2:
        return None
    every = max(1, whole(value.get("every"), 1))
    outcome = str(value.get("outcome") or "")
    return Trace(columns, np.array(found), number(value.get("seconds")), every, outcome)
