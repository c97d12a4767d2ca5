"""The finalists: the best different networks of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from speciate.algorithms.proposal import genome_of
from speciate.algorithms.variety import structure_of, varied
from speciate.mutation import best
from speciate.records import hash_of
from speciate.run.stored import candidate_of
from speciate.store import Row


def finalists(rows: Sequence[Row], count: int, alike: int | None = None) -> list[Row]:
    """The best `count` different networks of a search, best first; those that reached the run's goal, if any did.

    Where `alike` is given, so many with layers of the same kinds come before others. A slice stands for its best member. A member that
    went on unchanged is the best of several; its first slice counts.
    """
    known = [row for row in rows if row.best_form is not None or not row.is_slice]
    ok = [leader(row) for row in known if row.score is not None and row.repeat_of is None]
    first = {row.key: row for row in reversed(ok) if row.best_form is not None}
    ok = [row for row in ok if first.get(row.key, row) is row]
    ok = [row for row in ok if row.metrics.get("solved")] or ok
    scores = [row.score for row in ok if row.score is not None]
    if alike is None:
        return [ok[i] for i in best(scores, count)]
    order = (ok[i] for i in best(scores, len(scores)))
    return list(islice(varied(order, lambda row: structure_of(genome_of(candidate_of(row))), alike), count))


def leader(row: Row) -> Row:
    """The row of a slice as one of its best member; any other as it is."""
    if row.best_form is None:
        return row
    return replace(row, form=row.best_form, key=hash_of(row.best_form.value), description=row.best_text)
