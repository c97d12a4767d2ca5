"""The runs of a comparison: what was planned, and what came of each."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from speciate.errors import SpeciateError
from speciate.report.build import report_data
from speciate.report.data import Findings, ReportData
from speciate.report.neuro.data import is_neuro
from speciate.report.text import sequence, whole
from speciate.text import clean


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
    test: float | None
    valid: float | None
    trained: int
    examples: int
    seconds: float
    data: ReportData | None


def read_plan(folder: Path) -> tuple[list[str], int]:
    """The algorithms and the number of seeds that compare.toml names, if it is there."""
    try:
        plan = tomllib.loads((folder / "compare.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return [], 0
    names = [clean(name, 60) for name in sequence(plan.get("algorithms")) if isinstance(name, str)]
    return [name for name in names if "/" not in name][:50], min(max(0, whole(plan.get("seeds"))), 1000)


def read_entrant(folder: Path) -> Entrant | None:
    """The run in a folder; None if the folder's name has no seed."""
    match = re.fullmatch(r"(.+)-(\d{1,18})", folder.name, re.DOTALL)
    if match is None:
        return None
    name, seed = clean(match[1], 100), int(match[2])
    if not (folder / "run.sqlite").is_file():
        return Entrant(folder.name, name, seed, "", "not begun", None, None, 0, 0, 0.0, None)
    try:
        data = report_data(folder)
        if is_neuro(folder):  # fitness in its search is no validation score
            found = replace(data.findings, generations=(), progress=(), settings={})
            data = replace(data, findings=found)
    except SpeciateError as error:
        return Entrant(folder.name, name, seed, "damaged", error.what, None, None, 0, 0, 0.0, None)
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
