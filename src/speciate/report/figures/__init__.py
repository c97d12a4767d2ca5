"""The figures of a run, one kind per file: data in, drawing out."""

from __future__ import annotations

from speciate.report.data import ReportData
from speciate.report.drawing import Drawing
from speciate.report.figures.answers import answer_figures
from speciate.report.figures.generations import box_plot, ridges
from speciate.report.figures.network import network_drawing
from speciate.report.figures.progress import best_so_far, training_curve
from speciate.report.figures.rows import (
    final_dots,
    importance_rows,
    interval_rows,
    lineage_chain,
    operator_rows,
    rung_rows,
    score_rows,
)
from speciate.report.figures.step import step_drawing
from speciate.report.scores import Scale
from speciate.store import DataSummary
from speciate.text import clean

TITLES = {
    "baselines": "The evolved network beside the obvious alternatives",
    "champion": "The champion",
    "confusion": "What is taken for what",
    "calibration": "Whether its probabilities can be believed",
    "certainty": "How sure it is",
    "predicted": "Predicted and true",
    "residuals": "How large its errors are",
    "importance": "Which columns matter",
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
    found, scale, drawn = data.findings, Scale(data.findings.data.metric), dict[str, Drawing]()
    rows, tested = score_rows(found.champion, found.baselines)
    if rows:
        drawn["baselines"] = interval_rows(rows, scale, tested, width)
    if found.network:
        source, answer = ends(found.data)
        drawn["champion"] = network_drawing(found.network, width, source=source, answer=answer)
    shown = found.diagnostics
    drawn |= answer_figures(shown, found.data.classes, found.data.target, width)
    if shown and shown.importance:
        drawn["importance"] = importance_rows(shown.importance, scale, width)
    if any(part.scores for part in found.generations):
        drawn["generations-density"] = ridges(found.generations, scale, width)
        drawn["generations-box"] = box_plot(found.generations, scale, width, found.baselines)
    if found.progress:
        drawn["best-so-far"] = best_so_far(found.progress, scale, width, found.baselines)
    if found.lineage:
        drawn["lineage"] = lineage_chain(found.lineage, scale, width)
    if any(f.scores or f.search_score is not None for f in found.final):
        drawn["final"] = final_dots(found.final, scale, width)
    if any(network.scores for rung in found.rungs for network in rung.networks):
        drawn["final"] = rung_rows(found.rungs, scale, width)
    if any(training.score is not None for training in found.training):
        drawn["training"] = training_curve(found.training, scale, width)
    if found.credits:
        drawn["operators"] = operator_rows(found.credits, scale, width, inherited=bool(found.inherit))
    return drawn | {step.figure: step_drawing(step, scale, width) for step in found.steps}


def title_of(name: str) -> str:
    """The title of a figure."""
    return TITLES.get(name) or f"What changed with #{name.removeprefix('step-')}"


def ends(data: DataSummary) -> tuple[str, str]:
    """What goes into the network and what comes out, in words."""
    shape = " \N{MULTIPLICATION SIGN} ".join(f"{n:,}" for n in data.input_shape)
    source = f"{shape} from {clean(data.name, 40)}" if data.name else shape
    if data.task == "classification":
        return source, "class probabilities"
    return source, f"the predicted {clean(data.target, 40) or 'value'}"
