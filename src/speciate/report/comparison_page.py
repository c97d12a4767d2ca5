"""The page of a comparison: algorithms side by side on the same task, examples and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from speciate.report.comparing import Comparison, comparison
from speciate.report.comparison_words import summary
from speciate.report.drawing import Drawing
from speciate.report.figures import NARROW, WIDE
from speciate.report.figures.comparison import CAPTIONS, TITLES, comparison_figures
from speciate.report.html import Html, el, facts, figure, name, page, section, table
from speciate.report.png import png
from speciate.report.scores import Scale
from speciate.report.sections.differences import differences
from speciate.report.statistics import Estimate
from speciate.report.text import DASH, large
from speciate.store import write_file
from speciate.text import clean, counted, duration


def write_comparison(folder: Path, order: Sequence[str] = ()) -> Path:
    """Write `comparison.html` and `figures/compare-*.png` into a folder of runs; each file is whole or absent.

    Args:
        folder: Holds a folder `<algorithm>-<seed>` for every run.
        order: Algorithms in the order of the page, the reference first; by default that of compare.toml, else in which
            they were started.

    Returns:
        The page.

    Raises:
        StorageError: There is no run in the folder, or the files cannot be written.
    """
    folder = Path(folder)
    found = comparison(folder, order)
    wide = comparison_figures(found, WIDE)
    for key, drawing in wide.items():
        picture = png(drawing, TITLES[key], clean(found.name, 100))
        write_file(folder / "figures" / f"compare-{key}.png", picture, "picture")
    target = folder / "comparison.html"
    write_file(target, render(found, wide), "report")
    return target


def render(found: Comparison, wide: dict[str, Drawing]) -> bytes:
    """The page of a comparison as HTML."""
    narrow = comparison_figures(found, NARROW)

    def pictures(*keys: str) -> list[Html]:
        return [figure(wide[key], narrow[key], CAPTIONS[key]) for key in keys if key in wide]

    parts = [
        ("result", "Result", _result(found, pictures("scores-test"))),
        (
            "differences",
            "Differences",
            differences(found, pictures("differences-test", "differences-valid")),
        ),
        ("validation", "Validation", _shown("validation", "Validation scores", pictures("scores-valid"))),
        ("progress", "Best so far", _shown("progress", "The best so far", pictures("best-so-far"))),
        (
            "population",
            "Populations",
            _shown("population", "The populations", pictures("generations-density", "generations-box")),
        ),
        ("runs", "Runs", _runs(found)),
        ("setting", "Setting", _setting(found)),
    ]
    made = [(anchor, title, part) for anchor, title, part in parts if part]
    return page(f"{found.name} · speciate", _header(found), made)


def _header(found: Comparison) -> Html:
    seeds = sorted({run.seed for group in found.groups for run in group.runs})
    data = found.sample.data.source or found.sample.data.name if found.sample else ""
    meta = f" · {counted(len(found.groups), 'algorithm')} · {counted(len(seeds), 'seed')}"
    return el(
        "header",
        el("p", "speciate · comparison of algorithms", kind="eyebrow"),
        el("h1", name(found.name, 120)),
        el("p", name(data, 120), meta, kind="meta"),
    )


def _shown(anchor: str, title: str, pictures: list[Html]) -> Html:
    return section(anchor, title, *pictures) if pictures else Html("")


def _result(found: Comparison, pictures: list[Html]) -> Html:
    scale = Scale(found.metric)
    notes = [el("div", el("p", words), kind="note") for words in _notes(found)]
    rows = [
        [
            name(g.algorithm, 60),
            f"{g.test.n}",
            scale.show(g.test.mean),
            _spread(g.test, scale),
            _between(g.test, scale),
            scale.show(g.valid.mean),
            _between(g.valid, scale),
        ]
        for g in found.groups
    ]
    head = ["algorithm", "runs", "test", "sd", "95% interval", "validation", "95% interval"]
    spent = [
        [name(g.algorithm, 60), _count(g.trained), _count(g.examples), duration(g.seconds.mean or 0.0)]
        for g in found.groups
    ]
    costs = table(
        ["algorithm", "networks trained", "training examples", "wall time"], spent, numeric=(1, 2, 3)
    )
    words = [el("p", line) for line in summary(found)]
    cost = el("h3", "What each run spent, on average")
    return section(
        "result",
        "Result",
        *notes,
        *words,
        *pictures,
        table(head, rows, numeric=(1, 2, 3, 4, 5, 6)),
        cost,
        costs,
    )


def _notes(found: Comparison) -> list[str]:
    notes = []
    left_out = [run for group in found.groups for run in group.runs if run.problem]
    if left_out:
        words = ", ".join(f"{clean(run.folder, 60)} ({run.problem})" for run in left_out[:20])
        notes.append(f"{counted(len(left_out), 'run')} did not finish and count for nothing here: {words}.")
    if found.differing:
        names = ", ".join(clean(name, 40) for name in found.differing[:20])
        notes.append(
            f"The runs differ in more than algorithm and seed, so this is not a fair comparison: {names}."
        )
    return notes


def _runs(found: Comparison) -> Html:
    scale = Scale(found.metric)
    rows = [
        [
            name(run.folder, 100),
            f"{run.seed}",
            run.problem or "finished",
            scale.show(run.test),
            scale.show(run.valid),
            f"{run.trained:,}",
            f"{run.examples:,}",
            duration(run.seconds),
        ]
        for group in found.groups
        for run in group.runs
    ]
    head = ["run", "seed", "state", "test", "validation", "networks", "examples", "time"]
    return section("runs", "Every run", table(head, rows, numeric=(1, 3, 4, 5, 6, 7)))


def _setting(found: Comparison) -> Html:
    if found.sample is None:
        return section("setting", "Setting", el("p", "No run can be read."))
    data = found.sample.data
    lines = el("ul", *(el("li", name(line, 400)) for line in data.summary[:40]))
    versions = ((name(k), name(v)) for k, v in found.sample.versions.items())
    pairs = [
        ("examples a candidate", f"{found.sample.examples:,}"),
        ("population", f"{found.sample.population_size:,}"),
    ]
    return section("setting", "Setting", lines, facts([*pairs, *versions]))


def _spread(found: Estimate, scale: Scale) -> str:
    return DASH if found.sd is None else scale.difference(found.sd).lstrip("+")


def _between(found: Estimate, scale: Scale) -> str:
    if found.low is None or found.high is None:
        return DASH
    return f"{scale.show(found.low)} to {scale.show(found.high)}"


def _count(found: Estimate) -> str:
    return DASH if found.mean is None else large(round(found.mean))
