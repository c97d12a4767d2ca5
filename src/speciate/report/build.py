"""From a run folder to the data of its report."""

from __future__ import annotations

import re
from pathlib import Path

from speciate.records import Phase
from speciate.report.credit import operator_credits
from speciate.report.data import Circumstances, Findings, ReportData, Rival
from speciate.report.lineage import differences, lineage, rooted
from speciate.report.network import network
from speciate.report.phases import (
    begun_with,
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
from speciate.report.scores import Scale
from speciate.report.steps import policy_of, steps
from speciate.store import Baseline, Beliefs, RunFolder, RunSummary
from speciate.store.values import LARGEST, mapping, number, whole


def report_data(folder: Path, run: RunSummary | None = None) -> ReportData:
    """Everything that the report of a run folder draws.

    Args:
        folder: The run's.
        run: What was read from it, if it was.

    Raises:
        StorageError: There is no run, or it is damaged.
    """
    run = run.within(LARGEST) if run else RunSummary.read(RunFolder(Path(folder)), largest=LARGEST)
    return ReportData(_findings(run), _circumstances(run))


def _findings(run: RunSummary) -> Findings:
    facts, rows, champion, data = run.facts, run.rows, run.champion, run.data
    search, identity = run.phase(Phase.SEARCH), mapping(facts.get("identity"))
    winner = None if champion is None else champion.id
    family = rooted(search, mapping(facts.get("ancestor")), run.baselines)
    source = next((row for row in search if row.id == winner), None)
    tuned = differences(source.genome, champion.genome) if champion and source and run.rungs else ()
    inherit, bounds = policy_of(identity), Scale(data.metric).bounds
    return Findings(
        data=data,
        settings=identity,
        versions={k: str(v) for k, v in mapping(facts.get("versions")).items()},
        algorithm=str(facts.get("algorithm") or ""),
        population_size=whole(facts.get("population_size")),
        seed=None if number(facts.get("seed")) is None else whole(facts.get("seed")),
        examples=whole(facts.get("examples")),
        champion=champion,
        diagnostics=None if champion is None else run.diagnostics,
        network=None
        if champion is None
        else network(champion.genome, data.shape_for(champion.genome), data.outputs),
        baselines=tuple(_rival(row) for row in run.baselines),
        generations=generations(search),
        progress=progress(search),
        inherit=inherit,
        lineage=() if winner is None else lineage(family, winner),
        steps=() if winner is None else steps(family, winner, data.shape_for, data.outputs, inherit),
        credits=operator_credits(search, bounds),
        final=() if run.rungs else finalists(search, run.phase(Phase.FINAL), winner, bounds),
        rungs=run.rungs,
        kept=run.kept,
        tuned=tuned,
        training=trainings(run.phase(Phase.CHAMPION), None if champion is None else champion.weights),
        best=best_networks(search),
        recipes=begun_with(search),
        beliefs=Beliefs.of(facts.get("beliefs")),
        failures=failure_counts(rows),
        spending=spending(rows),
        engines=engines(rows),
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
        log_loss=number(row.metrics.get("log_loss")),
    )


def _circumstances(run: RunSummary) -> Circumstances:
    facts, rows = run.facts, run.rows
    weights = "none"
    if run.champion is not None and run.champion.weights:
        weights = "kept" if run.has_weights(run.champion.weights) else "lost"
    created = str(facts.get("created") or "")
    return Circumstances(
        name=str(facts.get("name") or run.name),
        status=str(facts.get("status") or ""),
        created=created if re.fullmatch(r"[0-9T:.+Z-]{10,40}", created) else "",
        seconds=max(0.0, number(facts.get("seconds")) or 0.0),
        training_seconds=sum(row.seconds for row in rows),
        engine_seconds=engine_seconds(rows),
        backend=str(facts.get("backend") or ""),
        workers=whole(facts.get("workers")),
        weights=weights,
        configured=run.folder.configuration.is_file(),
        failures=failures(rows),
        events=run.events,
    )
