"""The final at the length that is shipped: successive halving, then the best on all rows that are not for test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from speciate.algorithms.base import Algorithm
from speciate.algorithms.proposal import Proposal, genome_of
from speciate.algorithms.variety import structure_of, varied
from speciate.records import FOLDS, HALVING, Budget, Candidate, Evaluation, Phase
from speciate.spaces import NetworkGenome
from speciate.text import counted

GROWTH = 4
"""Each rung shows so many times the examples of the one before."""
RUNGS = 4
SLOWER = 0.4
"""Every network that goes on does so with its learning rate, and with so much of it: longer trainings want smaller ones."""
RATE = "learning_rate"
RUNGS_SHARE, FOLDS_SHARE = 0.5, 0.3
"""Shares of the budget for all rungs together, and for the folds; what is left is for training again on all rows."""
ALIKE = 2
"""So many networks with layers of the same kinds go on before others do."""
OVERHEAD = 30_000
"""A step of a small network costs as if every example met so many more weights."""
MOST_COMPLETE = 8
"""At most so many networks are trained on all folds."""
SEEDS = 4
"""Trainings of a network where there are no folds."""


def cost_of(parameters: int, examples: int) -> int:
    """What a training costs, in weights times examples."""
    return (parameters + OVERHEAD) * examples


@dataclass(frozen=True, slots=True)
class Contender:
    """A network at a length.

    Attributes:
        genome: The network, with its learning rate at this length.
        source: The search's candidate that it comes from.
        examples: Training examples.
    """

    genome: NetworkGenome
    source: int
    examples: int


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of an entry.

    Attributes:
        entry: The entry.
        evaluations: Its trainings that have a score, in the order in which they were asked for: that of the slots.
        failed: Whether a training failed: it is not one to rely on.
    """

    entry: Contender
    evaluations: list[Evaluation] = field(default_factory=list)
    failed: bool = False

    def mean(self, name: str | None) -> float:
        """The mean score, or that of another measurement; minus infinity after a failure, or where there is none."""
        if self.failed or not self.evaluations:
            return -np.inf
        values = [e.fitness if name is None else e.metrics.get(name, e.fitness) for e in self.evaluations]
        return float(np.mean(values))


