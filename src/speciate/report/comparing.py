"""Several algorithms on the same task: what came of each run, means with intervals, and differences paired by seed."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from speciate import files
from speciate.errors import SpeciateError, StorageError
from speciate.intervals import Bounds
from speciate.report.build import report_data
from speciate.report.data import Findings, ReportData
from speciate.report.neuro import is_neuro
from speciate.report.scores import Scale
from speciate.report.statistics import Estimate, Paired, estimate, paired
from speciate.store.values import sequence, whole
from speciate.text import clean

COUNTS: Bounds = (0.0, math.inf)
"""Bounds of what runs cost."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One run of a comparison.

    Attributes:
        folder: Name of its folder, `<algorithm>-<seed>`.
        algorithm: The part before the seed.
        seed: Its seed.
        status: The run's status, or "damaged".
        problem: Why it does not count; "" if it does.
        test: The champion's score on the sealed test rows.
        valid: The champion's mean in the final, or its search score where there was no final.
        trained: Networks trained.
        examples: Training examples seen.
        seconds: Wall time.
        data: Its whole report; None if it cannot be read.
    """

    folder: str
    algorithm: str
    seed: int
    status: str
    problem: str
    test: float | None = None
    valid: float | None = None
    trained: int = 0
    examples: int = 0
    seconds: float = 0.0
    data: ReportData | None = None


def read_plan(folder: Path) -> tuple[list[str], int]:
    """The algorithms and the number of seeds that compare.toml names, if it is there."""
    try:
        plan = tomllib.loads(files.read_file(folder / "compare.toml", most=2**22).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return [], 0
    names = [clean(name, 60) for name in sequence(plan.get("algorithms")) if isinstance(name, str)]
    return [name for name in names if "/" not in name][:50], min(max(0, whole(plan.get("seeds"))), 1000)


def read_entrant(folder: Path) -> Entrant | None:
    """The run in a folder; None if the folder's name has no seed."""
    match = re.fullmatch(r"(.+)-(\d{1,18})", folder.name, re.DOTALL)
    if match is None:
        return None
    name, seed = clean(match[1], 100), int(match[2])
    if not files.kind_of(folder / "run.sqlite"):
        return Entrant(folder.name, name, seed, "", "not begun")
    try:
        data = report_data(folder)
        if is_neuro(folder):  # fitness in its search is no validation score
            found = replace(data.findings, generations=(), progress=(), settings={})
            data = replace(data, findings=found)
    except SpeciateError as error:
        return Entrant(folder.name, name, seed, "damaged", error.what)
    found, about = data.findings, data.circumstances
    problem = "" if about.status == "finished" and found.champion else about.status or "not begun"
    if problem == "finished":
        problem = "finished without a champion"
    return Entrant(
        folder=folder.name,
        algorithm=name,
        seed=seed,
        status=about.status,
        problem=problem,
        test=found.champion.test_score if found.champion else None,
        valid=_final_score(found),
        trained=sum(s.trained for s in found.spending),
        examples=sum(s.examples for s in found.spending),
        seconds=about.seconds,
        data=data,
    )


def _final_score(found: Findings) -> float | None:
    """The winner's mean in the final; without a final, the best score of the search."""
    winner = next((f.mean.mean for f in found.final if f.won), None)
    return winner if winner is not None or found.final else (found.best[0].score if found.best else None)


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one algorithm.

    Attributes:
        algorithm: Its name.
        runs: All of its runs, by seed.
        test: Mean test score over finished runs.
        valid: Mean validation score of the final.
        trained: Mean number of networks trained.
        examples: Mean number of examples seen.
        seconds: Mean wall time.
        curve: (networks trained, best so far over seeds) as far as every run goes.
    """

    algorithm: str
    runs: tuple[Entrant, ...]
    test: Estimate
    valid: Estimate
    trained: Estimate
    examples: Estimate
    seconds: Estimate
    curve: tuple[tuple[int, Estimate], ...]

    @property
    def finished(self) -> list[Entrant]:
        """The runs that count."""
        return [run for run in self.runs if not run.problem]


@dataclass(frozen=True, slots=True)
class Contrast:
    """An algorithm against the first one, on the seeds that both finished.

    Attributes:
        algorithm: Which one; plus means that it is better.
        seeds: The paired seeds.
        unpaired: Seeds that only one of them finished.
        test: Difference of the test scores; None without test scores.
        valid: Difference of the final's validation scores.
    """

    algorithm: str
    seeds: tuple[int, ...]
    unpaired: tuple[int, ...]
    test: Paired | None
    valid: Paired | None


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """A comparison.

    Attributes:
        name: The folder's name.
        groups: The algorithms, the reference first.
        contrasts: The others against the first.
        differing: Settings besides algorithm and seed in which the runs differ; there should be none.
    """

    name: str
    groups: tuple[Group, ...]
    contrasts: tuple[Contrast, ...]
    differing: tuple[str, ...]

    @property
    def sample(self) -> Findings | None:
        """The findings of the first run that can be read: for what all runs share."""
        return next((r.data.findings for g in self.groups for r in g.runs if r.data is not None), None)

    @property
    def seeds(self) -> list[int]:
        """Every seed of a run."""
        return sorted({run.seed for group in self.groups for run in group.runs})

    @property
    def metric(self) -> str:
        """The score's name."""
        return self.sample.data.metric if self.sample else ""


