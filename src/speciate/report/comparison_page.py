"""The page of a comparison: algorithms side by side on the same task, examples and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from speciate.report import comparison_words, pages
from speciate.report.comparing import comparison
from speciate.report.figures.comparison import CAPTIONS, TITLES, comparison_figures
from speciate.report.pages import NARROW, WIDE
from speciate.report.scores import Scale
from speciate.text import clean


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
    content = pages.render(
        "comparison.html",
        wide,
        comparison_figures(found, NARROW),
        found=found,
        scale=Scale(found.metric),
        words=comparison_words,
        captions=CAPTIONS,
    )
    drawings = {f"compare-{key}": drawing for key, drawing in wide.items()}
    titles = {f"compare-{key}": title for key, title in TITLES.items()}
    return pages.write_page(folder, "comparison.html", content, drawings, titles, clean(found.name, 100))