class Halving(Algorithm):
    """Trainings at growing numbers of examples, of which the better go on; then the best are trained on all folds.

    Every rung costs about the same: few networks with many examples (successive halving: Karnin, Koren & Somekh 2013; Jamieson &
    Talwalkar 2016, arXiv:1502.07943). Trainings are complete ones, with a schedule of their own length. Rungs end where more examples
    help no more. Networks are ordered by the mean of their places by score and by `loss`, since scores of few rows are often equal.

    Args:
        entrants: Candidates of the search.
        lengths: Training examples of each rung.
        budget: What everything may cost; see `cost_of`.
        size: How many parameters a genome has.
        parts: Into how many folds the rows are divided; 1 for none, where networks are trained with several seeds instead.
        first: On how many of the folds the rungs are scored at most.
        loss: The measurement beside the score that orders networks, higher is better; None for the score alone.
    """

    name = HALVING
    phase = Phase.FINAL

    def __init__(
        self,
        entrants: Sequence[Candidate],
        lengths: Sequence[int],
        budget: float,
        size: Callable[[NetworkGenome], int],
        parts: int = 1,
        first: int = 1,
        loss: str | None = None,
    ) -> None:
        self.entrants, self.lengths, self.budget, self.size = list(entrants), tuple(lengths), budget, size
        self.parts, self.first, self.loss = parts, min(first, parts), loss
        self.population_size = max(1, len(self.entrants))

    def _reset(self) -> None:
        self._planned: list[tuple[Contender, int]] = []
        self._ends: list[int] = []  # of the stages, in `_planned`
        self._found: dict[Contender, Trained] = {}
        self._rungs: list[list[Contender]] = []
        self._complete = False
        entries = list(dict.fromkeys(Contender(genome_of(c), c.id, self.lengths[0]) for c in self.entrants))
        # All take part, on fewer folds where that would cost too much: the linear and the hand-made network must not be missing.
        self._folds = max(1, min(self.first, int(self._share / sum(map(self._cost, entries)))))
        self._plan_rung(entries)

    @property
    def _share(self) -> float:
        """What a rung may cost."""
        return self.budget * RUNGS_SHARE / len(self.lengths)

    @property
    def slots(self) -> tuple[int, ...]:
        """The folds of a network's trainings, one after another."""
        return tuple(range(self.parts)) if self.parts > 1 else (0,) * SEEDS

    def _ready(self) -> bool:
        while True:  # results may make the next stage known, which needs more of them
            needed = self._needs(self._asked)
            if not self._feed(needed):
                return False
            if self._needs(self._asked) == needed:
                return True

    def _needs(self, index: int) -> int:
        starts = [0, *self._ends]
        return max(start for start in starts if start <= index) if index < self._ends[-1] else self._ends[-1]

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        if index >= len(self._planned):
            return None
        entry, fold = self._planned[index]
        operator = HALVING if index < self._folds_from else FOLDS
        return Proposal(entry.genome, (entry.source,), operator, Budget(entry.examples), fold=fold)

    @property
    def _folds_from(self) -> int:
        return self._ends[len(self._rungs) - 1]

    def _tell(self, evaluation: Evaluation) -> None:
        entry, _ = self._planned[self._told]
        trained = self._found.setdefault(entry, Trained(entry))
        if evaluation.ok:
            trained.evaluations.append(evaluation)
        else:
            self._found[entry] = replace(trained, failed=True)
        if self._told + 1 == self._ends[-1]:
            if self._complete:
                self._make_up()
            else:
                self._go_on()

    def _go_on(self) -> None:
        """Plan the next rung, or the folds."""
        last, number = self._rungs[-1], len(self._rungs)
        best = self._ordered(last)
        before = self._rungs[-2] if number > 1 else []
        better = not before or self._ordered([best[0], self._ordered(before)[0]])[0] == best[0]
        if number < len(self.lengths) and better:
            examples = self.lengths[number]
            entries = [
                replace(entry, genome=_slower(entry.genome, factor), examples=examples)
                for entry in _varied(best)[: max(2, len(best) // 2)]
                for factor in (1.0, SLOWER)
            ]
            if self._begin_rung(entries):
                return
        self._begin_folds()

    def _begin_rung(self, entries: Sequence[Contender]) -> bool:
        """Plan a later rung of as many entries as it may cost, the first two at least; False if even one costs too much."""
        if self._cost(entries[0]) * self._folds > 2 * self._share:
            return False
        taken: list[Contender] = []
        for entry in dict.fromkeys(entries):
            if len(taken) < 2 or sum(map(self._cost, [*taken, entry])) * self._folds <= self._share:
                taken.append(entry)
        self._plan_rung(taken)
        return True

    def _plan_rung(self, taken: Sequence[Contender]) -> None:
        self._rungs.append(list(taken))
        self._plan([(entry, fold) for entry in taken for fold in self.slots[: self._folds]])
        self.stage = f"{counted(len(taken), 'network')} at {taken[0].examples:,} examples", len(self._planned)

    def _begin_folds(self) -> None:
        """Plan the trainings that the best of all rungs lack, as many as they may cost, the first at least."""
        self._complete = True
        rest, plan = self.budget * FOLDS_SHARE, []
        ordered = _varied(self._ordered([entry for rung in self._rungs for entry in rung]))
        for place, entry in enumerate(ordered[:MOST_COMPLETE]):
            lacking = self._lacking(entry)
            rest -= self._cost(entry) * len(lacking)
            if self._found[entry].failed or (place and rest < 0):
                continue
            plan += [(entry, fold) for fold in lacking]
        self._plan(plan)
        where = "on all folds" if self.parts > 1 else "with more seeds"
        count = counted(len({entry for entry, _ in plan}), "network")
        self.stage = f"{count} {where}" if plan else "", len(self._planned)

    def _make_up(self) -> None:
        """Where all failed that were to be complete, plan what the next best lacks, if there is one."""
        entries = [t.entry for t in self._found.values() if not t.failed]
        lacking = {entry: self._lacking(entry) for entry in self._ordered(entries)}
        if lacking and all(lacking.values()):
            entry = next(iter(lacking))
            self._plan((entry, fold) for fold in lacking[entry])

    def _lacking(self, entry: Contender) -> tuple[int, ...]:
        """The folds of the trainings that it takes yet."""
        return self.slots[len(self._found[entry].evaluations) :]

    def _plan(self, trainings: Iterable[tuple[Contender, int]]) -> None:
        self._planned += trainings
        self._ends.append(len(self._planned))

    def _cost(self, entry: Contender) -> int:
        return cost_of(self.size(entry.genome), entry.examples)

    def _ordered(self, entries: Sequence[Contender]) -> list[Contender]:
        """The entries, the best first."""
        places = np.zeros(len(entries))
        for name in (None, self.loss) if self.loss else (None,):
            values = np.array([-self._found[entry].mean(name) for entry in entries])
            places += np.searchsorted(np.sort(values), values)  # equal ones have the same place
        return [entries[i] for i in np.argsort(places, kind="stable")]


def _varied(entries: Sequence[Contender]) -> list[Contender]:
    return list(varied(entries, lambda entry: structure_of(entry.genome), ALIKE))


def lengths_of(examples: int, chosen: int | None) -> tuple[int, ...]:
    """Training examples of the rungs: from twice those of the search on, or those that were chosen."""
    return (chosen,) if chosen else tuple(2 * examples * GROWTH**rung for rung in range(RUNGS))


def _slower(genome: NetworkGenome, factor: float) -> NetworkGenome:
    rate = genome.hyper_parameters.get(RATE)
    if factor == 1 or not isinstance(rate, float):
        return genome
    return replace(genome, hyper=tuple({**genome.hyper_parameters, RATE: rate * factor}.items()))
