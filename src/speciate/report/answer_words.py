"""The sentences of a page about a champion's answers."""

from __future__ import annotations

from speciate.report.figures.answers import class_name
from speciate.report.scores import DASH, Scale, short
from speciate.store import DataSummary, Diagnostics
from speciate.store.diagnostics import MOST_SCORES, Importance, Labels, Measured, Values
from speciate.text import counted

NUMBERED = "Rows are numbered from 1, as they stand in their file, without its header."


def about(found: Diagnostics) -> str:
    """Which rows the answers are for."""
    if found.sealed:
        return f"The champion's answers for the {counted(found.rows, 'sealed test row')}."
    return (
        f"The champion's answers for the {counted(found.rows, 'validation row')}, by which it was chosen: they flatter it. This run "
        "has no test rows."
    )


def confusion() -> str:
    """How to read the confusion matrix."""
    return (
        "One row for each true class, one column for each answer: on the diagonal are right answers, beside it wrong ones. A cell is "
        "the darker, the larger its share of the row."
    )


def scores(found: Labels, data: DataSummary) -> str:
    """What the scores of classes are."""
    words = (
        "Precision is the share of the answers of this class that are right, recall the share of its rows that are found, with 95% "
        "intervals (Wilson); F1 is their harmonic mean."
    )
    if any(one.auc is not None for one in found.scores):
        words += " AUC is the area under the ROC curve of this class against the rest."
    if len(data.classes) > len(found.scores):
        words += f" Of {len(data.classes):,} classes, the {MOST_SCORES} with the lowest F1."
    return words


def calibration(found: Labels, data: DataSummary) -> str:
    """How to read the calibration curve, and what stands beside it."""
    what = f"of {class_name(data.classes, 1)}" if found.roc else "of the answer"
    words = (
        f"Calibration: rows are put into 15 bins by the probability {what}; on the dashed line it comes true as often as it "
        "says. Grey bars: how many rows a bin has. The calibration error is the mean distance to the line, each bin counted by its "
        "rows (ECE). "
    )
    if found.roc:
        return words + (
            f"ROC curve: how many {class_name(data.classes, 1)} are found at which price in false alarms, over all "
            "thresholds; the dashed line is guessing."
        )
    return words + "Certainty: " + certainty(found)


def certainty(found: Labels) -> str:
    """How to read the accuracy by certainty."""
    shown = {c.share: c for c in found.certain}
    parts = [
        f"{shown[share].accuracy.value:.1%} on the {share:.0%}"
        for share in (0.5, 0.8, 0.95)
        if share in shown
    ]
    words = (
        "accuracy, were only the rows answered that it is most sure of, and the rest left to somebody else"
    )
    return f"{words[:1].upper() if found.roc else words[:1]}{words[1:]}: {', '.join(parts)} that are most certain."


def predicted(found: Values, rows: int) -> str:
    """How to read predictions and residuals."""
    words = "A perfect prediction is on the dashed line. Residuals are what is left over: a pattern among them is something that was not learned."
    if len(found.points) < rows:
        words += f" {len(found.points):,} of the {rows:,} rows are drawn, those with the largest errors among them."
    return words


def within(found: Values, target: str) -> str:
    """How large the errors are."""
    parts = [f"{share:.0%} of the predictions are within {short(size)}" for share, size in found.within]
    return f"{', '.join(parts)} of the true {target or 'value'}; the mean residual is {short(found.residuals.mean)}."


def importance(found: Importance, scale: Scale) -> str:
    """How to read the importance of columns."""
    words = (
        f"Permutation importance: by how much the champion's {scale.name} gets worse when a column's values are shuffled among the rows, "
        f"{found.repeats} times over {found.rows:,} rows drawn with replacement; lines are 95% intervals. Grey: may be chance. Of columns "
        "that say the same, each may look unimportant, since the others are still there."
    )
    if found.columns > len(found.found):
        words += f" Of {found.columns:,} columns, the {len(found.found)} that seem to matter most."
    return words


def ends(found: Measured | None) -> str:
    """An interval of shares; empty where there is none."""
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{found.low:.1%} to {found.high:.1%}"


def decimals(value: float | None) -> str:
    """A number with three decimals; a dash for none."""
    return DASH if value is None else f"{value:.3f}"


def share(found: Measured | None) -> str:
    """A share with its interval."""
    if found is None:
        return DASH
    return f"{found.value:.1%}" + (f" ({ends(found)})" if ends(found) else "")
