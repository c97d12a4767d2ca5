"""The report of one run: the page and the pictures beside it."""

from __future__ import annotations

from pathlib import Path

from speciate.report.build import report_data
from speciate.report.data import ReportData
from speciate.report.drawing import Drawing
from speciate.report.figures import NARROW, WIDE, run_figures, title_of
from speciate.report.html import Html, page
from speciate.report.neuro.data import is_neuro
from speciate.report.neuro.page import write_neuro_report
from speciate.report.png import png
from speciate.report.sections import choice, evolution, headline, network, operators, record
from speciate.report.sections.base import Page
from speciate.store import write_file
from speciate.text import clean, counted


def write_report(folder: Path) -> Path:
    """Write `report.html` and `figures/*.png` into a run folder; each file is whole or absent.

    Returns:
        The page.

    Raises:
        StorageError: There is no run, it is damaged, or the files cannot be written.
    """
    folder = Path(folder)
    if is_neuro(folder):
        return write_neuro_report(folder)
    data = report_data(folder)
    wide = run_figures(data, WIDE)
    for name, drawing in wide.items():
        write_file(
            folder / "figures" / f"{name}.png", png(drawing, title_of(name), _subtitle(data)), "picture"
        )
    for old in (folder / "figures").glob("step-*.png"):  # those of another champion's lineage
        if old.stem not in wide and old.stem.removeprefix("step-").isdecimal():
            old.unlink(missing_ok=True)
    target = folder / "report.html"
    write_file(target, render(data, wide), "report")
    return target


def render(data: ReportData, wide: dict[str, Drawing] | None = None) -> bytes:
    """The page of a run as HTML; drawings that are made already can be handed in."""
    shown = Page(data, wide or run_figures(data, WIDE), run_figures(data, NARROW))
    made: list[tuple[str, str, Html | None]] = [
        ("result", "Result", headline.result(shown)),
        ("champion", "Champion", network.champion(shown)),
        ("population", "Population", evolution.population(shown)),
        ("progress", "Best so far", evolution.progress(shown)),
        ("descent", "Descent", evolution.descent(shown)),
        ("final", "Final", choice.final(shown)),
        ("training", "Training", choice.training(shown)),
        ("operators", "Operators", operators.operators(shown)),
        ("best", "Best networks", choice.best(shown)),
        ("failures", "Failures", record.failures(shown)),
        ("cost", "Cost", record.cost(shown)),
        ("data", "Data", record.data(shown)),
        ("again", "Do it again", record.again(shown)),
    ]
    parts = [(anchor, title, part) for anchor, title, part in made if part is not None]
    return page(f"{data.circumstances.name} · speciate", headline.header(shown), parts)


def _subtitle(data: ReportData) -> str:
    found = data.findings
    size = f"{counted(len(found.generations), 'generation')} of {found.population_size}"
    parts = [clean(data.circumstances.name, 60), clean(found.data.name, 60), clean(found.algorithm, 40), size]
    return " · ".join(part for part in parts if part)
