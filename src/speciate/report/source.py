"""Reading a run folder: rows and facts as they are stored, with what no page could show taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from speciate.errors import StorageError
from speciate.report.text import mapping, number, sound, whole
from speciate.store import Baseline, Row, RunFolder, Store


@dataclass(frozen=True, slots=True)
class Source:
    """What a run folder holds.

    Attributes:
        folder: Where it is.
        facts: Facts about the run.
        rows: Every candidate, in order of id.
        baselines: Baselines, worst first.
        events: Time, kind and message of notable moments.
    """

    folder: RunFolder
    facts: dict[str, Any]
    rows: tuple[Row, ...]
    baselines: tuple[Baseline, ...]
    events: tuple[tuple[str, str, str], ...]

    def has_weights(self, name: object) -> bool:
        """Whether a weight file is where it should be. Its content is not read: that is for whoever uses it."""
        plain = isinstance(name, str) and len(name) == 64 and name.isalnum()
        return plain and self.folder.weights.file(str(name)).is_file()


def read(folder: Path) -> Source:
    """Everything in a run folder. Nothing is changed.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    place = RunFolder(Path(folder))
    store = Store(place.database, readonly=True)
    try:
        rows = tuple(_sound(row) for row in store.rows())
        baselines = tuple(b for b in map(_sound_baseline, store.baselines()) if b is not None)
        return Source(place, mapping(sound(store.facts())), rows, baselines, tuple(store.events()))
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        if isinstance(error, StorageError):
            raise
        why = f"{type(error).__name__}: {error}"
        raise StorageError(
            "the run's database is damaged", where=str(place.database), why=why[:300]
        ) from None
    finally:
        store.close()


def _sound(row: Row) -> Row:
    """A row whose numbers are numbers. Without a finite score it does not count as ok."""
    score = number(row.score) if row.status == "ok" else None
    status = "error" if row.status == "ok" and score is None else str(row.status)
    metrics = {k: v for k, v in mapping(row.metrics).items() if number(v) is not None}
    return replace(
        row,
        phase=str(row.phase),
        operator=str(row.operator),
        description=str(row.description),
        engine=str(row.engine),
        error=str(row.error),
        status=status,
        score=score,
        metrics=metrics,
        genome=mapping(sound(row.genome)),
        generation=max(0, whole(row.generation)),
        examples=max(0, whole(row.examples)),
        examples_seen=max(0, whole(row.examples_seen)),
        lineage_examples=max(0, whole(row.lineage_examples)),
        seconds=max(0.0, number(row.seconds) or 0.0),
        parameters=max(0, whole(row.parameters)),
        parents=tuple(p for p in row.parents if type(p) is int),
        ancestors=tuple((i, mapping(sound(g)), str(w)) for i, g, w in row.ancestors if type(i) is int),
        repeat_of=row.repeat_of if type(row.repeat_of) is int else None,
    )


def _sound_baseline(row: Baseline) -> Baseline | None:
    valid = number(row.valid_score)
    if valid is None:
        return None
    metrics = {k: v for k, v in mapping(row.metrics).items() if number(v) is not None}
    seconds = max(0.0, number(row.seconds) or 0.0)
    return replace(
        row, valid_score=valid, test_score=number(row.test_score), metrics=metrics, seconds=seconds
    )
