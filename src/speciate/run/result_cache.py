"""Candidates that were already evaluated with the same budget are not trained again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from speciate.records import Candidate, Cost, Evaluation, Phase, Status

REPEATABLE = (Status.OK, Status.DIVERGED, Status.INFEASIBLE)
"""Outcomes that belong to the network and its budget. A crash or a time-out may have had another cause."""


class ResultCache:
    """Knows what was asked for, and answers repeats from the first of their kind.

    Only the search's candidates count: the final and the champion's trainings repeat on purpose.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, int, tuple[str, ...]], int] = {}
        self._results: dict[int, Evaluation] = {}
        self._waiting: defaultdict[int, list[Candidate]] = defaultdict(list)

    def sort(self, candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Evaluation]]:
        """Which candidates need work, and the evaluations of those whose result is known.

        Repeats of a candidate that is still being evaluated are in neither: `answer` returns them later.
        """
        fresh: list[Candidate] = []
        known: list[Evaluation] = []
        for candidate in candidates:
            first = self._first_of(candidate)
            if first == candidate.id:
                fresh.append(candidate)
            elif first in self._results:
                if self._results[first].status in REPEATABLE:
                    known.append(_copied(self._results[first], candidate))
                else:
                    fresh.append(candidate)
            else:
                self._waiting[first].append(candidate)
        return fresh, known

    def answer(self, evaluations: Sequence[Evaluation]) -> tuple[list[Candidate], list[Evaluation]]:
        """What results mean for waiting repeats: those that need work after all, and the evaluations of the others."""
        fresh: list[Candidate] = []
        known: list[Evaluation] = []
        for evaluation in evaluations:
            if evaluation.candidate.slice is None:  # no slice is a repeat, and they would fill the memory
                self._results[evaluation.candidate.id] = evaluation
            waiting = self._waiting.pop(evaluation.candidate.id, [])
            if evaluation.status in REPEATABLE:
                known += [_copied(evaluation, candidate) for candidate in waiting]
            else:
                fresh += waiting
        return fresh, known

    def _first_of(self, candidate: Candidate) -> int:
        if candidate.phase is not Phase.SEARCH:
            return candidate.id
        inherited = tuple(ancestor.weights for ancestor in candidate.ancestors)
        kind = (candidate.genome.phenotype, candidate.budget.examples, inherited)
        return self._first.setdefault(kind, candidate.id)


def _copied(evaluation: Evaluation, candidate: Candidate) -> Evaluation:
    """The same result for another candidate, at no cost."""
    first = evaluation.candidate.id if evaluation.repeat_of is None else evaluation.repeat_of
    cost = Cost(0, evaluation.cost.lineage_examples, 0.0)
    return replace(evaluation, candidate=candidate, cost=cost, engine="repeat", repeat_of=first)
