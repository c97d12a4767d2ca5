"""The report of a run without gradients: the page and the pictures beside it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from speciate.report import pages
from speciate.report.drawing import Drawing
from speciate.report.figures.episode import trace_panels, wires
from speciate.report.figures.generations import box_plot, boxes_drawn, left_out
from speciate.report.figures.species import complexity, species_streams
from speciate.report.neuro.data import NeuroData, neuro_data
from speciate.report.pages import NARROW, WIDE
from speciate.report.scores import Scale
from speciate.report.text import shown
from speciate.store.values import mapping, number, sequence, whole
from speciate.text import clean, counted

TITLES = {
    "champion": "The champion",
    "fitness": "Fitness, generation by generation",
    "species": "Species over time",
    "complexity": "Complexity over time",
    "episode": "One episode of the champion",
}
"""Title of every figure, by the name of its file."""

SCALE = Scale("fitness")


def write_neuro_report(folder: Path) -> Path:
    """Write `report.html` and `figures/*.png` into a run folder; each file is whole or absent.

    Raises:
        StorageError: There is no run, it is damaged, or the files cannot be written.
    """
    data = neuro_data(folder)
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
    return words if "target" in data.task else words + "No network passed the task's own test."


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


def fewer_boxes(data: NeuroData) -> str:
    """Which generations the box plots leave out."""
    return left_out(len(data.generations), boxes_drawn(WIDE), boxes_drawn(NARROW))


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


def in_shell(value: object) -> str:
    """A name as a shell wants it."""
    return shlex.quote(clean(value, 100) or "RUN")
