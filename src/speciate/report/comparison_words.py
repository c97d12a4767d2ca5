"""A comparison as sentences, as lines for a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from speciate.report.comparing import Comparison, Contrast, Group, comparison
from speciate.report.scores import Scale
from speciate.report.statistics import Paired, effect_size
from speciate.report.text import DASH, large
from speciate.text import clean, counted, duration


def summary(found: Comparison) -> list[str]:
    """What the test scores say, one sentence an algorithm."""
    return [_sentence(found.groups[0], contrast, Scale(found.metric)) for contrast in found.contrasts]


def _sentence(first: Group, contrast: Contrast, scale: Scale) -> str:
    a, b = clean(first.algorithm, 60), clean(contrast.algorithm, 60)
    kind, pair = ("test", contrast.test) if contrast.test else ("validation", contrast.valid)
    if pair is None or pair.difference.mean is None:
        return f"{b} and {a} have no finished seed in common."
    change = pair.difference
    by = scale.difference(abs(pair.difference.mean)).lstrip("+")
    words = f"{b} scored {by} {'higher' if pair.difference.mean > 0 else 'lower'} than {a} on the {kind} rows"
    if pair.difference.mean == 0:
        words = f"{b} and {a} scored the same on the {kind} rows"
    words += f" (mean of {counted(change.n, 'paired seed')})"
    if change.low is None or change.high is None:
        return f"{words}; one pair cannot say whether that is more than chance."
    if change.low <= 0 <= change.high:
        return (
            f"{words}, but the 95% interval, {scale.changes(change.low, change.high)}, "
            "includes no difference."
        )
    return f"{words}; the 95% interval, {scale.changes(change.low, change.high)}, leaves no difference out."


def p_value(p: float | None) -> str:
    """A p-value with two digits."""
    return DASH if p is None else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def comparison_lines(folder: Path, order: tuple[str, ...] = ()) -> list[str]:
    """A comparison as plain lines of at most 100 characters, for a terminal."""
    found = comparison(folder, order)
    scale = Scale(found.metric)
    rows = [
        ["algorithm", "runs", f"test {scale.name}", "95% interval", "final", "networks", "examples", "time"]
    ]
    rows += [_row(group, scale) for group in found.groups]
    lines = _aligned(rows)
    if found.contrasts:
        first = clean(found.groups[0].algorithm, 24)
        lines += ["", f"against {first}, paired by seed (plus is better):"]
        head = ["algorithm", "pairs", "difference", "95% interval", "d_z", "p (t)", "p (Wilcoxon)"]
        lines += _aligned([head, *(_difference(contrast, scale) for contrast in found.contrasts)])
    for contrast in found.contrasts:
        if contrast.unpaired:
            seeds = ", ".join(map(str, contrast.unpaired[:12]))
            lines.append(f"{clean(contrast.algorithm, 24)}: without a pair, not used: seed {seeds}")
    for group in found.groups:
        lines += [
            f"not counted: {clean(r.folder, 40)} ({clean(r.problem, 40)})" for r in group.runs if r.problem
        ]
    if found.differing:
        names = ", ".join(clean(n, 20) for n in found.differing[:4])
        lines.append(f"not a fair comparison: the runs also differ in {names}")
    return lines


def _row(group: Group, scale: Scale) -> list[str]:
    test, between = group.test, DASH
    if test.low is not None and test.high is not None:
        between = f"{scale.show(test.low)} to {scale.show(test.high)}"
    counts = [DASH if e.mean is None else large(round(e.mean)) for e in (group.trained, group.examples)]
    time = DASH if group.seconds.mean is None else duration(group.seconds.mean)
    name, runs = clean(group.algorithm, 24), f"{len(group.finished)}/{len(group.runs)}"
    return [name, runs, scale.show(test.mean), between, scale.show(group.valid.mean), *counts, time]


def _difference(contrast: Contrast, scale: Scale) -> list[str]:
    pair = contrast.test or contrast.valid
    if pair is None:
        return [clean(contrast.algorithm, 24), "0", *[DASH] * 5]
    change, between = pair.difference, DASH
    if change.low is not None and change.high is not None:
        between = scale.changes(change.low, change.high)
    effect = DASH if pair.effect is None else f"{pair.effect:+.2f} {effect_size(pair.effect)}"
    tests = [p_value(pair.t_p), p_value(pair.wilcoxon_p)]
    return [
        clean(contrast.algorithm, 24),
        str(change.n),
        scale.difference(change.mean),
        between,
        effect,
        *tests,
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns under each other; the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def comparison_json(folder: Path, order: tuple[str, ...] = ()) -> dict[str, Any]:
    """A comparison in JSON's types. What depends on wall time is under "timing", and nowhere else."""
    found = comparison(folder, order)
    algorithms = {}
    for group in found.groups:
        algorithms[group.algorithm] = {
            "n": len(group.finished),
            "test_score": asdict(group.test),
            "valid_score": asdict(group.valid),
            "networks_trained": asdict(group.trained),
            "examples_seen": asdict(group.examples),
            "runs": [_run(run) for run in group.runs],
        }
    return {
        "name": found.name,
        "metric": found.metric,
        "reference": found.groups[0].algorithm,
        "algorithms": algorithms,
        "differences": {c.algorithm: _contrast(c) for c in found.contrasts},
        "differing_settings": list(found.differing),
        "timing": {group.algorithm: {"seconds": asdict(group.seconds)} for group in found.groups},
    }


def _run(run: Any) -> dict[str, Any]:
    names = ("folder", "seed", "status", "problem", "test", "valid", "trained", "examples")
    return {name: getattr(run, name) for name in names}


def _contrast(contrast: Contrast) -> dict[str, Any]:
    def pair(found: Paired | None) -> dict[str, Any] | None:
        return None if found is None else {**asdict(found), "effect_size": effect_size(found.effect)}

    return {
        "seeds": list(contrast.seeds),
        "unpaired_seeds": list(contrast.unpaired),
        "test_score": pair(contrast.test),
        "valid_score": pair(contrast.valid),
    }
