"""The report of one run: the page and the pictures beside it."""

from __future__ import annotations

from pathlib import Path

from speciate import files
from speciate.report import answer_words, final_words, pages, run_words
from speciate.report.build import report_data
from speciate.report.data import ReportData
from speciate.report.drawing import Drawing
from speciate.report.figures import run_figures, title_of
from speciate.report.network import described
from speciate.report.neuro import is_neuro, write_neuro_report
from speciate.report.pages import NARROW, WIDE
from speciate.report.scores import Scale
from speciate.store import RunSummary
from speciate.text import clean, counted


def write_report(folder: Path, run: RunSummary | None = None) -> Path:
    """Write `report.html` and `figures/*.png` into a run folder; each file is whole or absent.

    Args:
        folder: The run's.
        run: What was read from it, if it was.

    Returns:
        The page.

    Raises:
        StorageError: There is no run, it is damaged, or the files cannot be written.
    """
    folder = files.own(Path(folder))
    if is_neuro(folder):
        return write_neuro_report(folder, run)
    data = report_data(folder, run)
    wide = run_figures(data, WIDE)
    for old in (folder / "figures").glob("step-*.png"):  # those of another champion's lineage
        if old.stem not in wide and old.stem.removeprefix("step-").isdecimal():
            files.remove(old)
    titles = {name: title_of(name) for name in wide}
    return pages.write_page(folder, "report.html", render(data, wide), wide, titles, _subtitle(data))


def render(data: ReportData, wide: dict[str, Drawing] | None = None) -> bytes:
    """The page of a run as HTML; drawings that are made already can be handed in."""
    return pages.render(
        "run.html",
        wide or run_figures(data, WIDE),
        run_figures(data, NARROW),
        data=data,
        found=data.findings,
        about=data.circumstances,
        scale=Scale(data.findings.data.metric),
        words=run_words,
        endings=final_words,
        answers=answer_words,
        described=described,
    )


def _subtitle(data: ReportData) -> str:
    found = data.findings
    size = f"{counted(len(found.generations), 'generation')} of {found.population_size}"
    parts = [clean(data.circumstances.name, 60), clean(found.data.name, 60), clean(found.algorithm, 40), size]
    return " · ".join(part for part in parts if part)
