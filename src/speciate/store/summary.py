"""What a run came to, read once from its folder."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from speciate import files
from speciate.errors import SpeciateError
from speciate.intervals import Lead, verdict
from speciate.records import Phase
from speciate.store.beliefs import Beliefs
from speciate.store.connection import sensible
from speciate.store.diagnostics import Diagnostics
from speciate.store.folder import RunFolder
from speciate.store.rows import Baseline, Event, Row
from speciate.store.rungs import Kept, Rung, kept, lineage_of, rung_json, rungs
from speciate.store.slices import GenerationTable, generation_tables
from speciate.store.store import Store
from speciate.store.values import (
    mapping,
    number,
    sequence,
    sound,
    sound_baseline,
    sound_row,
    sound_table,
    whole,
)
from speciate.store.weights import is_name

SHOWN = (
    *("created", "seed", "algorithm", "population_size", "examples"),
    *("limit", "seconds", "backend", "workers"),
)
"""Facts that are shown as they are."""
MOST_MEMBERS = 100
"""So many networks of an ensemble are looked at."""


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What was learned from."""

    name: str
    source: str  # where it came from
    task: str  # "classification", "regression", or "" if unknown
    metric: str  # the score's name
    target: str  # the target's name
    classes: tuple[str, ...]  # their names; none for a regression
    input_shape: tuple[int, ...]  # of one example
    widths: dict[str, int]  # inputs of networks that take numbers spread over bins, by how many
    rows: dict[str, int]  # by split
    split: str  # how, in words
    fingerprint: str  # hash of the data
    notes: tuple[tuple[str, str], ...]  # level and text of what was noticed about the data
    summary: tuple[str, ...]  # lines that describe the data

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Self:
        """The data of a run, as it says itself."""
        notes = [sequence(note) for note in sequence(facts.get("notes"))]
        texts = ("name", "source", "task", "metric", "target", "split", "fingerprint")
        return cls(
            **{name: str(facts.get(name) or "") for name in texts},
            classes=tuple(str(c) for c in sequence(facts.get("classes"))),
            input_shape=tuple(max(1, whole(n, 1)) for n in sequence(facts.get("input_shape"))[:6]),
            widths={k: max(1, whole(v, 1)) for k, v in mapping(facts.get("widths")).items()},
            rows={k: whole(v) for k, v in mapping(facts.get("rows")).items()},
            notes=tuple((str(note[0]), str(note[1])) for note in notes if len(note) == 2),
            summary=tuple(str(line) for line in sequence(facts.get("summary"))),
        )

    def shape_for(self, genome: dict[str, Any]) -> tuple[int, ...]:
        """Shape of one example as the network of a genome takes it."""
        width = self.widths.get(str(mapping(genome.get("hyper")).get("bins")))
        return self.input_shape if width is None else (width,)

    @property
    def outputs(self) -> int:
        """Width of a network's head; 0 if unknown."""
        return {"classification": len(self.classes), "regression": 1}.get(self.task, 0)


@dataclass(frozen=True, slots=True)
class ChampionSummary:
    """The winner of a run."""

    id: int  # the search's candidate
    description: str  # its genome in one line
    valid_score: float | None  # validation score after the real training
    test_score: float | None  # on the sealed test rows
    test_low: float | None  # lower end of its 95 % interval
    test_high: float | None  # upper end
    test_rows: int  # how many
    parameters: int  # trainable
    examples: int  # of its real training
    weights: str | None  # name of its weight file
    numbers: dict[str, float]  # what else was measured of it, by what it is
    genome: dict[str, Any]  # as stored; of an ensemble that of the first network
    members: tuple[dict[str, Any], ...]  # those of all its networks, where it is one
    temperature: float  # what its logits are divided by
    refit: bool  # whether it was trained again on all rows, after its scores were measured

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Self | None:
        """The champion of a run, as it says itself; None if it has none."""
        if number(facts.get("id")) is None:
            return None
        scores = ("valid_score", "test_score", "test_low", "test_high")
        values: dict[str, Any] = {name: number(facts.get(name)) for name in scores}
        values |= {name: whole(facts.get(name)) for name in ("id", "test_rows", "parameters", "examples")}
        return cls(
            **values,
            description=str(facts.get("description") or ""),
            weights=str(facts["weights"]) if facts.get("weights") else None,
            genome=mapping(facts.get("genome")),
            numbers={
                str(name): found
                for name, value in mapping(facts.get("numbers")).items()
                if (found := number(value)) is not None
            },
            members=tuple(map(mapping, sequence(facts.get("members"))[:MOST_MEMBERS])),
            temperature=number(facts.get("temperature")) or 1.0,
            refit=facts.get("refit") is True,
        )


