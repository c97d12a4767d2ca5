"""The report of a run without gradients: its data, the page, and the pictures beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speciate.report import pages
from speciate.report.drawing import Drawing
from speciate.report.figures.episode import EpisodeTrace, Wire, WiredNetwork, trace_panels, wires
from speciate.report.figures.generations import box_caption, box_plot, left_out
from speciate.report.figures.species import MOST_COLUMNS, complexity, species_streams
from speciate.report.pages import NARROW, WIDE
from speciate.report.phases import Generation
from speciate.report.scores import Scale, shown
from speciate.report.statistics import box
from speciate.store import GenerationTable, RunFolder, RunSummary, Store
from speciate.store.values import LARGEST, mapping, number, sequence, sound, whole
from speciate.text import clean, counted

MOST_DRAWN = 400
"""Nodes and connections of a network that is drawn."""


@dataclass(frozen=True, slots=True)
class NeuroData:
    """A report before it is drawn; the names say what each holds."""

    run: RunSummary
    name: str
    task: dict[str, Any]
    generations: tuple[Generation, ...]
    champion: dict[str, Any] | None
    network: WiredNetwork | None
    trace: EpisodeTrace | None

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


def neuro_data(folder: Path, run: RunSummary | None = None) -> NeuroData:
    """Everything that the report of a folder draws; see `report_data`.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    run = run.within(LARGEST) if run else RunSummary.read(RunFolder(Path(folder)), largest=LARGEST)
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


def _trace(value: dict[str, Any]) -> EpisodeTrace | None:
    columns = tuple(str(name) for name in sequence(value.get("columns")))
    rows = [sequence(row) for row in sequence(sound(value.get("rows")))]
    good = [[number(cell) for cell in row] for row in rows if len(row) == len(columns)]
    found = [[0.0 if cell is None else cell for cell in row] for row in good]
    if not columns or len(found) < 2:
        return None
    every = max(1, whole(value.get("every"), 1))
    outcome = str(value.get("outcome") or "")
    return EpisodeTrace(columns, np.array(found), number(value.get("seconds")), every, outcome)


TITLES = {
    "champion": "The champion",
    "fitness": "Fitness, generation by generation",
    "species": "Species over time",
    "complexity": "Complexity over time",
    "episode": "One episode of the champion",
}
"""Title of every figure, by the name of its file."""

SCALE = Scale("fitness")


def write_neuro_report(folder: Path, run: RunSummary | None = None) -> Path:
    """Write `report.html` and `figures/*.png` into a run folder; each file is whole or absent. See `report_data`.

    Raises:
        StorageError: There is no run, it is damaged, or the files cannot be written.
    """
    data = neuro_data(folder, run)
    wide = neuro_figures(data, WIDE)
    content = pages.render(
        "neuro.html", wide, neuro_figures(data, NARROW), data=data, titles=TITLES, words=sys.modules[__name__]
    )
    parts = [clean(data.name, 60), clean(data.task.get("name") or "", 60), clean(algorithm(data), 40)]
    about = " · ".join(part for part in parts if part)
    return pages.write_page(folder, "report.html", content, wide, TITLES, about)


def neuro_figures(data: NeuroData, width: float) -> dict[str, Drawing]:
    """Every figure that the data have something for, by name."""
    network, trace, tables = data.network, data.trace, data.tables
    names = [name for name in sequence(data.task.get("names")) if isinstance(name, str)]
    speciated = len(tables) > 1 and all("species" in t.columns for t in tables)
    sized = len(tables) > 1 and all({"connections", "hidden"} <= set(t.columns) for t in tables)
    makers: dict[str, Callable[[], Drawing] | None] = {
        "champion": (lambda: wires(network, width, names)) if network else None,
        "fitness": (lambda: box_plot(data.generations, SCALE, width, label="fitness")) if tables else None,
        "species": (lambda: species_streams(tables, width)) if speciated else None,
        "complexity": (lambda: complexity(tables, width)) if sized else None,
        "episode": (lambda: trace_panels(trace, width)) if trace else None,
    }
    return {title: make() for title, make in makers.items() if make is not None}


def algorithm(data: NeuroData) -> str:
    """What the algorithm is called; runs of before labels were stored say its name."""
    return str(data.facts.get("algorithm_label") or data.facts.get("algorithm") or "")


