"""Weight files that are missing or were altered, made again: the same training gives the same file."""

from __future__ import annotations

from collections.abc import Iterable

from speciate.evaluators import Evaluator
from speciate.run.identity import candidate_of
from speciate.store import Row


def restore(rows: Iterable[Row], evaluator: Evaluator, names: Iterable[str]) -> tuple[list[Row], list[Row]]:
    """Train the networks again whose weight files are lost, and those that they inherited from, if these are lost too.

    Args:
        rows: Every candidate of the run.
        evaluator: As it was in the run, with its weight folder.
        names: The weight files that are needed.

    Returns:
        Whose files are there again, and whose are not: another version, or another processor, trains otherwise.
    """
    assert evaluator.weights is not None
    made: list[Row] = []
    others: list[Row] = []
    for row in _lost(rows, evaluator, names):
        evaluator.weights.remove([str(row.weights)])  # an altered one would not be written again
        evaluation = evaluator.evaluate([candidate_of(row)])[0]
        if evaluation.weights == row.weights:
            made.append(row)
            continue
        others.append(row)
        if evaluation.weights is not None:
            evaluator.weights.remove([evaluation.weights])
    return made, others


def _lost(rows: Iterable[Row], evaluator: Evaluator, names: Iterable[str]) -> list[Row]:
    """Those whose files must be made again, parents before children."""
    assert evaluator.weights is not None
    trained = {row.weights: row for row in rows if row.weights and row.repeat_of is None}
    lost: dict[str, Row] = {}
    wanted = [name for name in names if name in trained]
    while wanted:
        name = wanted.pop()
        if name in lost or evaluator.weights.is_sound(name):
            continue
        lost[name] = trained[name]
        wanted += [weights for _, _, weights in trained[name].ancestors if weights in trained]
    return sorted(lost.values(), key=lambda row: row.id)