@dataclass(frozen=True)
class RunSummary:
    """A run as it lies in its folder. Every value is of the type that it should have, whatever a stranger put there.

    Attributes:
        folder: Where it is.
        status: How it ended or goes, as `status_of` says.
        facts: What the run says of itself, as JSON: `seed`, `algorithm`, `identity`, `versions`, ...
        rows: Every candidate, in order of id.
        baselines: Worst first.
        events: Notable moments, oldest first.
        generations: Of a search whose candidates are slices, as far as they are evaluated; none for any other.
    """

    folder: RunFolder
    status: str
    facts: dict[str, Any]
    rows: tuple[Row, ...]
    baselines: tuple[Baseline, ...]
    events: tuple[Event, ...]
    generations: tuple[GenerationTable, ...]

    @classmethod
    def read(cls, folder: RunFolder, *, largest: float = math.inf) -> Self:
        """The run in a folder. Nothing is changed.

        Args:
            folder: The run's.
            largest: Numbers beyond it are left out, and a score beyond it is a failure.

        Raises:
            StorageError: There is no run, or it is damaged.
        """
        with Store(folder.database, readonly=True) as store:
            return cls.of(store, folder, largest=largest)

    @classmethod
    def of(cls, store: Store, folder: RunFolder, *, largest: float = math.inf) -> Self:
        """The same of a store that is open.

        Raises:
            StorageError: It is damaged.
        """
        with sensible(folder.database):
            rows = tuple(sound_row(row, largest) for row in store.rows())
            slices = [row for row in rows if row.phase == Phase.SEARCH and row.is_slice]
            tables = generation_tables(store.columns() if slices else {}, slices)
            baselines = (sound_baseline(row, largest) for row in store.baselines())
            return cls(
                folder,
                status_of(folder, store),
                mapping(sound(store.facts(), largest)),
                rows,
                tuple(row for row in baselines if row is not None),
                tuple(Event(*map(str, event)) for event in store.events()),
                tuple(table for table in map(sound_table, tables) if table.members),
            )

    def within(self, largest: float) -> Self:
        """The same without numbers beyond `largest`; see `read`."""
        baselines = (sound_baseline(row, largest) for row in self.baselines)
        return replace(
            self,
            facts=mapping(sound(self.facts, largest)),
            rows=tuple(sound_row(row, largest) for row in self.rows),
            baselines=tuple(row for row in baselines if row is not None),
        )

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.folder.path.resolve().name

    def phase(self, phase: Phase) -> list[Row]:
        """The candidates of a part of the run."""
        return [row for row in self.rows if row.phase == phase]

    @cached_property
    def data(self) -> DataSummary:
        """What was learned from."""
        return DataSummary.of(mapping(self.facts.get("data")))

    @cached_property
    def champion(self) -> ChampionSummary | None:
        """The winner, if there is one by now."""
        return ChampionSummary.of(mapping(self.facts.get("champion")))

    @cached_property
    def rungs(self) -> tuple[Rung, ...]:
        """The final, where it was held at growing numbers of examples."""
        return rungs(mapping(self.facts.get("champion")), self.rows)

    @cached_property
    def kept(self) -> tuple[Kept, ...]:
        """The champion's networks, where they are trainings of the final."""
        return kept(mapping(self.facts.get("champion")), self.rows)

    @cached_property
    def diagnostics(self) -> Diagnostics | None:
        """What is known of the champion's answers beside its score; None in runs that did not measure it."""
        return Diagnostics.of(self.facts.get("diagnostics"))

    @cached_property
    def solved(self) -> int | None:
        """The generation in which a network was a solution of the task."""
        return next((row.generation for row in self.phase(Phase.SEARCH) if row.metrics.get("solved")), None)

    @property
    def evaluations(self) -> int:
        """How many genomes the search has evaluated; the members of a slice count one by one."""
        return sum(row.size for row in self.phase(Phase.SEARCH) if row.status != "pending")

    @property
    def lineage_examples(self) -> int | None:
        """Examples that went into the champion's weights, those of its ancestors included; None if it has no weights."""
        return lineage_of(mapping(self.facts.get("champion")), self.rows)

    @property
    def leads(self) -> list[Lead]:
        """How much better the champion is than each baseline: on the test rows, in a run without these on the validation rows."""
        champion, found = self.champion, []
        if champion is None:
            return []
        for row in self.baselines:
            if champion.test_score is not None and row.test_score is not None:
                low, high = (number(row.metrics.get(name)) for name in ("lead_low", "lead_high"))
                found.append(Lead(row.name, champion.test_score - row.test_score, low, high))
            elif champion.test_score is None and champion.valid_score is not None:
                found.append(Lead(row.name, champion.valid_score - row.valid_score))
        return found

    def has_weights(self, name: str | None) -> bool:
        """Whether a weight file is where it should be. Its content is not read: that is for whoever uses it."""
        return is_name(name) and files.is_file(self.folder.weights.file(str(name)))

    def to_json(self) -> dict[str, Any]:
        """Everything that a person or a program asks for, of JSON types only: what `speciate show --json` prints."""
        facts, search = self.facts, self.phase(Phase.SEARCH)
        identity, data = mapping(facts.get("identity")), mapping(facts.get("data"))
        failed = Counter(row.status for row in self.rows if row.status not in ("ok", "pending"))
        trained = Counter(row.engine for row in self.rows if row.engine and row.repeat_of is None)
        champion, again = mapping(facts.get("champion")), self.phase(Phase.REFIT)
        more = {"networks": [asdict(one) for one in self.kept]} if self.kept else {}
        return {
            "name": self.name,
            "folder": str(self.folder.path.resolve()),
            "status": self.status,
            **{key: facts.get(key) for key in SHOWN},
            "space": identity.get("space"),
            "asynchronous": bool(mapping(identity.get("algorithm")).get("asynchronous")),
            "metric": data.get("metric"),
            "data": data,
            "ancestor": _ancestor(mapping(facts.get("ancestor"))),
            "evaluations": self.evaluations,
            "generations": 1 + max((row.generation for row in search if row.status != "pending"), default=-1),
            "examples_seen": sum(row.examples_seen for row in self.rows),
            "champion": {**champion, **more, "lineage_examples": self.lineage_examples} if champion else None,
            "verdict": verdict(self.leads),
            "baselines": [_baseline(row) for row in self.baselines],
            "scores": [_score(row) for row in search],
            "history": [table.to_json() for table in self.generations],
            "solved": self.solved,
            "final": [_score(row) for row in self.phase(Phase.FINAL)],
            **({"rungs": [rung_json(rung) for rung in self.rungs]} if self.rungs else {}),
            # Their scores are of rows that they were trained on.
            **({"refit": [{**_score(row), "score": None, "metrics": {}} for row in again]} if again else {}),
            **({"beliefs": asdict(beliefs)} if (beliefs := Beliefs.of(facts.get("beliefs"))) else {}),
            **({"diagnostics": self.diagnostics.to_json()} if self.diagnostics else {}),
            "champion_trainings": [_score(row) for row in self.phase(Phase.CHAMPION)],
            "failures": dict(sorted(failed.items())),
            "engines": dict(sorted(trained.items())),
            "events": [event._asdict() for event in self.events],
            "versions": mapping(facts.get("versions")),
        }


