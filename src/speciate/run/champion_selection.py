"""From the end of a search to its champion: the final, the winner, its last examination, the trainings on all rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from speciate.algorithms.halving import cost_of
from speciate.backends import InlineBackend, available_cores
from speciate.errors import EvaluationError
from speciate.evaluators import Champion, Chosen, Evaluator, Examination, RunContext
from speciate.mutation import best
from speciate.records import RECIPE, Phase, Status
from speciate.run.allowance import Allowance
from speciate.run.failures import nothing_evaluated
from speciate.run.finalists import finalists, leader
from speciate.run.phases import PhaseRunner
from speciate.run.stored import candidate_of, champion_of, recorded
from speciate.run.weight_retention import WeightRetention
from speciate.store import Row, Store
from speciate.text import counted


def winner(candidates: Sequence[Row], final: Sequence[Row]) -> Row:
    """The finalist with the best mean over the final's trainings; without a final, the best of the search.

    The score that made a candidate a finalist does not count: it was chosen for being high.
    """
    means = []
    for candidate in candidates:
        scores = [
            row.score for row in final if row.parents == (candidate.id,) and row.status != Status.UNFINISHED
        ]
        good = [score for score in scores if score is not None]
        # A network that fails with another seed is not one to rely on.
        means.append(float(np.mean(good)) if good and len(good) == len(scores) else -np.inf)
    return candidates[best(means, 1)[0]]


def crown(
    phases: PhaseRunner, weights: WeightRetention, evaluator: Evaluator, context: RunContext, count: int
) -> Champion:
    """From the end of a search to its champion: the final, the closing phase, the last examination, the trainings on all rows.

    What is done already is not done again.

    Args:
        phases: Runs algorithms.
        weights: Looks after weight files.
        evaluator: Knows what each of these is.
        context: The run.
        count: Finalists; 0 for no final.

    Raises:
        EvaluationError: Nothing can be champion.
    """
    store, allowance = phases.store, phases.allowance
    allowance.bound()
    rows = store.rows(Phase.SEARCH)
    best = finalists(rows, max(1, count), evaluator.alike)
    cut = [row for row in rows if row.status == Status.UNFINISHED and evaluator.trains]
    if not best and not cut:
        raise nothing_evaluated(store.rows())
    spent = sum(cost_of(row.parameters, row.examples_seen) for row in rows)
    affordable = allowance.affordable(rows, phases.backend.workers)
    context = replace(context, spent=spent, affordable=affordable, left=lambda: allowance.left)
    if count and best:
        begun = [candidate_of(row) for row in rows if row.operator.startswith(RECIPE)]
        if (final := evaluator.final(context, [candidate_of(row) for row in best], begun)) is not None:
            phases.run(final)
    chosen = winner(best, store.rows(Phase.FINAL)) if best else max(cut, key=lambda row: row.examples_seen)
    kept = chosen.weights or any(row.weights for row in store.rows(Phase.FINAL))
    if allowance.whole and not kept:
        context = replace(context, short=allowance.short(chosen.id, chosen.examples))
    if (closing := evaluator.closing(context, recorded(chosen))) is not None:
        phases.run(closing)
    if (champion := champion_of(store)) is None:
        after = [chosen, *(row for phase in (Phase.FINAL, Phase.CHAMPION) for row in store.rows(phase))]
        weights.restore({row.weights for row in after if row.weights})
        champion = _select(store, evaluator, context, chosen, allowance)
        said = chosen if champion.id == chosen.id else champion  # as the search knows it
        phases.event("champion", f"candidate {champion.id} is the champion: {said.description}")
    return champion if champion.refit else _refitted(phases, evaluator, champion)


def _select(
    store: Store, evaluator: Evaluator, context: RunContext, chosen: Row, allowance: Allowance
) -> Champion:
    """Make the winner of the final the champion, with what its evaluator says of it in a last examination."""
    final, closing = (
        [recorded(leader(row)) for row in store.rows(phase) if row.status != "pending"]
        for phase in (Phase.FINAL, Phase.CHAMPION)
    )
    if allowance.whole and chosen.weights and not any(e.weights for e in [*final, *closing]):
        selection = Chosen(recorded(chosen))  # there was no time for more than the search
    else:
        selection = evaluator.select_champion(recorded(chosen), final, closing)
    known = {row.name for row in store.baselines()}
    allowance.bound(allowance.end)
    found = evaluator.examine(replace(context, known=known), selection)
    allowance.bound()
    for baseline in () if found is None else found.baselines:
        store.set_baseline(baseline)
    shown: dict[str, Any] = {} if found is None or found.trace is None else {"trace": dict(found.trace)}
    if found is not None and found.diagnostics is not None:
        shown["diagnostics"] = found.diagnostics.to_json()
    parents = selection.lead.candidate.parents
    number = parents[0] if selection.members and parents else chosen.id
    champion = _champion(number, selection, found, evaluator.joined(selection))
    store.set(champion=champion.to_json(), **shown)
    return champion


def _refitted(phases: PhaseRunner, evaluator: Evaluator, champion: Champion) -> Champion:
    """The champion with its networks trained again on all rows, if its evaluator does that and all of them could be."""
    store = phases.store
    by_id = {row.id: row for row in store.rows(Phase.FINAL)}
    networks = [candidate_of(by_id[number]) for number in champion.trainings if number in by_id]
    if not networks or (refit := evaluator.refit(networks)) is None:
        return champion
    backend = InlineBackend()  # in this process: workers do not have the test rows
    backend.start(evaluator)
    with suppress(EvaluationError):  # the same failure of all of them
        replace(phases, backend=backend, parallel=min(evaluator.group, available_cores())).run(refit)
    again = {row.parents: row for row in store.rows(Phase.REFIT) if row.status == "ok"}
    missing = [network for network in networks if (network.id,) not in again]
    if missing:  # all or none: what is said of the champion is said of all its networks
        late = all(row.status in ("ok", Status.UNFINISHED) for row in store.rows(Phase.REFIT))
        which = (
            f"{counted(len(missing), 'network')} of {len(networks)} could not be trained again on all rows"
        )
        why = ", as there was no time" if late else ""
        phases.event("refit", f"{which}{why}: the champion's networks are those that were scored")
        return champion
    members = tuple(recorded(again[(network.id,)]) for network in networks)
    selection = Chosen(members[0], members, champion.temperature, temperatures=champion.temperatures)
    champion = replace(
        champion,
        weights=evaluator.joined(selection),
        trainings=tuple(evaluation.candidate.id for evaluation in members),
        refit=True,
    )
    store.set(champion=champion.to_json())
    return champion


def _champion(number: int, selection: Chosen, found: Examination | None, weights: str | None) -> Champion:
    lead, members = selection.lead, selection.members
    score = lead.score if selection.score is None else selection.score
    assert score is not None
    genome = lead.candidate.genome
    return Champion(
        id=number,
        genome=genome.to_json(),
        description=genome.describe(),
        valid_score=score if found is None or found.valid is None else found.valid,
        test_score=None if found is None else found.score,
        test_low=None if found is None else found.low,
        test_high=None if found is None else found.high,
        test_rows=0 if found is None else found.rows,
        parameters=sum(e.parameters for e in members) if members else lead.parameters,
        examples=lead.candidate.budget.examples,
        weights=weights,
        numbers={**selection.numbers, **({} if found is None else found.numbers)},
        members=tuple(e.candidate.genome.to_json() for e in members) if len(members) > 1 else (),
        temperature=selection.temperature,
        trainings=tuple(e.candidate.id for e in members),
        temperatures=selection.temperatures,
    )
