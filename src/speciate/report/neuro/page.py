"""The report of a run without gradients: the page and the pictures beside it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from speciate.report.drawing import Drawing
from speciate.report.figures import NARROW, WIDE
from speciate.report.figures.complexity import complexity
from speciate.report.figures.generations import box_plot
from speciate.report.figures.streams import species_streams
from speciate.report.figures.trace import trace_panels
from speciate.report.figures.wires import wires
from speciate.report.html import Html, code_block, el, facts, figure, fold, name, page, section, table, tiles
from speciate.report.neuro.data import NeuroData, neuro_data
from speciate.report.png import png
from speciate.report.scores import Scale
from speciate.report.text import large, mapping, number, shown, whole
from speciate.store import solved_in, write_file
from speciate.text import clean, counted, duration

TITLES = {
    "champion": "The champion",
    "fitness": "Fitness, generation by generation",
    "species": "Species over time",
    "complexity": "Complexity over time",
    "episode": "One episode of the champion",
}
"""Title of every figure, by the name of its file."""

ALGORITHMS = {
    "neat": "NEAT",
    "ga": "genetic algorithm on weights",
    "es": "OpenAI's evolution strategy",
    "cmaes": "CMA-ES",
}


def write_neuro_report(folder: Path) -> Path:
    """Write `report.html` and `figures/*.png` into a run folder; each file is whole or absent.

    Raises:
        StorageError: There is no run, it is damaged, or the files cannot be written.
    """
    data = neuro_data(folder)
    wide = neuro_figures(data, WIDE)
    for title, drawing in wide.items():
        write_file(
            folder / "figures" / f"{title}.png", png(drawing, TITLES[title], _subtitle(data)), "picture"
        )
    target = folder / "report.html"
    write_file(target, render(data, wide), "report")
    return target


def neuro_figures(data: NeuroData, width: float) -> dict[str, Drawing]:
    """Every figure that the data have something for, by name."""
    network, trace, tables = data.network, data.trace, data.tables
    speciated = len(tables) > 1 and all("species" in t.columns for t in tables)
    sized = len(tables) > 1 and all({"connections", "hidden"} <= set(t.columns) for t in tables)
    makers: dict[str, Callable[[], Drawing] | None] = {
        "champion": (lambda: wires(network, width, _names(data))) if network else None,
        "fitness": (lambda: box_plot(data.generations, SCALE, width, label="fitness")) if tables else None,
        "species": (lambda: species_streams(tables, width)) if speciated else None,
        "complexity": (lambda: complexity(tables, width)) if sized else None,
        "episode": (lambda: trace_panels(trace, width)) if trace else None,
    }
    return {title: make() for title, make in makers.items() if make is not None}


SCALE = Scale("fitness")


def render(data: NeuroData, wide: dict[str, Drawing]) -> bytes:
    """The page as HTML."""
    narrow = neuro_figures(data, NARROW)
    drawn = {title: figure(wide[title], narrow[title], CAPTIONS[title]) for title in wide}
    made: list[tuple[str, str, Html | None]] = [
        ("result", "Result", _result(data)),
        ("champion", "Champion", _champion(data, drawn)),
        ("episode", "Episode", _drawn(data, drawn, "episode", _episode(data))),
        ("fitness", "Fitness", _drawn(data, drawn, "fitness", _moved(data))),
        ("species", "Species", _drawn(data, drawn, "species", _species(data))),
        ("complexity", "Complexity", _drawn(data, drawn, "complexity", _grown(data))),
        ("cost", "Cost", _cost(data)),
        ("again", "Do it again", _again(data)),
    ]
    parts = [(anchor, title, part) for anchor, title, part in made if part is not None]
    return page(f"{data.name} · speciate", _header(data), parts)


CAPTIONS = {
    "champion": "Inputs are on the left, outputs on the right. A line is the thicker the larger its weight; green weights are "
    "positive, orange ones negative. Dashed lines carry the value of the step before.",
    "fitness": "Each box is one generation: the box holds the middle half, the thick line is the median, the ring the mean, each small "
    "dot a network. A red number counts networks below the axis.",
    "species": "Each stream is a species, as wide as it has members; the oldest are at the bottom. Young species are protected: their "
    "members compete among themselves first, so that a new structure has time to get better.",
    "complexity": "The thick line is the median of the population, the shade its middle 80 %; the broken line is the fittest of each "
    "generation. Networks start without hidden nodes and grow only where that pays.",
    "episode": "What the champion was shown and what it did, step by step.",
}


def _header(data: NeuroData) -> Html:
    f = data.facts
    algorithm = str(f.get("algorithm") or "")
    parts = [
        clean(data.task.get("name") or "", 80),
        ALGORITHMS.get(algorithm, algorithm),
        f"{counted(len(data.tables), 'generation')} of {whole(f.get('population_size')):,}",
        f"seed {whole(f.get('seed'))}",
        str(f.get("status") or "not begun"),
    ]
    return el(
        "header",
        el("p", "speciate · report of a run without gradients", kind="eyebrow"),
        el("h1", name(data.name, 120)),
        el("p", name(" · ".join(part for part in parts if part)), kind="meta"),
    )


def _result(data: NeuroData) -> Html:
    status = str(data.facts.get("status") or "")
    notes = []
    if status != "finished":
        words = "This run is not finished. Everything that was evaluated is here; resume goes on from there."
        notes = [el("div", el("p", words), kind="note")]
    if data.champion is None:
        return section("result", "Result", *notes, el("p", "There is no champion yet."))
    numbers = _numbers(data.champion)
    valid = number(data.champion.get("valid_score"))
    table_of = "target" in data.task
    chosen = "validation score" if table_of else "fitness in the search"
    known = [*numbers.items()] or [(chosen, valid or 0.0)]
    lead = known[-1 if table_of else 0]  # of a table, the sealed test
    solved = _solved(data)
    goal = number(data.task.get("goal"))
    words = f"{lead[0]}, measured after the search. " if numbers else ""
    words += f"Fitness is {clean(data.task.get('fitness') or 'what the task says', 200)}. "
    if solved is not None:
        words += f"The task was solved in generation {solved}."
    elif goal is not None:
        words += f"The task, which counts as solved at {shown(goal)}, was not solved."
    elif not table_of:
        words += "No network passed the task's own test."
    rows: list[list[str | Html]] = [[chosen, SCALE.show(valid)]]
    rows += [[name(key, 80), f"{value:,.6g}"] for key, value in numbers.items()]
    headline = el(
        "div",
        el("div", f"{lead[1]:,.6g}", kind="score"),
        el("p", name(words, 600), kind="what"),
        kind="headline",
    )
    return section("result", "Result", *notes, headline, table(["of the champion", ""], rows, numeric=(1,)))


def _numbers(champion: dict[str, object]) -> dict[str, float]:
    found = {key: number(value) for key, value in mapping(champion.get("numbers")).items()}
    return {key: value for key, value in found.items() if value is not None}


def _solved(data: NeuroData) -> int | None:
    """The generation in which a network was a solution."""
    return solved_in([row for row in data.source.rows if row.phase == "search"])


def _champion(data: NeuroData, drawn: dict[str, Html]) -> Html | None:
    champion = data.champion
    if champion is None:
        return None
    too_large = el("p", "The network cannot be read or is too large, so it is not drawn.", kind="note")
    activations = (
        sorted({activation for _, activation in data.network.places.values()}) if data.network else []
    )
    pairs = [
        ("connections", f"{whole(champion.get('parameters')):,}"),
        ("activations", name(", ".join(activations), 100)),
        ("candidate", f"#{whole(champion.get('id'))}"),
    ]
    return section(
        "champion",
        "The champion",
        el("p", "The winner has ", el("strong", name(champion.get("description") or "", 300)), "."),
        drawn.get("champion", too_large),
        facts(pairs),
        fold("The genome as JSON", code_block(mapping(champion.get("genome")))),
    )


def _drawn(data: NeuroData, drawn: dict[str, Html], anchor: str, words: str) -> Html | None:
    if anchor not in drawn:
        return None
    return section(anchor, TITLES[anchor], el("p", name(words, 600)), drawn[anchor])


def _episode(data: NeuroData) -> str:
    return "" if data.trace is None else f"Outcome: {clean(data.trace.outcome, 200)}."


def _moved(data: NeuroData) -> str:
    found = [part for part in data.generations if part.box is not None]
    if not found or found[0].box is None or found[-1].box is None:
        return ""
    first, last = found[0], found[-1]
    assert first.box is not None
    assert last.box is not None
    return (
        f"The best of a generation went from {SCALE.show(max(first.scores))} to {SCALE.show(max(last.scores))}, the median from "
        f"{SCALE.show(first.box.median)} to {SCALE.show(last.box.median)}."
    )


def _names(data: NeuroData) -> list[str]:
    """Of the inputs and outputs, where the task has names for them."""
    known = data.task.get("names")
    return [name for name in known if isinstance(name, str)] if isinstance(known, list) else []


def _species(data: NeuroData) -> str:
    found = [set(part.columns["species"].tolist()) for part in data.tables if "species" in part.columns]
    names, last = set[int]().union(*found), len(found[-1]) if found else 0
    lived = "species has" if len(names) == 1 else "species have"
    return f"{len(names):,} {lived} lived; the last generation has {last:,}."


def _grown(data: NeuroData) -> str:
    if not data.tables or "connections" not in data.tables[-1].columns:
        return ""
    sizes = [part.columns["connections"].mean() for part in (data.tables[0], data.tables[-1])]
    return (
        f"From {sizes[0]:.1f} connections on average in the first generation to {sizes[1]:.1f} in the last."
    )


def _cost(data: NeuroData) -> Html:
    evaluations = sum(table.members for table in data.tables)
    steps = sum(row.examples_seen for row in data.source.rows)
    seconds = max(0.0, number(data.facts.get("seconds")) or 0.0)
    counts = [
        (f"{len(data.tables):,}", "generations"),
        (large(evaluations), "networks evaluated"),
        (large(steps), "steps of environments, or examples"),
        (duration(seconds), "wall time of the run"),
    ]
    backend, workers = str(data.facts.get("backend") or ""), whole(data.facts.get("workers"))
    where = el("p", f"Ran with the {clean(backend, 40)} backend and {counted(workers, 'worker')}.")
    failed = [row for row in data.source.rows if row.status not in ("ok", "pending")]
    lines = [[f"#{row.id}", name(row.status, 40), name(row.error.strip()[-200:], 200)] for row in failed[:20]]
    bad = [el("h3", "Failures"), table(["brood", "", ""], lines)] if failed else []
    return section("cost", "What it cost", tiles(counts), where, *bad)


def _again(data: NeuroData) -> Html:
    run = shlex.quote(clean(data.name, 100) or "RUN")
    versions = mapping(data.facts.get("versions"))
    events = [
        [name(str(time)[:19].replace("T", " "), 40), name(kind, 40), name(words, 400)]
        for time, kind, words in data.source.events[-50:]
    ]
    moments = [el("h3", "Notable moments (UTC)"), table(["time", "kind", ""], events)] if events else []
    return section(
        "again",
        "Do it again",
        el(
            "p",
            "The same settings, seed and versions give the same networks, whatever the number of workers.",
        ),
        code_block(
            f"speciate neat --config run.toml\nspeciate resume {run}\nspeciate export {run} --format torch"
        ),
        el("h3", "Versions"),
        facts((name(k), name(str(v))) for k, v in versions.items()),
        fold("Every setting that decides the result", code_block(mapping(data.facts.get("identity")))),
        *moments,
    )


def _subtitle(data: NeuroData) -> str:
    parts = [
        clean(data.name, 60),
        clean(data.task.get("name") or "", 60),
        clean(data.facts.get("algorithm") or "", 40),
    ]
    return " · ".join(part for part in parts if part)
