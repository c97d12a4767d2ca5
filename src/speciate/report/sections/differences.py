"""The paired differences of a comparison, with what the numbers mean."""

from __future__ import annotations

from speciate.report.comparing import Comparison, Contrast
from speciate.report.comparison_words import p_value
from speciate.report.html import Child, Html, el, name, section, table
from speciate.report.scores import Scale
from speciate.report.statistics import Paired, effect_size
from speciate.report.text import DASH, MINUS

HEAD = (
    "algorithm", "score", "pairs", "mean difference", "95% interval", "d_z", "better/worse", "p (t)", "p (Wilcoxon)"
)  # fmt: skip
ABOUT = (
    "d_z is Cohen's effect size for pairs: the mean difference in units of its standard deviation over seeds. By Cohen's "
    "words 0.2 is small, 0.5 medium, 0.8 large; it says how reliably one algorithm wins, not how much it wins by. p is the "
    "chance of a difference at least this large if there were none (two-sided; paired t-test, Wilcoxon's signed ranks). With "
    "5 pairs Wilcoxon's p cannot be below 0.06."
)


def differences(found: Comparison, pictures: list[Html]) -> Html:
    """Every algorithm against the first."""
    if not found.contrasts:
        words = "There is only one algorithm, so there is nothing to compare it with."
        return section("differences", "Differences", el("p", words))
    scale, first = Scale(found.metric), found.groups[0].algorithm
    lead = (
        "Every algorithm against ", name(first, 60), ", seed by seed: the runs of a seed share data, split and budget, so the "
        "difference within a seed is less noisy than the scores. Plus means better.",
    )  # fmt: skip
    rows = []
    for contrast in found.contrasts:
        rows += [
            _contrast(contrast, "test", contrast.test, scale),
            _contrast(contrast, "validation", contrast.valid, scale),
        ]
    compared = table(HEAD, rows, numeric=(2, 3, 4, 5, 6, 7, 8))
    parts = [el("p", *lead), *pictures, compared, el("p", ABOUT, kind="soft"), *_unpaired(found)]
    return section("differences", "Differences", *parts)


def _unpaired(found: Comparison) -> list[Html]:
    """Seeds that only one of two algorithms finished."""
    notes = []
    for contrast in found.contrasts:
        if contrast.unpaired:
            seeds = ", ".join(map(str, contrast.unpaired[:50]))
            words = f": only one of the two finished seed {seeds}; not used."
            notes.append(el("p", name(contrast.algorithm, 60), words, kind="soft"))
    return notes


def _contrast(contrast: Contrast, kind: str, found: Paired | None, scale: Scale) -> list[Child]:
    if found is None:
        return [name(contrast.algorithm, 60), kind, "0", *[DASH] * 6]
    change = found.difference
    ends = DASH
    if change.low is not None and change.high is not None:
        ends = scale.changes(change.low, change.high)
    effect = (
        DASH
        if found.effect is None
        else f"{found.effect:+.2f} ({effect_size(found.effect)})".replace("-", MINUS)
    )
    wins = f"{found.wins}/{found.losses}"
    p = [p_value(found.t_p), p_value(found.wilcoxon_p)]
    return [
        name(contrast.algorithm, 60),
        kind,
        f"{change.n}",
        scale.difference(change.mean),
        ends,
        effect,
        wins,
        *p,
    ]
