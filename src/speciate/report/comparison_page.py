"""A comparison of algorithms as a page, as sentences, as lines for a terminal, and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from speciate import files
from speciate.report import pages
from speciate.report.comparing import ComparedRuns, Contrast, Group, comparison
from speciate.report.figures.comparison import TITLES, captions, comparison_figures
from speciate.report.pages import NARROW, WIDE
from speciate.report.scores import DASH, MINUS, Scale, large
from speciate.report.statistics import Estimate, Paired, effect_size
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
    folder = files.own(Path(folder))
    found = comparison(folder, order)
    wide = comparison_figures(found, WIDE)
    content = pages.render(
        "comparison.html",
        wide,
        comparison_figures(found, NARROW),
        found=found,
        scale=Scale(found.metric),
        words=sys.modules[__name__],
        captions=captions(found),
    )
    drawings = {f"compare-{key}": drawing for key, drawing in wide.items()}
    titles = {f"compare-{key}": title for key, title in TITLES.items()}
    return pages.write_page(folder, "comparison.html", content, drawings, titles, clean(found.name, 100))


def summary(found: ComparedRuns) -> list[str]:
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
        return f"{words}, but the 95% interval, {scale.changes(change.low, change.high)}, includes zero."
    return f"{words}; the 95% interval, {scale.changes(change.low, change.high)}, does not include zero."


def notes(found: ComparedRuns) -> list[str]:
    """What keeps the comparison from being complete, or fair."""
    said = []
    left_out = [run for group in found.groups for run in group.runs if run.problem]
    if left_out:
        words = ", ".join(f"{clean(run.folder, 60)} ({run.problem})" for run in left_out[:20])
        said.append(f"{counted(len(left_out), 'run')} did not finish and count for nothing here: {words}.")
    if found.differing:
        names = ", ".join(clean(name, 40) for name in found.differing[:20])
        said.append(
            f"The runs differ in more than algorithm and seed, so this is not a fair comparison: {names}."
        )
    return said


def least_p(found: ComparedRuns) -> str:
    """How small Wilcoxon's p can be at all with so few pairs; nothing where it can fall below 0.05."""
    every = [
        pair.difference.n for contrast in found.contrasts for pair in (contrast.test, contrast.valid) if pair
    ]
    pairs = max(every, default=0)
    least = 2.0 ** (1 - pairs)
    if pairs < 2 or least < 0.05:
        return ""
    most = "" if min(every) == pairs else "at most "
    return f" With {most}{counted(pairs, 'pair')} Wilcoxon's p cannot be below {least:.2g}."


def numbers(pair: Paired | None, scale: Scale) -> list[str]:
    """A paired difference for a table: pairs, mean, interval, effect size, wins and losses, p-values."""
    if pair is None:
        return ["0", *[DASH] * 6]
    change = pair.difference
    effect = (
        DASH
        if pair.effect is None
        else f"{pair.effect:+.2f} ({effect_size(pair.effect)})".replace("-", MINUS)
    )
    wins, tests = f"{pair.wins}/{pair.losses}", (_p_value(pair.t_p), _p_value(pair.wilcoxon_p))
    return [
        str(change.n),
        scale.difference(change.mean),
        scale.changes(change.low, change.high),
        effect,
        wins,
        *tests,
    ]


def count(found: Estimate) -> str:
    """A mean number of networks or examples."""
    return DASH if found.mean is None else large(round(found.mean))


def _p_value(p: float | None) -> str:
    """A p-value with two digits."""
    return DASH if p is None else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def comparison_lines(folder: Path, order: tuple[str, ...] = ()) -> list[str]:
    """A comparison as plain lines of at most 100 characters, for a terminal."""
    found = comparison(folder, order)
    scale = Scale(found.metric)
    rows = [
        ["algorithm", "runs", f"test {scale.name}", "95% interval", "valid.", "networks", "examples", "time"]
    ]
    rows += [_row(group, scale) for group in found.groups]
    lines = _aligned(rows)
    if found.contrasts:
        first = clean(found.groups[0].algorithm, 24)
        lines += ["", f"against {first}, paired by seed (plus is better):"]
        head = ["algorithm", "pairs", "difference", "95% interval", "d_z", "p (t)", "p (Wilcoxon)"]
        lines += _aligned([head, *(_difference(contrast, scale) for contrast in found.contrasts)])
    if any(group.test.n > 1 for group in found.groups):
        lines += ["", f"intervals over seeds: {scale.method}"]
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
    test, spent = group.test, [count(group.trained), count(group.examples)]
    time = DASH if group.seconds.mean is None else duration(group.seconds.mean)
    name, runs = clean(group.algorithm, 24), f"{len(group.finished)}/{len(group.runs)}"
    between = scale.between(test.low, test.high)
    return [name, runs, scale.show(test.mean), between, scale.show(group.valid.mean), *spent, time]


def _difference(contrast: Contrast, scale: Scale) -> list[str]:
    pair, name = contrast.test or contrast.valid, clean(contrast.algorithm, 24)
    if pair is None:
        return [name, "0", *[DASH] * 5]
    change = pair.difference
    effect = DASH if pair.effect is None else f"{pair.effect:+.2f} {effect_size(pair.effect)}"
    tests = [_p_value(pair.t_p), _p_value(pair.wilcoxon_p)]
    return [
        name,
        str(change.n),
        scale.difference(change.mean),
        scale.changes(change.low, change.high),
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
