"""Several algorithms on the same task: means with intervals, and differences paired by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speciate.errors import StorageError
from speciate.report.data import Findings
from speciate.report.entrants import Entrant, read_entrant, read_plan
from speciate.report.statistics import Estimate, Paired, estimate, paired


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
class Comparison:
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
    def metric(self) -> str:
        """The score's name."""
        return self.sample.data.metric if self.sample else ""


def comparison(folder: Path, order: Sequence[str] = ()) -> Comparison:
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
    groups = tuple(_group(name, [run for run in runs if run.algorithm == name]) for name in names)
    contrasts = tuple(_contrast(groups[0], group) for group in groups[1:])
    return Comparison(folder.resolve().name, groups, contrasts, _differing(runs))


def _ordered(runs: Sequence[Entrant], order: Sequence[str]) -> list[str]:
    started: dict[str, str] = {}
    for run in runs:
        created = run.data.circumstances.created if run.data and run.data.circumstances.created else "~"
        started[run.algorithm] = min(started.get(run.algorithm, "~"), created)
    place = {name: i for i, name in enumerate(order)}
    return sorted(started, key=lambda name: (place.get(name, len(place)), started[name], name))


def _group(name: str, runs: Sequence[Entrant]) -> Group:
    runs = sorted(runs, key=lambda run: run.seed)
    done = [run for run in runs if not run.problem]
    return Group(
        name,
        tuple(runs),
        estimate([run.test for run in done if run.test is not None]),
        estimate([run.valid for run in done if run.valid is not None]),
        estimate([run.trained for run in done]),
        estimate([run.examples for run in done]),
        estimate([run.seconds for run in done]),
        _curve([run.data.findings.progress for run in done if run.data and run.data.findings.progress]),
    )


def _curve(steps: Sequence[Sequence[tuple[int, float]]]) -> tuple[tuple[int, Estimate], ...]:
    """The best so far over seeds wherever it changes, from where all have a score to where the shortest ends."""
    if not steps:
        return ()
    start, end = max(s[0][0] for s in steps), min(s[-1][0] for s in steps)
    places = sorted({n for s in steps for n, _ in s if start <= n <= end} | {start, end})
    return tuple((n, estimate([_at(s, n) for s in steps])) for n in places if n <= end)


def _at(steps: Sequence[tuple[int, float]], place: int) -> float:
    return [score for n, score in steps if n <= place][-1]


def _contrast(first: Group, second: Group) -> Contrast:
    a, b = ({run.seed: run for run in group.finished} for group in (first, second))
    seeds = sorted(set(a) & set(b))
    return Contrast(
        second.algorithm,
        tuple(seeds),
        tuple(sorted(set(a) ^ set(b))),
        _paired([(a[s].test, b[s].test) for s in seeds]),
        _paired([(a[s].valid, b[s].valid) for s in seeds]),
    )


def _paired(pairs: Sequence[tuple[float | None, float | None]]) -> Paired | None:
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    return paired([x for x, _ in known], [y for _, y in known]) if known else None


def _differing(runs: Sequence[Entrant]) -> tuple[str, ...]:
    found_of = [run.data.findings for run in runs if run.data is not None]
    settings: list[dict[str, Any]] = [found.settings for found in found_of if found.settings]
    names = {name for found in settings for name in found} - {"seed", "algorithm"}
    return tuple(
        sorted(n for n in names if any(found.get(n) != settings[0].get(n) for found in settings[1:]))
    )