def comparison(folder: Path, order: Sequence[str] = ()) -> ComparedRuns:
    """Read every run of a comparison.

    Args:
        folder: Holds a folder `<algorithm>-<seed>` for every run.
        order: Algorithms in the order of the page, the reference first; by default that of compare.toml, else in which
            they were started.

    Raises:
        StorageError: There is no run in the folder.
    """
    folder = Path(folder)
    algorithms, seeds = read_plan(folder)
    found = {p.parent.name for p in folder.glob("*/run.sqlite")} if folder.is_dir() else set()
    planned = {f"{name}-{seed}" for name in algorithms for seed in range(seeds)}
    runs = [run for name in sorted(found | planned) if (run := read_entrant(folder / name)) is not None]
    order = order or algorithms
    if not found:
        raise StorageError("there are no runs to compare here", where=str(folder), hint="speciate compare")
    names = _ordered(runs, order)
    metric = next((run.data.findings.data.metric for run in runs if run.data is not None), "")
    bounds = Scale(metric).bounds
    groups = tuple(_group(name, [run for run in runs if run.algorithm == name], bounds) for name in names)
    contrasts = tuple(_contrast(groups[0], group, bounds) for group in groups[1:])
    return ComparedRuns(folder.resolve().name, groups, contrasts, _differing(runs))


def _ordered(runs: Sequence[Entrant], order: Sequence[str]) -> list[str]:
    started: dict[str, str] = {}
    for run in runs:
        created = run.data.circumstances.created if run.data and run.data.circumstances.created else "~"
        started[run.algorithm] = min(started.get(run.algorithm, "~"), created)
    place = {name: i for i, name in enumerate(order)}
    return sorted(started, key=lambda name: (place.get(name, len(place)), started[name], name))


def _group(name: str, runs: Sequence[Entrant], bounds: Bounds) -> Group:
    runs = sorted(runs, key=lambda run: run.seed)
    done = [run for run in runs if not run.problem]
    return Group(
        name,
        tuple(runs),
        estimate([run.test for run in done if run.test is not None], bounds),
        estimate([run.valid for run in done if run.valid is not None], bounds),
        estimate([run.trained for run in done], COUNTS),
        estimate([run.examples for run in done], COUNTS),
        estimate([run.seconds for run in done], COUNTS),
        _curve(
            [run.data.findings.progress for run in done if run.data and run.data.findings.progress], bounds
        ),
    )


def _curve(steps: Sequence[Sequence[tuple[int, float]]], bounds: Bounds) -> tuple[tuple[int, Estimate], ...]:
    """The best so far over seeds wherever it changes, from where all have a score to where the shortest ends."""
    if not steps:
        return ()
    start, end = max(s[0][0] for s in steps), min(s[-1][0] for s in steps)
    places = sorted({n for s in steps for n, _ in s if start <= n <= end} | {start, end})
    found = {n: [[score for at, score in s if at <= n][-1] for s in steps] for n in places if n <= end}
    return tuple((n, estimate(scores, bounds)) for n, scores in found.items())


def _contrast(first: Group, second: Group, bounds: Bounds) -> Contrast:
    a, b = ({run.seed: run for run in group.finished} for group in (first, second))
    seeds = sorted(set(a) & set(b))
    return Contrast(
        second.algorithm,
        tuple(seeds),
        tuple(sorted(set(a) ^ set(b))),
        _paired([(a[s].test, b[s].test) for s in seeds], bounds),
        _paired([(a[s].valid, b[s].valid) for s in seeds], bounds),
    )


def _paired(pairs: Sequence[tuple[float | None, float | None]], bounds: Bounds) -> Paired | None:
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    return paired([x for x, _ in known], [y for _, y in known], bounds) if known else None


def _differing(runs: Sequence[Entrant]) -> tuple[str, ...]:
    found_of = [run.data.findings for run in runs if run.data is not None]
    settings: list[dict[str, Any]] = [found.settings for found in found_of if found.settings]
    names = {name for found in settings for name in found} - {"seed", "algorithm"}
    return tuple(
        sorted(n for n in names if any(found.get(n) != settings[0].get(n) for found in settings[1:]))
    )
