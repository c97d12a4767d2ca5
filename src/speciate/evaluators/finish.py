"""How a run of networks that learn ends: its final, its champion's trainings, and which of them are kept."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from speciate.algorithms import DoublingTraining, Final, Halving, Refit
from speciate.algorithms.halving import ALIKE, FOLDS_SHARE, RUNGS_SHARE, cost_of, lengths_of
from speciate.algorithms.proposal import genome_of
from speciate.data import Data, Split
from speciate.errors import EvaluationError
from speciate.evaluators.champion import REPEATS, Chosen, RunContext
from speciate.evaluators.pooling import (
    LARGEST,
    Losses,
    Pooled,
    cost_of_answers,
    fitted_temperature,
    greedy,
    losses_of,
    ordering_loss,
    tempered,
)
from speciate.mutation import best
from speciate.records import OUT_OF_FOLD, Ancestor, Candidate, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, count_parameters
from speciate.spaces.genome import BINS
from speciate.spaces.shapes import belongs
from speciate.text import counted, either

if TYPE_CHECKING:
    from speciate.algorithms import Algorithm
    from speciate.networks.network import Network

DOUBLINGS = 6
"""The champion's real training shows at most 2**6 = 64 times the examples of a search evaluation."""
BUDGET = 3.0
"""What the final may cost, with the trainings on all rows that follow, in proportion to the search."""
LEAST = 300
"""However small the search, the final may cost as much as so many of its networks that are next to nothing to train: it is to reach lengths
that a champion needs."""
ENOUGH_ROWS = 500
"""Rungs of the final are scored on at least so many rows where there are folds to do so."""


def budget_of(context: RunContext) -> float:
    """What a final may cost, as `speciate.algorithms.halving.cost_of` counts it."""
    return min(context.affordable, max(BUDGET * context.spent, LEAST * cost_of(0, context.examples)))


class Learning(Protocol):
    """What a finish asks of its evaluator; see `LearningEvaluator`."""

    data: Data

    @property
    def inherits(self) -> bool: ...  # noqa: D102

    def predict(self, network: Network, x: np.ndarray) -> np.ndarray: ...  # noqa: D102

    def load(self, candidate: Candidate, weights: str) -> Network: ...  # noqa: D102