def status_of(folder: RunFolder, store: Store) -> str:
    """How the run ended or goes: new, running, finished, failed; what a killed process left behind is interrupted."""
    if folder.busy:
        return "running"
    status = str(store.get("status", "new"))
    return "interrupted" if status in ("running", "new") and store.count()[0] else status


def glance(folder: RunFolder, runs: Path) -> dict[str, Any]:
    """One line about a run, without its candidates; a damaged one is a line too."""
    name = str(folder.named.relative_to(runs))
    try:
        with Store(folder.database, readonly=True) as store, sensible(folder.database):
            facts = mapping(sound(store.facts(), math.inf))
            champion, data = mapping(facts.get("champion")), mapping(facts.get("data"))
            return {
                "name": name,
                "status": status_of(folder, store),
                "data": data.get("name"),
                "algorithm": facts.get("algorithm"),
                "seed": facts.get("seed"),
                "evaluations": store.evaluated(Phase.SEARCH),
                "metric": data.get("metric"),
                "valid_score": number(champion.get("valid_score"), math.inf),
                "test_score": number(champion.get("test_score"), math.inf),
                "members": max(1, len(sequence(champion.get("members")))) if champion else None,
                "seconds": number(facts.get("seconds"), math.inf),
                "created": facts.get("created"),
            }
    except SpeciateError as error:
        return {"name": name, "status": "damaged", "error": error.what}


SCORE = (
    *(
        "id",
        "generation",
        "parents",
        "operator",
        "genome",
        "description",
        "status",
        "score",
        "metrics",
        "budget",
    ),
    *("examples_seen", "lineage_examples", "parameters", "seconds", "engine", "repeat_of", "error", "size"),
)
"""What is shown of a candidate."""


def _score(row: Row) -> dict[str, Any]:
    """A candidate and what came of it."""
    other = {
        "parents": list(row.parents),
        "genome": row.key,
        "description": row.best_text or row.description,
        "budget": row.examples,
    }
    return {name: other[name] if name in other else getattr(row, name) for name in SCORE}


def _baseline(row: Baseline) -> dict[str, Any]:
    """A baseline's scores, and the champion's lead: its test score minus this one, with the interval of that difference."""
    measured = ("test_low", "test_high", "lead", "lead_low", "lead_high", "log_loss")
    parameters = row.metrics.get("parameters")
    return {
        "name": row.name,
        "description": row.description,
        "valid_score": row.valid_score,
        "test_score": row.test_score,
        **{name: row.metrics.get(name) for name in measured},
        "parameters": None if parameters is None else int(parameters),
        "seconds": row.seconds,
    }


def _ancestor(ancestor: dict[str, Any]) -> dict[str, Any] | None:
    """The network that the run started from."""
    keys = ("name", "description", "examples", "frozen", "renewed", "notes", "weights", "genome")
    return {key: ancestor.get(key) for key in keys} if ancestor else None
