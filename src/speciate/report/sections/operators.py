"""Which operators paid off, and what children are compared with."""

from __future__ import annotations

from collections.abc import Sequence

from speciate.report.credit import Credit, Share
from speciate.report.figures.operators import title
from speciate.report.html import Child, Html, el, fold, name, section, table
from speciate.report.scores import Scale
from speciate.report.sections.base import Page
from speciate.report.statistics import Estimate
from speciate.report.text import DASH

LEAD = (
    "Parents are chosen for high scores, which are partly luck, so most children score a little lower and a share well under "
    "one half is normal. What counts is which operators beat the others."
)
INHERITED = (
    "In this run children inherited weights: a child was trained on top of its parent's training and has seen more examples "
    "than its parent, so that scoring higher than its parent is partly that additional training. What each child gained over "
    "its best parent is therefore compared with the median gain of the other children of its generation, which had as "
    "much additional training; an operator that is no better and no worse than the rest is near one half."
)


def operators(page: Page) -> Html | None:
    """Operator credit."""
    found, inherited = page.found.credits, bool(page.found.inherit)
    if not found:
        return None
    beaten = (
        "gained more than the other children of their generation"
        if inherited
        else "scored higher than their parent"
    )
    caption = (
        f"The share of each operator's children that {beaten}, with 95% intervals (Wilson). Copies, repeats and random networks "
        "are not counted; failures count as not better. The parent of a crossover's child is the better one of the two."
    )
    if inherited:
        caption += " Children without others in their generation are left out."
    details = fold("As a table", _table(found, page.scale, inherited))
    return section(
        "operators",
        "Which changes paid off",
        el("p", INHERITED if inherited else LEAD),
        page.figure("operators", caption),
        details,
    )


def _table(found: Sequence[Credit], scale: Scale, inherited: bool) -> Html:
    head = ["operator", "children"]
    head += ["gained more", "mean lead", "95% interval"] if inherited else []
    head += [
        "beat parent",
        "mean change",
        *([] if inherited else ["95% interval"]),
        "failed",
        "new bests",
    ]
    rows = []
    for c in found:
        cells: list[Child] = [name(title(c.operator)), f"{c.children:,}"]
        if inherited:
            cells += [_hits(c.ahead), *_mean(c.lead, scale)]
        change = _mean(c.change, scale)[: 1 if inherited else 2]  # there is no room for two intervals
        rows.append([*cells, _hits(c.better), *change, f"{c.failed:,}", f"{c.records:,}"])
    return table(head, rows, numeric=range(1, len(head)))


def _hits(share: Share) -> str:
    return f"{share.hits} ({100 * share.value:.0f}%)" if share.n else DASH


def _mean(found: Estimate, scale: Scale) -> tuple[str, str]:
    """A mean change and its interval."""
    low, high = found.low, found.high
    between = DASH if low is None or high is None else scale.changes(low, high)
    return scale.difference(found.mean), between