def origin(data: NeuroData) -> str:
    """What kind of run it was."""
    f = data.facts
    parts = [
        clean(data.task.get("name") or "", 80),
        algorithm(data),
        f"{counted(len(data.tables), 'generation')} of {whole(f.get('population_size')):,}",
        f"seed {whole(f.get('seed'))}",
        str(f.get("status") or "not begun"),
    ]
    return " · ".join(part for part in parts if part)


def measured(data: NeuroData) -> dict[str, float]:
    """What was measured of the champion after the search."""
    champion = data.champion or {}
    found = {key: number(value) for key, value in mapping(champion.get("numbers")).items()}
    return {key: value for key, value in found.items() if value is not None}


def score(data: NeuroData) -> float | None:
    """The score that the champion was chosen by."""
    return number((data.champion or {}).get("valid_score"))


def chosen_by(data: NeuroData) -> str:
    """What that score is."""
    return "validation score" if "target" in data.task else "fitness in the search"


def lead(data: NeuroData) -> tuple[str, float]:
    """The number that stands on top of the page, and what it is: of a table, the sealed test."""
    known = [*measured(data).items()] or [(chosen_by(data), score(data) or 0.0)]
    return known[-1 if "target" in data.task else 0]


def verdict(data: NeuroData) -> str:
    """What that number means, and whether the task was solved."""
    solved = data.run.solved
    goal = number(data.task.get("goal"))
    words = f"{lead(data)[0]}, measured after the search. " if measured(data) else ""
    words += f"Fitness is {clean(data.task.get('fitness') or 'what the task says', 200)}. "
    if solved is not None:
        return words + f"The task was solved in generation {solved}."
    if goal is not None:
        return words + f"The task, which counts as solved at {shown(goal)}, was not solved."
    return words if "target" in data.task else words + "No network counts as a solution."


def activations(data: NeuroData) -> str:
    """Those of the champion."""
    return ", ".join(sorted({name for _, name in data.network.places.values()} if data.network else ()))


def episode(data: NeuroData) -> str:
    """How the recorded episode ended."""
    return "" if data.trace is None else f"Outcome: {clean(data.trace.outcome, 200)}."


def moved(data: NeuroData) -> str:
    """The first and the last generation in words."""
    found = [(max(part.scores), part.box.median) for part in data.generations if part.box is not None]
    if not found:
        return ""
    (best, median), (last_best, last_median) = found[0], found[-1]
    return (
        f"The best of a generation went from {SCALE.show(best)} to {SCALE.show(last_best)}, the median from "
        f"{SCALE.show(median)} to {SCALE.show(last_median)}."
    )


def boxes(data: NeuroData) -> str:
    """How to read the box plots."""
    return box_caption(data.generations, SCALE)


def fewer(data: NeuroData) -> str:
    """Which generations the figures over time leave out."""
    return left_out(len(data.tables), MOST_COLUMNS, MOST_COLUMNS)


def steps(data: NeuroData) -> str:
    """Which steps of the episode are drawn."""
    every = 1 if data.trace is None else data.trace.every
    return "step by step" if every == 1 else f"every {every} steps"


def network_caption(data: NeuroData) -> str:
    """How to read the network."""
    words = "Inputs are on the left, outputs on the right. A line is the thicker the larger its weight; green weights are positive, "
    words += "orange ones negative."
    late = data.network is not None and any(wire.delayed for wire in data.network.wires)
    return words + " Dashed lines carry the value of the step before." * late


def species(data: NeuroData) -> str:
    """How many species there were, and are."""
    found = [set(part.columns["species"].tolist()) for part in data.tables if "species" in part.columns]
    names, last = set[int]().union(*found), len(found[-1]) if found else 0
    lived = "species has" if len(names) == 1 else "species have"
    return f"{len(names):,} {lived} lived; the last generation has {last:,}."


def complexity_words(data: NeuroData) -> str:
    """How the networks grew."""
    if not data.tables or "connections" not in data.tables[-1].columns:
        return ""
    first, last = (part.columns["connections"].mean() for part in (data.tables[0], data.tables[-1]))
    return f"From {first:.1f} connections on average in the first generation to {last:.1f} in the last."


def seconds(data: NeuroData) -> float:
    """Wall time of the run."""
    return max(0.0, number(data.facts.get("seconds")) or 0.0)
