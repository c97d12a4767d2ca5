"""What a run came to, as JSON: what `speciate show --json` prints."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from speciate.errors import SpeciateError
from speciate.records import Phase
from speciate.store.connection import sensible
from speciate.store.folder import RunFolder
from speciate.store.generations import generation_tables, solved_in
from speciate.store.store import Baseline, Row, Store

FACTS = (
    "created",
    "seed",
    "algorithm",
    "population_size",
    "examples",
    "limit",
    "seconds",
    "backend",
    "workers",
)
"""Facts that are shown as they are."""


def status_of(folder: RunFolder, store: Store) -> str:
    """How the run ended or goes: new, running, finished, failed; what a killed process left behind is interrupted."""
    if folder.busy:
        return "running"
    status = str(store.get("status", "new"))
    return "interrupted" if status in ("running", "new") and store.count()[0] else status


def summarize(folder: RunFolder) -> dict[str, Any]:
    """Everything about a run that a person or a program asks for, of JSON types only.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    store = Store(folder.database, readonly=True)
    try:
        with sensible(folder.database):
            return _summary(folder, store)
    finally:
        store.close()


def glance(folder: RunFolder, runs: Path) -> dict[str, Any]:
    """One line about a run; a damaged one is a line too."""
    name = str(folder.path.relative_to(runs))
    try:
        store = Store(folder.database, readonly=True)
        try:
            with sensible(folder.database):
                return {"name": name, **_glanced(folder, store)}
        finally:
            store.close()
    except SpeciateError as error:
        return {"name": name, "status": "damaged", "error": error.what}


def _glanced(folder: RunFolder, store: Store) -> dict[str, Any]:
    facts = store.facts()
    champion, data = facts.get("champion") or {}, facts.get("data", {})
    return {
        "status": status_of(folder, store),
        "data": data.get("name"),
        "algorithm": facts.get("algorithm"),
        "seed": facts.get("seed"),
        "evaluations": store.evaluated(Phase.SEARCH),
        "metric": data.get("metric"),
        "valid_score": finite(champion.get("valid_score")),
        "test_score": finite(champion.get("test_score")),
        "seconds": finite(facts.get("seconds")),
        "created": facts.get("created"),
    }


def _summary(folder: RunFolder, store: Store) -> dict[str, Any]:
    facts, rows = store.facts(), store.rows()
    phases = {
        phase: [score_of(row) for row in rows if row.phase == phase]
        for phase in ("search", "final", "champion")
    }
    search, searched = phases["search"], [row for row in rows if row.phase == Phase.SEARCH]
    done = [row for row in search if row["status"] != "pending"]
    return {
        "name": folder.path.resolve().name,
        "folder": str(folder.path.resolve()),
        "status": status_of(folder, store),
        **{key: facts.get(key) for key in FACTS},
        "space": facts.get("identity", {}).get("space"),
        "asynchronous": bool(facts.get("identity", {}).get("algorithm", {}).get("asynchronous")),
        "metric": facts.get("data", {}).get("metric"),
        "data": facts.get("data", {}),
        "ancestor": _ancestor(facts.get("ancestor")),
        "evaluations": store.evaluated(Phase.SEARCH),
        "generations": 1 + max((row["generation"] for row in done), default=-1),
        "examples_seen": sum(row.examples_seen for row in rows),
        "champion": _champion(facts.get("champion"), rows),
        "baselines": [baseline_of(baseline) for baseline in store.baselines()],
        "scores": search,
        "history": [table.to_json() for table in generation_tables(store, searched)],
        "solved": solved_in(searched),
        "final": phases["final"],
        "champion_trainings": phases["champion"],
        "failures": failures(rows),
        "engines": engines(rows),
        "events": [{"time": time, "kind": kind, "message": text} for time, kind, text in store.events()],
        "versions": facts.get("versions", {}),
    }


def score_of(row: Row) -> dict[str, Any]:
    """A candidate and what came of it."""
    return {
        "id": row.id,
        "generation": row.generation,
        "parents": list(row.parents),
        "operator": row.operator,
        "genome": row.key,
        "description": row.best_text or row.description,
        "status": row.status,
        "score": row.score,
        "metrics": row.metrics,
        "budget": row.examples,
        "examples_seen": row.examples_seen,
        "lineage_examples": row.lineage_examples,
        "parameters": row.parameters,
        "seconds": row.seconds,
        "engine": row.engine,
        "repeat_of": row.repeat_of,
        "error": row.error,
        "size": row.size,
    }


def baseline_of(baseline: Baseline) -> dict[str, Any]:
    """A baseline's scores, and the champion's lead: its test score minus this one, with the interval of that difference."""
    metrics = baseline.metrics
    return {
        "name": baseline.name,
        "description": baseline.description,
        "valid_score": baseline.valid_score,
        "test_score": baseline.test_score,
        "test_low": finite(metrics.get("test_low")),
        "test_high": finite(metrics.get("test_high")),
        "lead": finite(metrics.get("lead")),
        "lead_low": finite(metrics.get("lead_low")),
        "lead_high": finite(metrics.get("lead_high")),
        "parameters": int(metrics["parameters"]) if "parameters" in metrics else None,
        "seconds": baseline.seconds,
    }


def failures(rows: list[Row]) -> dict[str, int]:
    """How many candidates failed, by kind."""
    kinds = [row.status for row in rows if row.status not in ("ok", "pending")]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def engines(rows: list[Row]) -> dict[str, int]:
    """How many networks each engine trained, all phases together; repeats were not trained."""
    names = [row.engine for row in rows if row.engine and row.repeat_of is None]
    return {name: names.count(name) for name in sorted(set(names))}


def finite(value: object) -> float | None:
    """The number, or None where it is not one: JSON has no NaN."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _ancestor(ancestor: dict[str, Any] | None) -> dict[str, Any] | None:
    """The network that the run started from."""
    keys = ("name", "description", "examples", "frozen", "renewed", "notes", "weights", "genome")
    return ancestor and {key: ancestor.get(key) for key in keys}


def _champion(champion: dict[str, Any] | None, rows: list[Row]) -> dict[str, Any] | None:
    """The champion, with the examples that went into its weights, those of its ancestors included."""
    if not champion:
        return None
    own = {key: finite(v) if isinstance(v, float) else v for key, v in champion.items()}
    weights = champion.get("weights")
    lines = [row.lineage_examples for row in rows if row.phase == Phase.CHAMPION and row.weights == weights]
    return {**own, "lineage_examples": max(lines, default=None) if weights else None}
