"""What came after the search, from the rows of a run: a final at growing numbers of examples, and what the champion's networks come from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from speciate.records import FOLDS, HALVING, Phase
from speciate.store.rows import Row
from speciate.store.values import sequence

LOSSES = {
    "valid_calibrated_neg_log_loss": "log loss, calibrated",
    "valid_neg_log_loss": "log loss",
    "valid_neg_root_mean_squared_error": "RMSE",
}
"""What networks are ordered by besides their score, where it is not the score itself; higher is better."""


@dataclass(frozen=True, slots=True)
class RungNetwork:
    """A network of a rung.

    Attributes:
        source: The search's candidate that it comes from.
        description: The genome in one line.
        parameters: Trainable ones.
        examples: Training examples.
        scores: Of its trainings, each on another part of the rows or with another seed.
        losses: Of the same trainings; none where the score is the loss.
        failed: Trainings without a score.
        pending: Trainings without a result.
        went_on: Whether it is in a later rung, too.
        kept: How many of the champion's networks are it; counted where it is last.
    """

    source: int
    description: str
    parameters: int
    examples: int
    scores: tuple[float, ...]
    losses: tuple[float, ...]
    failed: int
    pending: int
    went_on: bool
    kept: int

    @property
    def score(self) -> float | None:
        """The mean score."""
        return sum(self.scores) / len(self.scores) if self.scores else None

    @property
    def loss(self) -> float | None:
        """The mean loss, higher is better."""
        return sum(self.losses) / len(self.losses) if self.losses else None


@dataclass(frozen=True, slots=True)
class Rung:
    """Networks that were compared with each other: those that went on first, then by their mean score.

    Attributes:
        examples: Training examples of each; None of those that were trained on the rest of the folds, or with more seeds.
        networks: The networks.
        folds: On how many parts of the rows they were scored.
        loss: What `RungNetwork.losses` are, in words; empty if there are none.
    """

    examples: int | None
    networks: tuple[RungNetwork, ...]
    folds: int
    loss: str

    @property
    def title(self) -> str:
        """What its networks have in common."""
        rest = f"all {self.folds} folds" if self.folds > 1 else "more seeds"
        return rest if self.examples is None else f"{self.examples:,} examples"


@dataclass(frozen=True, slots=True)
class Kept:
    """Equal networks of a champion: how many there are, the search's candidate that they come from, and what they are."""

    times: int
    candidate: int
    examples: int
    parameters: int
    description: str


Entry = tuple[int, str, int]
"""A network at a length: the candidate of the search, the key of the genome, the training examples."""


def _entry(row: Row) -> Entry:
    return row.parents[0] if row.parents else row.id, row.key, row.examples


def origins(champion: dict[str, Any], rows: Sequence[Row]) -> list[Row]:
    """The trainings of the final that a champion's networks come from, in their order; those that can be found.

    Args:
        champion: As it is stored.
        rows: The candidates of its run that come after the search.
    """
    by_id = {row.id: row for row in rows}
    names = [number for number in sequence(champion.get("trainings")) if isinstance(number, int)]
    found = [by_id[number] for number in names if number in by_id]
    again = [by_id.get(row.parents[0]) if row.phase == Phase.REFIT and row.parents else row for row in found]
    return [row for row in again if row is not None]


def kept(champion: dict[str, Any], rows: Sequence[Row]) -> tuple[Kept, ...]:
    """The networks of a champion that come from trainings of the final, the leading one first; see `origins`."""
    found = origins(champion, rows)
    times, first = Counter(map(_entry, found)), {_entry(row): row for row in reversed(found)}
    return tuple(
        Kept(count, entry[0], entry[2], first[entry].parameters, first[entry].description)
        for entry, count in times.items()
    )


def lineage_of(champion: dict[str, Any], rows: Iterable[Row]) -> int | None:
    """Examples that went into a champion's weights, those of its ancestors included; the most of any network of an ensemble.

    Args:
        champion: As it is stored.
        rows: The candidates of its run, or those that come after the search.

    Returns:
        None if it has no weights, or the rows do not tell.
    """
    weights, own = champion.get("weights"), sequence(champion.get("trainings"))
    after = [row for row in rows if row.phase != Phase.SEARCH]
    found = [
        row.lineage_examples
        for row in after
        if row.id in own or (row.weights == weights and row.phase == Phase.CHAMPION)
    ]
    return max(found, default=None) if weights else None


def rungs(champion: dict[str, Any], rows: Sequence[Row]) -> tuple[Rung, ...]:
    """The rungs of a final, in their order, then what their best were completed by; none of a final of another kind."""
    final = [row for row in rows if row.phase == Phase.FINAL and row.operator in (HALVING, FOLDS)]
    times = Counter(map(_entry, origins(champion, rows)))
    completed = {_entry(row) for row in final if row.operator == FOLDS}
    stages: dict[int | None, list[Row]] = {}
    for row in final:
        if row.operator == HALVING:
            stages.setdefault(row.examples, []).append(row)
    if completed:
        stages[None] = [row for row in final if _entry(row) in completed]
    found, later = [], set[tuple[int, str]]()
    for length, trainings in reversed(stages.items()):
        found.append(_rung(length, trainings, later, times))
        later |= {_entry(row)[:2] for row in trainings}
        times = Counter(
            {entry: count for entry, count in times.items() if length is not None or entry not in completed}
        )
    return tuple(reversed(found))


def _rung(
    length: int | None, rows: Sequence[Row], later: set[tuple[int, str]], times: Counter[Entry]
) -> Rung:
    groups: dict[Entry, list[Row]] = {}
    for row in rows:
        groups.setdefault(_entry(row), []).append(row)
    loss = next((name for name in LOSSES if any(name in row.metrics for row in rows)), "")
    found = [
        RungNetwork(
            source=entry[0],
            description=trainings[0].description,
            parameters=max(row.parameters for row in trainings),
            examples=entry[2],
            scores=tuple(row.score for row in trainings if row.score is not None),
            losses=tuple(row.metrics[loss] for row in trainings if loss in row.metrics),
            failed=sum(row.status not in ("ok", "pending", "unfinished") for row in trainings),
            pending=sum(row.status == "pending" for row in trainings),
            went_on=entry[:2] in later,
            kept=times[entry],
        )
        for entry, trainings in groups.items()
    ]
    found.sort(key=lambda c: (not c.went_on, c.failed > 0, math.inf if c.score is None else -c.score))
    folds = max(len({row.fold for row in trainings}) for trainings in groups.values())
    return Rung(length, tuple(found), folds, LOSSES.get(loss, ""))


def rung_json(rung: Rung) -> dict[str, Any]:
    """A rung as JSON, with mean scores."""
    networks = [{**asdict(c), "score": c.score, "loss": c.loss} for c in rung.networks]
    return {**asdict(rung), "title": rung.title, "networks": networks}


def stands_for(networks: int, tested: bool) -> str:
    """What the scores of a champion stand for that was trained again on all rows, in a sentence.

    Args:
        networks: Of how many networks it consists.
        tested: Whether there were test rows.
    """
    which, they, them = ("network was", "it", "it") if networks == 1 else ("networks were", "they", "them")
    if not tested:
        return (
            f"There are no test rows: the scores are of the validation rows, by which the {which} chosen, and thus a little too good. They "
            f"were measured before the {which} trained again on all rows."
        )
    return (
        f"The scores were measured before the {which} trained again on all rows, the test rows among them: no rows are left to score "
        f"{them} on, but having learned from more, {they} should do at least as well."
    )
