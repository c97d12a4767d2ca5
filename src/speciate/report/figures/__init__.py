"""The figures of a run, one kind per file: data in, drawing out."""

from __future__ import annotations

from collections.abc import Callable

from speciate.report.data import DataFacts, ReportData
from speciate.report.drawing import Drawing
from speciate.report.figures.final import final_dots, training_curve
from speciate.report.figures.generations import box_plot, ridges
from speciate.report.figures.intervals import bars, interval_rows
from speciate.report.figures.lineage import lineage_chain
from speciate.report.figures.network import network_drawing
from speciate.report.figures.operators import operator_rows
from speciate.report.figures.progress import best_so_far
from speciate.report.figures.step import step_drawing
from speciate.report.scores import Scale
from speciate.text import clean

TITLES = {
    "baselines": "The evolved network beside the obvious alternatives",
    "champion": "The champion",
    "generations-density": "How the population's scores moved",
    "generations-box": "The population, generation by generation",
    "best-so-far": "The best so far",
    "lineage": "Where the champion came from",
    "final": "The final",
    "training": "The champion's real training",
    "operators": "Which changes paid off",
}
"""Title of every figure, by the name of its file; the steps of the lineage have names and titles of their own."""


def run_figures(data: ReportData, width: float) -> dict[str, Drawing]:
    """Every figure that the data have something for, by name."""
    found, scale = data.findings, Scale(data.findings.data.metric)
    rows, tested = bars(found.champion, found.baselines)
    network = found.champion.network if found.champion else None
    source, answer = ends(found.data)
    scored = any(part.scores for part in found.generations)
    makers: dict[str, Callable[[], Drawing] | None] = {
        "baselines": (lambda: interval_rows(rows, scale, tested, width)) if rows else None,
        "champion": (lambda: network_drawing(network, width, source=source, answer=answer))
        if network
        else None,
        "generations-density": (lambda: ridges(found.generations, scale, width)) if scored else None,
        "generations-box": (lambda: box_plot(found.generations, scale, width, found.baselines))
        if scored
        else None,
        "best-so-far": (lambda: best_so_far(found.progress, scale, width, found.baselines))
        if found.progress
        else None,
        "lineage": (lambda: lineage_chain(found.lineage, scale, width)) if found.lineage else None,
        "final": (lambda: final_dots(found.final, scale, width)) if _any_final(data) else None,
        "training": (lambda: training_curve(found.training, scale, width)) if _any_training(data) else None,
        "operators": (lambda: operator_rows(found.credits, scale, width, inherited=bool(found.inherit)))
        if found.credits
        else None,
    }
    drawn = {name: make() for name, make in makers.items() if make is not None}
    return drawn | {step.figure: step_drawing(step, scale, width) for step in found.steps}


def title_of(name: str) -> str:
    """The title of a figure."""
    return TITLES.get(name) or f"What changed with #{name.removeprefix('step-')}"


def ends(data: DataFacts) -> tuple[str, str]:
    """What goes into the network and what comes out, in words."""
    shape = " \N{MULTIPLICATION SIGN} ".join(f"{n:,}" for n in data.input_shape)
    source = f"{shape} from {clean(data.name, 40)}" if data.name else shape
    if data.task == "classification":
        return source, "class probabilities"
    return source, f"the predicted {clean(data.target, 40) or 'value'}"


def _any_final(data: ReportData) -> bool:
    return any(f.scores or f.search_score is not None for f in data.findings.final)


def _any_training(data: ReportData) -> bool:
    return any(t.score is not None for t in data.findings.training)
