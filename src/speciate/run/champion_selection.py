"""Which candidate is champion: the finalists, the winner of the final, and its last examination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from speciate.evaluators import Champion, Evaluator, Examination, RunContext
from speciate.mutation import best
from speciate.records import Evaluation, Phase, hash_of
from speciate.run.stored import recorded
from speciate.store import Row, Store


def finalists(rows: Sequence[Row], count: int) -> list[Row]:
    """The best `count` different networks of a search, best first; those that reached the run's goal, if any did.

    A slice stands for its best member. A member that went on unchanged is the best of several; its first slice counts.
    """
    known = [row for row in rows if row.best_form is not None or not row.is_slice]
    ok = [leader(row) for row in known if row.score is not None and row.repeat_of is None]
    first = {row.key: row for row in reversed(ok) if row.best_form is not None}
    ok = [row for row in ok if first.get(row.key, row) is row]
    ok = [row for row in ok if row.metrics.get("solved")] or ok
    return [ok[i] for i in best([row.score for row in ok if row.score is not None], count)]


def leader(row: Row) -> Row:
    """The row of a slice as one of its best member; any other as it is."""
    if row.best_form is None:
        return row
    return replace(row, form=row.best_form, key=hash_of(row.best_form.value), description=row.best_text)


def winner(candidates: Sequence[Row], final: Sequence[Row]) -> Row:
    """The finalist with the best mean over the final's trainings; without a final, the best of the search.

    The score that made a candidate a finalist does not count: it was chosen for being high.
    """
    means = []
    for candidate in candidates:
        scores = [row.score for row in final if row.parents == (candidate.id,)]
        good = [score for score in scores if score is not None]
        # A network that fails with another seed is not one to rely on.
        means.append(float(np.mean(good)) if good and len(good) == len(scores) else -np.inf)
    return candidates[best(means, 1)[0]]


def select(store: Store, evaluator: Evaluator, context: RunContext, chosen: Row) -> None:
    """Make the winner of the final the champion, with what its evaluator says of it in a last examination.

    Raises:
        EvaluationError: It cannot be one.
    """
    closing = [leader(row) for row in store.rows(Phase.CHAMPION) if row.status != "pending"]
    selected = evaluator.select_champion(recorded(chosen), [recorded(row) for row in closing])
    known = {row.name for row in store.baselines()}
    found = evaluator.examine(replace(context, known=known), selected)
    for baseline in () if found is None else found.baselines:
        store.set_baseline(baseline)
    shown: dict[str, Any] = {} if found is None or found.trace is None else {"trace": dict(found.trace)}
    if found is not None and found.diagnostics is not None:
        shown["diagnostics"] = found.diagnostics.to_json()
    store.set(champion=_champion(chosen.id, selected, found).to_json(), **shown)


def _champion(number: int, selected: Evaluation, found: Examination | None) -> Champion:
    assert selected.score is not None
    genome = selected.candidate.genome
    return Champion(
        id=number,
        genome=genome.to_json(),
        description=genome.describe(),
        valid_score=selected.score if found is None or found.valid is None else found.valid,
        test_score=None if found is None else found.score,
        test_low=None if found is None else found.low,
        test_high=None if found is None else found.high,
        test_rows=0 if found is None else found.rows,
        parameters=selected.parameters,
        examples=selected.candidate.budget.examples,
        weights=selected.weights,
        numbers={} if found is None else dict(found.numbers),
    )
