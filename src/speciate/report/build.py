"""From a run folder to the data of its report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from speciate.report.credit import operator_credits
from speciate.report.data import Champion, Circumstances, DataFacts, Findings, ReportData, Rival
from speciate.report.lineage import lineage, rooted
from speciate.report.network import network
from speciate.report.phases import (
    best_networks,
    engine_seconds,
    engines,
    failure_counts,
    failures,
    finalists,
    generations,
    progress,
    spending,
    trainings,
)
from speciate.report.source import Source, read
from speciate.report.steps import policy_of, steps
from speciate.report.text import mapping, number, sequence, whole
from speciate.store import Baseline


def report_data(folder: Path) -> ReportData:
    """Everything that the report of a run folder draws.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    source = read(folder)
    champion = _champion(source)
    return ReportData(_findings(source, champion), _circumstances(source, champion))


def _findings(source: Source, champion: Champion | None) -> Findings:
    facts, rows = source.facts, source.rows
    search = [row for row in rows if row.phase == "search"]
    final = [row for row in rows if row.phase == "final"]
    grown = [row for row in rows if row.phase == "champion"]
    winner = None if champion is None else champion.id
    family = rooted(search, mapping(facts.get("ancestor")), source.baselines)
    data, inherit = _data(mapping(facts.get("data"))), policy_of(mapping(facts.get("identity")))
    return Findings(
        data=data,
        settings=mapping(facts.get("identity")),
        versions={k: str(v) for k, v in mapping(facts.get("versions")).items()},
        algorithm=str(facts.get("algorithm") or ""),
        population_size=whole(facts.get("population_size")),
        seed=None if number(facts.get("seed")) is None else whole(facts.get("seed")),
        examples=whole(facts.get("examples")),
        champion=champion,
        baselines=tuple(_rival(row) for row in source.baselines),
        generations=generations(search),
        progress=progress(search),
        inherit=inherit,
        lineage=() if winner is None else lineage(family, winner),
        steps=() if winner is None else steps(family, winner, data.input_shape, _outputs(data), inherit),
        credits=operator_credits(search),
        final=finalists(search, final, winner),
        training=trainings(grown, None if champion is None else champion.weights),
        best=best_networks(search),
        failures=failure_counts(rows),
        spending=spending(rows),
        engines=engines(rows),
    )


def _data(facts: dict[str, Any]) -> DataFacts:
    notes = [sequence(note) for note in sequence(facts.get("notes"))]
    return DataFacts(
        name=str(facts.get("name") or ""),
        source=str(facts.get("source") or ""),
        task=str(facts.get("task") or ""),
        metric=str(facts.get("metric") or ""),
        target=str(facts.get("target") or ""),
        classes=tuple(str(c) for c in sequence(facts.get("classes"))),
        input_shape=tuple(max(1, whole(n, 1)) for n in sequence(facts.get("input_shape"))[:6]),
        rows={k: whole(v) for k, v in mapping(facts.get("rows")).items()},
        fingerprint=str(facts.get("fingerprint") or ""),
        notes=tuple((str(note[0]), str(note[1])) for note in notes if len(note) == 2),
        summary=tuple(str(line) for line in sequence(facts.get("summary"))),
    )


def _outputs(data: DataFacts) -> int:
    """Width of the head; 0 if unknown."""
    return len(data.classes) if data.task == "classification" else 1 if data.task == "regression" else 0


def _champion(source: Source) -> Champion | None:
    found = mapping(source.facts.get("champion"))
    if number(found.get("id")) is None:
        return None
    data = _data(mapping(source.facts.get("data")))
    genome = mapping(found.get("genome"))
    weights = found.get("weights")
    return Champion(
        id=whole(found["id"]),
        description=str(found.get("description") or ""),
        valid_score=number(found.get("valid_score")),
        test_score=number(found.get("test_score")),
        test_low=number(found.get("test_low")),
        test_high=number(found.get("test_high")),
        test_rows=whole(found.get("test_rows")),
        parameters=whole(found.get("parameters")),
        examples=whole(found.get("examples")),
        weights=str(weights) if weights else None,
        network=network(genome, data.input_shape, _outputs(data)),
        genome=genome,
    )


def _rival(row: Baseline) -> Rival:
    parameters = number(row.metrics.get("parameters"))
    low, high = (number(row.metrics.get(name)) for name in ("lead_low", "lead_high"))
    return Rival(
        name=str(row.name),
        description=str(row.description),
        valid_score=row.valid_score,
        test_score=row.test_score,
        test_low=number(row.metrics.get("test_low")),
        test_high=number(row.metrics.get("test_high")),
        parameters=None if parameters is None else int(parameters),
        lead=None if low is None or high is None else (low, high),
    )


def _circumstances(source: Source, champion: Champion | None) -> Circumstances:
    facts, rows = source.facts, source.rows
    weights = "none"
    if champion is not None and champion.weights:
        weights = "kept" if source.has_weights(champion.weights) else "lost"
    created = str(facts.get("created") or "")
    return Circumstances(
        name=str(facts.get("name") or source.folder.path.resolve().name),
        status=str(facts.get("status") or ""),
        created=created if re.fullmatch(r"[0-9T:.+Z-]{10,40}", created) else "",
        seconds=max(0.0, number(facts.get("seconds")) or 0.0),
        training_seconds=sum(row.seconds for row in rows),
        engine_seconds=engine_seconds(rows),
        backend=str(facts.get("backend") or ""),
        workers=whole(facts.get("workers")),
        weights=weights,
        configured=source.folder.configuration.is_file(),
        failures=failures(rows),
        events=tuple((str(t), str(k), str(m)) for t, k, m in source.events),
    )