class Finish(ABC):
    """How a run ends.

    Attributes:
        alike: How many finalists have layers of the same kinds before others are taken; None for as many as are best.
        of_final: Whether what is kept are trainings of the final, whose weights are needed then.
    """

    of_final: ClassVar[bool] = False
    alike: ClassVar[int | None] = None

    def entrants(self, evaluator: Learning, finalists: Sequence[Candidate]) -> Sequence[Candidate]:
        """Who takes part in the final of the best of the search; all of them."""
        return finalists

    @abstractmethod
    def final(
        self, evaluator: Learning, context: RunContext, finalists: Sequence[Candidate]
    ) -> Algorithm | None:
        """What the best of the search go through, in the phase `FINAL`."""

    @abstractmethod
    def closing(self, evaluator: Learning, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """What the winner goes through, in the phase `CHAMPION`."""

    @abstractmethod
    def select(
        self, evaluator: Learning, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """What is kept.

        Raises:
            EvaluationError: All trainings failed.
        """

    @abstractmethod
    def time_share(self, phase: Phase) -> float:
        """What share of the time that is left a phase may take."""

    def outlook(self, context: RunContext, finalists: int, recipes: int) -> str:
        """What is going to happen, in words, if it is more than a final with several seeds."""
        return ""

    def refit(self, evaluator: Learning, networks: Sequence[Candidate]) -> Algorithm | None:
        """The trainings on all rows that replace the networks that were kept; None to keep them."""
        return None

    def describe(self) -> dict[str, Any]:
        """What decides a champion, as JSON."""
        return {}


class Doubling(Finish):
    """The final trains with several seeds; the winner is trained with more and more examples until that helps no more."""

    def time_share(self, phase: Phase) -> float:
        """About half for the search, and half of the rest for each of final and champion."""
        return {Phase.SEARCH: 0.5, Phase.FINAL: 0.4}.get(phase, 1.0)

    def final(
        self, evaluator: Learning, context: RunContext, finalists: Sequence[Candidate]
    ) -> Algorithm | None:
        """Several seeds."""
        return Final(finalists, context.repeats)

    def closing(self, evaluator: Learning, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """The winner's real training. It begins from its own weights, where these were kept."""
        candidate = chosen.candidate
        if chosen.weights is not None and evaluator.inherits:
            itself = Ancestor(candidate.id, candidate.genome, chosen.weights)
            examples = chosen.cost.lineage_examples
            candidate = replace(candidate, ancestors=(itself,), inherited_examples=examples)
        if context.short is not None:
            return DoublingTraining(candidate, context.short, context.short)
        first = context.final_examples or context.examples
        return DoublingTraining(candidate, first, context.final_examples or first * 2**DOUBLINGS)

    def select(
        self, evaluator: Learning, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """The best of the real trainings; where there was no time for one, of the final's."""
        trained = _trained(closing) or _trained(final)
        if not trained:
            raise EvaluationError(
                "the champion's training failed", hint="resume tries again with another --final-examples"
            )
        return Chosen(trained[best([evaluation.fitness for evaluation in trained], 1)[0]])


@dataclass(frozen=True)
class Together(Finish):
    """The final is `Halving`; several of its networks answer together; they are trained again on all rows.

    Args:
        ensemble: How many networks at most; None for `LARGEST`.
        refits: Whether they are trained again on all rows, once the test rows have been scored.
    """

    ensemble: int | None = None
    refits: bool = True
    of_final: ClassVar[bool] = True
    alike: ClassVar[int | None] = ALIKE

    def time_share(self, phase: Phase) -> float:
        """As `BUDGET` divides it without a limit."""
        return {Phase.SEARCH: 1 / (1 + BUDGET), Phase.FINAL: RUNGS_SHARE + FOLDS_SHARE}.get(phase, 1.0)

    def entrants(self, evaluator: Learning, finalists: Sequence[Candidate]) -> Sequence[Candidate]:
        """All of them, and each with bins without them, or the other way round: networks with bins learn faster, and not always more."""
        options = evaluator.data.bins
        found = list(finalists)
        for candidate in finalists:
            genome = genome_of(candidate)
            if options and genome.layers and BINS in genome.hyper_parameters:
                bins = 0 if genome.bins else options[len(options) // 2]
                other = replace(genome, hyper=tuple({**genome.hyper_parameters, BINS: bins}.items()))
                if all(belongs(node.kind, other.sources[node.mark], other) for node in other.layers):
                    found.append(replace(candidate, genome=other))
        return found

    def final(
        self, evaluator: Learning, context: RunContext, finalists: Sequence[Candidate]
    ) -> Algorithm | None:
        """Halving over all of them, within a budget in proportion to that of the search."""
        data = evaluator.data

        @cache
        def shape(bins: int) -> tuple[int, ...]:
            encoding = data.encoding_for(bins)  # rows need not be encoded to know how wide they get
            return data.input_shape if encoding is None else (encoding.width,)

        def size(genome: NetworkGenome) -> int:
            return count_parameters(genome, shape(genome.bins), data.outputs)

        return Halving(
            finalists,
            lengths_of(context.examples, context.final_examples),
            budget_of(context),
            size,
            data.parts,
            math.ceil(ENOUGH_ROWS / len(data.valid)),
            ordering_loss(data),
        )

    def closing(self, evaluator: Learning, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """Nothing: the final has trained at full length. Where there was no time for any of its trainings, a short one."""
        if context.short is None:
            return None
        return DoublingTraining(chosen.candidate, context.short, context.short)

    def select(
        self, evaluator: Learning, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """The networks that answer best together on the rows that none of them was trained on.

        Each has a temperature of its own before they are compared: those that were trained for long are often right, and too sure.
        """
        data = evaluator.data
        whole, folds = _complete(final, data.parts)
        if not whole and (short := _trained(closing)):
            return Chosen(short[0])
        if not whole:
            raise EvaluationError(
                "the trainings of the final failed",
                hint="speciate show says why; a longer search finds other networks",
            )
        parts = {number: data.fold(number).valid for number in folds}
        rows = reduce(Split.joined, parts.values())
        losses = losses_of(data, rows)
        said = [_said(evaluator, group, parts) for group in whole]
        own = [_temperature(data, answers, losses) for answers in said]
        pool = [Pooled(tempered(a, t), len(group)) for a, t, group in zip(said, own, whole, strict=True)]
        chosen = greedy(pool, cost_of_answers(data, rows), self.ensemble or LARGEST)
        answers = np.mean([pool[i].answers for i in chosen], axis=0)
        temperature = _temperature(data, answers, losses)
        if len(set(chosen)) < len(
            chosen
        ):  # copies are not averaged here: together they are less sure than these answers
            temperature = min(1.0, temperature)
        answers = tempered(answers, temperature)
        members = tuple(whole[i][chosen[:place].count(i)] for place, i in enumerate(chosen))
        # What it is compared with has a score of the validation rows alone.
        score = data.score(parts[0], answers[: len(parts[0])])
        numbers = {OUT_OF_FOLD: data.score(rows, answers)} if data.parts > 1 else {}
        temperatures = tuple(own[i] for i in chosen) if any(own[i] != 1 for i in chosen) else ()
        return Chosen(members[0], members, temperature, score, numbers, temperatures)

    def outlook(self, context: RunContext, finalists: int, recipes: int) -> str:
        """The rungs, and what comes of them."""
        first, *others = [f"{length:,}" for length in lengths_of(context.examples, context.final_examples)]
        rungs = f"{first} examples" + (f", the better ones at {either(others, 'and')}" if others else "")
        entrants = f"{counted(finalists, 'network')}" + (
            f" and {counted(recipes, 'recipe')}" if recipes else ""
        )
        most = self.ensemble or LARGEST
        idle = "" if context.repeats == REPEATS else f"; repeats = {context.repeats} has no effect on it"
        kept = f"up to {most} answer together" if most > 1 else "one is kept"
        return f"final of at most {entrants} at {rungs}; {kept}{', trained again on all rows' * self.refits}{idle}"

    def refit(self, evaluator: Learning, networks: Sequence[Candidate]) -> Algorithm | None:
        """Each again, with a seed of its own."""
        data = evaluator.data
        rows = len(data.train) + len(data.valid) + data.test.rows
        return Refit(networks, rows / len(data.train)) if self.refits else None

    def describe(self) -> dict[str, Any]:
        """As JSON."""
        return {"finish": {"ensemble": self.ensemble or LARGEST, "refit": self.refits}}


def _trained(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Those whose weights were kept."""
    return [evaluation for evaluation in evaluations if evaluation.ok and evaluation.weights]


def _complete(final: Sequence[Evaluation], parts: int) -> tuple[list[list[Evaluation]], Sequence[int]]:
    """The trainings of each network that was trained on all folds, and these; without folds, each is one of its own.

    Where the time was up before any was, those of the first fold that were trained on it, to be compared by its rows alone.
    """
    groups: defaultdict[tuple[Any, ...], list[Evaluation]] = defaultdict(list)
    for evaluation in _trained(final):
        candidate = evaluation.candidate
        one = candidate.id if parts == 1 else None
        key = candidate.parents, candidate.genome.phenotype, candidate.budget.examples, one
        groups[key].append(evaluation)
    found = [group for group in groups.values() if {e.candidate.fold for e in group} == set(range(parts))]
    if found or not any(e.status is Status.UNFINISHED for e in final):
        return found, range(parts)
    first = min((e.candidate.fold for group in groups.values() for e in group), default=0)
    apart = [[e for e in group if e.candidate.fold == first] for group in groups.values()]
    return [group for group in apart if group], [first]


def _temperature(data: Data, answers: np.ndarray, losses: Losses) -> float:
    return fitted_temperature(answers, losses) if data.task == "classification" else 1.0


def _said(evaluator: Learning, group: Sequence[Evaluation], parts: Mapping[int, Split]) -> np.ndarray:
    """What a network's trainings say of the rows of some folds, by number, each of those that it was not trained on."""
    by_fold = {evaluation.candidate.fold: evaluation for evaluation in group}
    said = []
    for number, part in parts.items():
        evaluation = by_fold[number]
        network = evaluator.load(evaluation.candidate, str(evaluation.weights))
        said.append(evaluator.predict(network, part.x))
    return np.concatenate(said)


def in_turn(finalists: Sequence[Candidate], recipes: Sequence[Candidate]) -> list[Candidate]:
    """Both, in turn, each network once."""
    pairs = zip_longest(finalists, recipes)
    every = {c.genome.phenotype: c for pair in pairs for c in pair if c is not None}
    return list(every.values())
