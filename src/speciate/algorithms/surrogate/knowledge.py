"""What is known of the candidates of a search: weights fitted now and then, and a process that grows by every candidate.

Everything here is worked out from what was asked and told before a proposal, step by step in one order, so that a run that goes on
proposes the same to the last bit as one that never stopped.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from speciate.algorithms.proposal import Proposal, genome_of
from speciate.algorithms.surrogate.coordinates import LAYER, MEAN, Coordinates, Points, distances
from speciate.algorithms.surrogate.process import NOISE, Outlook, Process, fitted, normal_scores
from speciate.algorithms.variety import Structure, structure_of, varied
from speciate.records import Budget, Candidate, Evaluation, Status
from speciate.rng import Stream, generator
from speciate.spaces import NetworkGenome, Space

TRIES, FIRST_TRIES = 6, 24
"""How many steps the search for weights takes each time, and the first time."""

GROWTH, MOST_NEW = 1.15, 150
"""How much more results there are when weights are fitted again, and how many more at most."""

FITTED = 160
"""On how many results they are fitted at most: the better half of these are the best, the others are drawn."""

ABLE, PARENTS = 30, 10
"""How many of the best results may still have children, and how many have some at a time."""

ALIKE = 1 / 3
"""Share of those that have layers of the same kinds, if there are others."""

MOST, KEPT = 1000, 500
"""Of more results than this, only some are known: half of `KEPT` are the best, the others are drawn."""

SURPRISES = 5
"""How many networks that came out otherwise than expected are named."""

SHARED = 2
"""How many candidates after one another are chosen from the same proposals: of four, the last are left with what the others were not."""

DIGITS = 9
"""To how many significant digits improvements are compared: what differs by less is a matter of rounding."""


@dataclass(frozen=True)
class Fit:
    """Weights, and what they were fitted to.

    Attributes:
        count: How many results were known.
        logs: See `process.evidence`.
        base: The candidates whose results a process begins with.
        told: All that had results.
    """

    count: int
    logs: np.ndarray
    base: np.ndarray
    told: frozenset[int]


@dataclass
class CandidatePool:
    """Proposals of which the most promising are made, one after another.

    Attributes:
        first: The first candidate that is chosen from it.
        proposals: All of them.
        points: The same.
    """

    first: int
    proposals: Sequence[Proposal]
    points: Points
    _fit: Fit | None = field(default=None, repr=False)
    _outlook: Outlook | None = field(default=None, repr=False)
    _seen: int = 0


class Knowledge:
    """What a search has asked for and was told.

    Args:
        space: Where genomes come from.
        seed: The run's.
        budget: What each evaluation may spend.
        start: The first candidate that is chosen.
        fewest: With how many results weights are fitted for the first time.
    """

    def __init__(self, space: Space, seed: int, budget: Budget, start: int, fewest: int) -> None:
        self.coordinates = Coordinates(space)
        self._seed, self._budget, self._start, self._fewest = seed, budget, start, fewest
        self._usual = np.log(np.append(self.coordinates.usual, NOISE))
        self._asked = self.coordinates.points([])
        self._known: list[int] = []
        self._told: list[int] = []
        self._results: list[Evaluation] = []
        self._scores: list[float] = []
        self._structures: list[Structure] = []
        self.fits = [Fit(0, self._usual, np.zeros(0, np.int64), frozenset())]
        self._process: tuple[Fit, Process, int] | None = None
        self._pool: CandidatePool | None = None

    def ask(self, candidate: Candidate, known: int) -> None:
        """Note a candidate that was made of so many results, if it does not say itself of how many."""
        self._asked += self._points([candidate.genome], [candidate.inherited_examples], new=True)  # type: ignore[list-item]
        self._known.append(known if candidate.known is None else candidate.known)

    def tell(self, index: int, result: Evaluation) -> None:
        """Note the result of the candidate that was asked for as number `index`."""
        self._told.append(index)
        self._results.append(result)
        self._scores.append(result.fitness)
        self._structures.append(structure_of(genome_of(result.candidate)))
        count, last = len(self._told), self.fits[-1]
        enough = min(GROWTH * last.count, last.count + MOST_NEW)
        if count >= max(self._fewest, enough) and self.differ:
            with alone():
                self.fits.append(self._refitted(last))

    @property
    def differ(self) -> bool:
        """Whether some results are better than others."""
        return len(set(self._scores)) > 1

    @property
    def finished(self) -> int:
        """How many candidates did not fail."""
        return sum(map(math.isfinite, self._scores))

    def best(self, known: int) -> list[Evaluation]:
        """Those of the first results that may have children, the best first."""
        return [self._results[place] for place in self._able(known)]

    def able(self) -> list[Evaluation]:
        """Those that may have children from now on, those included that have some among what is chosen from now."""
        then = self.known_at(self._first(len(self._known)))
        places = {*self._able(then), *self._able(len(self._told))}
        return [self._results[place] for place in sorted(places)]

    def _able(self, known: int) -> list[int]:
        """The places of these results in the order in which they came."""
        scores = np.array(self._scores[:known])
        order = [place for place in np.argsort(-scores, kind="stable").tolist() if self._results[place].ok]
        return self._varied(order, ABLE)

    def parents(self, index: int) -> list[Evaluation]:
        """Those of which most was expected when candidate `index` was to be made, the best first."""
        able = self._able(self.known_at(index))
        expected = self._expected(index)[[self._told[place] for place in able]]
        order = [able[at] for at in np.argsort(-np.round(expected, DIGITS), kind="stable")]
        return [self._results[place] for place in self._varied(order, PARENTS)]

    def _varied(self, order: Sequence[int], most: int) -> list[int]:
        return list(islice(varied(order, self._structures.__getitem__, int(most * ALIKE)), most))

    def _points(
        self, genomes: Iterable[NetworkGenome], inherited: Iterable[int], new: bool = False
    ) -> Points:
        lines = (examples / self._budget.examples for examples in inherited)
        return self.coordinates.points(zip(genomes, lines, strict=True), new=new)

    def _refitted(self, last: Fit) -> Fit:
        count, told = len(self._told), np.array(self._told)
        scores = normal_scores(np.array(self._scores))
        rng = generator(self._seed, Stream.SURROGATE, count)
        some = told[chosen(scores, FITTED, rng)]
        values = self._values(count)[some]
        tries = TRIES if last.count else FIRST_TRIES
        logs = fitted(last.logs, self._asked.at(some), values, self._usual, tries, rng)
        base = chosen(scores, KEPT if count > MOST else count, rng)
        return Fit(count, logs, np.sort(told[base]), frozenset(self._told))

    def _values(self, known: int) -> np.ndarray:
        """Normal scores of the first results by candidate, (asked,); NaN where there is none."""
        values = np.full(len(self._known), np.nan)
        values[self._told[:known]] = normal_scores(np.array(self._scores[:known]))
        return values

    def known_at(self, index: int) -> int:
        """Of how many results a candidate was made, or is to be made now."""
        return self._known[index] if index < len(self._known) else len(self._told)

    def _expected(self, index: int) -> np.ndarray:
        """What was expected of all candidates (asked,) when candidate `index` was to be made; minus infinity where nothing."""
        known = self.known_at(index)
        fit = self._fit_of(known)
        found = np.full(len(self._known), -np.inf)
        with alone():
            process, order = self._process_at(fit, index)
            found[order], _ = process.expected(self._values(known)[:index][order])
        return found

    def _first(self, index: int) -> int:
        """The first candidate that is chosen from the same proposals as candidate `index`."""
        return index - max(0, index - self._start) % SHARED

    def ranked(self, index: int, breed: Callable[[int], Sequence[tuple[Proposal, int]]]) -> list[Proposal]:
        """What candidate `index` may be, in order of expected improvement; nothing where all results are the same.

        Args:
            index: The candidate that is to be made.
            breed: Gives what it is chosen from, for the first candidate that is chosen from the same: proposals, and how many
                examples the weights have seen that each would inherit.
        """
        if not self.differ:
            return []
        first = self._first(index)
        if self._pool is None or self._pool.first != first:
            bred = breed(first)
            genomes: Any = (proposal.genome for proposal, _ in bred)
            points = self._points(genomes, (inherited for _, inherited in bred))
            self._pool = CandidatePool(first, [proposal for proposal, _ in bred], points)
        with alone(), np.errstate(divide="ignore"):
            logs = np.log(self._improvements(self._pool, index))
        return [self._pool.proposals[at] for at in np.argsort(-np.round(logs, DIGITS), kind="stable")]

    def _improvements(self, pool: CandidatePool, index: int) -> np.ndarray:
        known = self.known_at(index)
        fit, points = self._fit_of(known), self.coordinates.placed(pool.points)
        if pool._fit is not fit or pool._outlook is None:
            pool._seen = max(
                pool.first, bisect_left(self._known, fit.count)
            )  # when these weights were first used
            pool._fit, pool._outlook = fit, Outlook(self._process_at(fit, pool._seen)[0], points)
        pool._outlook.points = points
        for candidate in range(pool._seen, index):
            pool._outlook.include(self._asked.at(np.array([candidate])))
        pool._seen = index
        self._process = (fit, pool._outlook.process, index)
        values = self._values(known)[:index][self._order(fit, index)]
        return pool._outlook.improvements(values)

    def _fit_of(self, known: int) -> Fit:
        return next(fit for fit in reversed(self.fits) if fit.count <= known)

    def _order(self, fit: Fit, index: int) -> np.ndarray:
        """The candidates before `index` in a process, in the order in which they come in."""
        later = [candidate for candidate in range(index) if candidate not in fit.told]
        return np.concatenate([fit.base, np.array(later, np.int64)])

    def _process_at(self, fit: Fit, index: int) -> tuple[Process, np.ndarray]:
        """The process of some weights with all candidates before `index`, and these."""
        order = self._order(fit, index)
        if self._process is None or self._process[0] is not fit or self._process[2] > index:
            base = self._asked.at(fit.base)
            self._process = (fit, Process(fit.logs, base, len(base) + 2 * MOST_NEW), 0)
        _, process, _ = self._process
        for candidate in order[len(process.points) :]:
            process.include(self._asked.at(np.array([candidate])))
        self._process = (fit, process, index)
        return process, order

    def beliefs(self) -> dict[str, Any]:
        """What was learned, as JSON for people; nothing before weights were fitted. What the clock has cut short says nothing.

        Returns:
            `matters`: each group in words, and its share in how far networks are from each other, the largest first; `networks`, of how
            many results; `rank_correlation` (Spearman) of the scores with what is expected of each network from the others alone
            (Rasmussen & Williams 2006, 5.12); `surprises`: the networks that were farthest off, as [id, expected place, place], 1 is best.
        """
        whole = [at for at, result in enumerate(self._results) if result.status is not Status.UNFINISHED]
        told = [self._told[at] for at in whole]
        known = set(told)
        fit = next(fit for fit in reversed(self.fits) if fit.told <= known)
        order = self._order(fit, len(self._known))
        order = order[[place in known for place in order.tolist()]]
        if not fit.count or len(order) < 2:
            return {}
        every = np.full(len(self._known), np.nan)
        every[told] = normal_scores(np.array(self._scores)[whole])
        values, points = every[order], self._asked.at(order)
        some = points.at(np.arange(min(len(order), FITTED)))
        apart = distances(some, some, len(self.coordinates.groups)).mean(axis=(0, 1)) * np.exp(fit.logs[:-1])
        with alone():
            process = Process(fit.logs, points, len(order))
            off = (process.inverse @ values) / np.diag(process.inverse)
        expected, found = (places(scores) for scores in (values - off, values))
        ids = dict(zip(self._told, (result.candidate.id for result in self._results), strict=True))
        far = np.argsort(-np.abs(expected - found), kind="stable")[:SURPRISES]
        names = [
            f"{name} ({kind})" if kind in (LAYER, MEAN) else name for name, kind in self.coordinates.groups
        ]
        shares = np.round(apart / apart.sum(), 4).tolist()
        return {
            "matters": sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1]),
            "networks": len(order),
            "rank_correlation": round(float(np.corrcoef(expected, found)[0, 1]), 4),
            "surprises": [(ids[int(order[at])], int(expected[at]), int(found[at])) for at in far],
        }


def places(scores: np.ndarray) -> np.ndarray:
    """The place of each score, 1 for the highest; among equals the earlier comes first."""
    found = np.empty(len(scores), np.int64)
    found[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return found


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def alone() -> AbstractContextManager[object]:
    """Products on one thread: they are small, and other threads are busy training networks."""
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


def chosen(scores: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Which of some scores are looked at: all, or the best half of `most`, and as many of the others."""
    if len(scores) <= most:
        return np.arange(len(scores))
    best = np.argsort(-scores, kind="stable")
    return np.concatenate([best[: most // 2], rng.choice(best[most // 2 :], most - most // 2, replace=False)])
