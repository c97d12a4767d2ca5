"""Everything that a report draws, as frozen values: what a run found, and apart from it the circumstances.

`Findings` is the same for every run with the same settings and seed, however often it was interrupted; `Circumstances`
(names, times, machines, messages) is not. Nothing in `Findings` depends on wall time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from speciate.report.credit import Credit
from speciate.report.lineage import LineageStep
from speciate.report.network import DrawnNetwork
from speciate.report.phases import Entry, Failure, Finalist, Generation, Spending, Training
from speciate.report.steps import DrawnStep
from speciate.store import Beliefs, ChampionSummary, DataSummary, Diagnostics, Kept, Rung


@dataclass(frozen=True, slots=True)
class Rival:
    """A baseline. Scores as in `ChampionSummary`.

    `lead` is by how much the champion is better, (low, high) being the 95 % interval of that difference on the same test rows;
    None in runs that did not measure it. `log_loss` is on the same rows.
    """

    name: str
    description: str
    valid_score: float
    test_score: float | None
    test_low: float | None
    test_high: float | None
    parameters: int | None
    lead: tuple[float, float] | None = None
    log_loss: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found. The names say what each holds; rows are in order of id or generation.

    `network` is the champion's, None if its genome cannot be read. `inherit` is how weights were inherited: "common",
    "preserve", or "" if every network began with fresh weights. `steps` are the latest steps of the lineage that can be drawn. `recipes` have how
    many networks descend from each. `rungs` are those of a final at growing numbers of examples, `final` is one with several seeds;
    `kept` are the champion's networks where they are trainings of the final, and `tuned` is what that changed of the leading one.
    """

    data: DataSummary
    settings: dict[str, Any]
    versions: dict[str, str]
    algorithm: str
    population_size: int
    seed: int | None
    examples: int
    champion: ChampionSummary | None
    diagnostics: Diagnostics | None
    network: DrawnNetwork | None
    baselines: tuple[Rival, ...]
    generations: tuple[Generation, ...]
    progress: tuple[tuple[int, float], ...]
    inherit: str
    lineage: tuple[LineageStep, ...]
    steps: tuple[DrawnStep, ...]
    credits: tuple[Credit, ...]
    final: tuple[Finalist, ...]
    rungs: tuple[Rung, ...]
    kept: tuple[Kept, ...]
    tuned: tuple[str, ...]
    training: tuple[Training, ...]
    best: tuple[Entry, ...]
    recipes: tuple[tuple[Entry, int], ...]
    beliefs: Beliefs | None
    failures: tuple[tuple[str, str, int], ...]
    spending: tuple[Spending, ...]
    engines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What differs from one run to its repetition: names, times, the machine.

    Attributes:
        name: The run's name.
        status: "finished", "interrupted", "failed", "running" or "".
        created: When it began, UTC.
        seconds: Wall time of the whole run.
        training_seconds: Wall time of all evaluations, added up over workers.
        engine_seconds: The same by engine.
        backend: Where evaluations ran.
        workers: How many at a time.
        weights: "kept", "lost", or "none" if there are none to keep.
        configured: Whether the folder has the configuration that started the run.
        failures: Failures by message.
        events: Time, kind and message of notable moments.
    """

    name: str
    status: str
    created: str
    seconds: float
    training_seconds: float
    engine_seconds: tuple[tuple[str, float], ...]
    backend: str
    workers: int
    weights: str
    configured: bool
    failures: tuple[Failure, ...]
    events: tuple[tuple[str, str, str], ...]

    @property
    def left_out(self) -> list[str]:
        """Why baselines are missing."""
        return [words for _, kind, words in self.events if kind == "baseline"]


@dataclass(frozen=True, slots=True)
class ReportData:
    """A report before it is drawn."""

    findings: Findings
    circumstances: Circumstances

    def to_json(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return dict(_plain(asdict(self)))

    @property
    def digest(self) -> str:
        """SHA-256 of the findings: equal for runs that found the same."""
        text = json.dumps(_plain(asdict(self.findings)), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
