"""Who is champion, and how it compares: finalists, the final's winner, baselines, and the one look at the test rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from speciate.data import score
from speciate.errors import EvaluationError
from speciate.evaluators import Evaluator, SupervisedEvaluator
from speciate.evaluators.base import Examination
from speciate.evaluators.baselines import fit_baselines
from speciate.evaluators.intervals import Interval, Tested, difference, scored
from speciate.mutation import best
from speciate.networks import hand_made
from speciate.networks.network import Network
from speciate.records import Budget, Candidate, Evaluation, Phase, hash_of
from speciate.rng import Stream, derive
from speciate.run.identity import genome_of
from speciate.spaces import NetworkGenome, count_parameters
from speciate.store import Baseline, Row, Store


@dataclass(frozen=True, slots=True)
class Champion:
    """The winner of a run.

    Attributes:
        id: The search's candidate whose genome won.
        genome: Its genome, in canonical JSON form.
        description: The same in one line.
        valid_score: Validation score after its real training.
        test_score: Score on the sealed test rows, measured once; None where there are none.
        test_low: Lower end of its 95 % confidence interval.
        test_high: Upper end.
        test_rows: How many test rows there are.
        parameters: Trainable parameters.
        examples: Training examples that its real training showed.
        weights: SHA-256 of its weight file.
        numbers: What else was measured of it, by what it is.
    """

    id: int
    genome: dict[str, Any]
    description: str
    valid_score: float
    test_score: float | None
    test_low: float | None
    test_high: float | None
    test_rows: int
    parameters: int
    examples: int
    weights: str | None
    numbers: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Champion:
        """From JSON."""
        return cls(**value)


def finalists(rows: Sequence[Row], count: int) -> list[Row]:
    """The best `count` different networks of a search, best first; those that reached the run's goal, if any did.

    A slice stands for its best member. A member that went on unchanged is the best of several; its first slice counts.
    """
    known = [row for row in rows if row.best is not None or not row.is_slice]
    ok = [leader(row) for row in known if row.score is not None and row.repeat_of is None]
    first = {row.key: row for row in reversed(ok) if row.best is not None}
    ok = [row for row in ok if first.get(row.key, row) is row]
    ok = [row for row in ok if row.metrics.get("solved")] or ok
    return [ok[i] for i in best([row.score for row in ok if row.score is not None], count)]


def leader(row: Row) -> Row:
    """The row of a slice as one of its best member; any other as it is."""
    if row.best is None:
        return row
    return replace(row, genome=row.best, key=hash_of(row.best), description=row.best_text)


def winner(candidates: Sequence[Row], final: Sequence[Row]) -> Row:
    """The finalist with the best mean over the final's trainings; without a final, the best of the search.

    The score that made somebody a finalist does not count: it was chosen for being high.
    """
    means = []
    for candidate in candidates:
        scores = [row.score for row in final if row.parents == (candidate.id,)]
        good = [score for score in scores if score is not None]
        # A network that fails with another seed is not one to rely on.
        means.append(float(np.mean(good)) if good and len(good) == len(scores) else -np.inf)
    return candidates[best(means, 1)[0]]


class Judge:
    """Scores what a run is compared with, and the champion on the sealed test rows.

    Args:
        store: The run's store.
        evaluator: The run's evaluator.
        seed: The run's seed.
        examples: Examples of a search evaluation.
        ancestor: The network that the run starts from, fitted to its data.
    """

    def __init__(
        self,
        store: Store,
        evaluator: Evaluator,
        seed: int,
        examples: int,
        ancestor: Network | None = None,
    ) -> None:
        self.store, self.evaluator, self.seed, self.examples = store, evaluator, seed, examples
        # One with fresh layers knows nothing yet: no rival.
        self.ancestor = ancestor if ancestor is not None and ancestor.whole else None

    def baselines(self) -> None:
        """Score the baselines on the validation rows, unless that was done."""
        known = {row.name for row in self.store.baselines()}
        if not isinstance(self.evaluator, SupervisedEvaluator) or "hand-made" in known:
            return
        for fitted in fit_baselines(self.evaluator.data):
            row = Baseline(fitted.name, fitted.valid_score, None, {}, fitted.description, fitted.seconds)
            self.store.set_baseline(row)
        if self.ancestor is not None:
            self._store_ancestor(self.evaluator, self.ancestor, Marks())
        started = time.perf_counter()
        evaluation = self._hand_made(self.examples, Phase.SEARCH)
        if evaluation.score is not None:
            self._store_hand_made(evaluation, Marks(), time.perf_counter() - started)

    def crown(self, chosen: Row) -> None:
        """Make a candidate champion: take the best of its real trainings, and open the seal, once."""
        if not isinstance(self.evaluator, SupervisedEvaluator):
            self._crown_untrained(chosen)
            return
        trained = [row for row in self.store.rows(Phase.CHAMPION) if row.score is not None and row.weights]
        if not trained:
            raise EvaluationError(
                "the champion's training failed", hint="resume tries again with another --final-examples"
            )
        top = trained[best([row.score for row in trained if row.score is not None], 1)[0]]
        candidate = Candidate(top.id, NetworkGenome.from_json(top.genome), top.seed, Budget(top.examples))
        found = None
        if self.evaluator.data.test.rows:
            own = self.evaluator.test(self.evaluator.load(candidate, str(top.weights)))
            # Examples that went into inherited weights count: the hand-made network gets as many.
            self._test_baselines(self.evaluator, max(top.examples, top.lineage_examples), own)
            found = own.interval
        self.store.set(champion=_champion(chosen, top, found).to_json())

    def _crown_untrained(self, chosen: Row) -> None:
        """Make a candidate champion that was not trained, or what its refinement made of it, if that is better."""
        refined = [row for row in map(leader, self.store.rows(Phase.CHAMPION)) if row.score is not None]
        top = refined[0] if refined and refined[0].metrics.get("better") else chosen
        candidate = Candidate(top.id, genome_of(top.genome, top.description), top.seed, Budget(top.examples))
        found = self.evaluator.examine(candidate)
        self.store.set(
            champion=_champion(chosen, top, found).to_json(), trace=dict((found and found.trace) or {})
        )

    def _test_baselines(self, evaluator: SupervisedEvaluator, examples: int, champion: Tested) -> None:
        data = evaluator.data
        split = data.test.open()
        for fitted in fit_baselines(data):
            marks = _marks(scored(data.metric, split.y, fitted.predict(split.x)), champion)
            row = Baseline(
                fitted.name,
                fitted.valid_score,
                marks.score,
                marks.metrics,
                fitted.description,
                fitted.seconds,
            )
            self.store.set_baseline(row)
        if self.ancestor is not None:
            self._store_ancestor(evaluator, self.ancestor, _marks(evaluator.test(self.ancestor), champion))
        started = time.perf_counter()
        evaluation = self._hand_made(examples, Phase.CHAMPION)
        if evaluation.score is not None and evaluation.weights:
            found = evaluator.test(evaluator.load(evaluation.candidate, evaluation.weights))
            self._store_hand_made(evaluation, _marks(found, champion), time.perf_counter() - started)

    def _store_ancestor(self, evaluator: SupervisedEvaluator, ancestor: Network, marks: Marks) -> None:
        """Score the network that the run starts from as it came: what the search adds is the difference to it."""
        started, data = time.perf_counter(), evaluator.data
        answers = evaluator.predict(ancestor, data.valid.x)
        if not np.isfinite(answers).all():
            return
        size = count_parameters(ancestor.genome, data.input_shape, data.outputs)
        metrics = {"examples": float(ancestor.origin.examples), "parameters": float(size), **marks.metrics}
        row = Baseline(
            "ancestor",
            score(data.metric, data.valid.y, answers),
            marks.score,
            metrics,
            f"{ancestor.origin.name or 'the network'} as it came: {replace(ancestor.genome, hyper=()).describe()}",
            time.perf_counter() - started,
        )
        self.store.set_baseline(row)

    def _hand_made(self, examples: int, phase: Phase) -> Evaluation:
        """The hand-made network, trained here with as many examples as what it is compared with."""
        seed = derive(self.seed, Stream.BASELINE, 0)
        candidate = Candidate(-1, hand_made(), seed, Budget(examples), operator="hand-made", phase=phase)
        return self.evaluator.evaluate([candidate])[0]

    def _store_hand_made(self, evaluation: Evaluation, marks: Marks, seconds: float) -> None:
        genome, examples = evaluation.candidate.genome, evaluation.candidate.budget.examples
        metrics = {
            "examples": float(examples),
            "parameters": float(evaluation.parameters),
            **marks.metrics,
        }
        assert evaluation.score is not None
        row = Baseline("hand-made", evaluation.score, marks.score, metrics, genome.describe(), seconds)
        self.store.set_baseline(row)


@dataclass(frozen=True, slots=True)
class Marks:
    """What the test rows say of a baseline, as it is kept; nothing before the seal is opened."""

    score: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)


def _marks(found: Tested, champion: Tested) -> Marks:
    """A baseline's test score with its interval, and how much better the champion is on the same rows."""
    own, lead = found.interval, difference(champion, found)
    metrics = {"test_low": own.low, "test_high": own.high}
    if np.isfinite((lead.low, lead.high)).all():
        metrics |= {"lead": lead.score, "lead_low": lead.low, "lead_high": lead.high}
    return Marks(own.score, metrics)


def _champion(chosen: Row, trained: Row, tested: Interval | Examination | None) -> Champion:
    assert trained.score is not None
    valid = tested.valid if isinstance(tested, Examination) else None
    return Champion(
        id=chosen.id,
        genome=trained.genome,
        description=trained.description,
        valid_score=trained.score if valid is None else valid,
        test_score=None if tested is None else tested.score,
        test_low=None if tested is None else tested.low,
        test_high=None if tested is None else tested.high,
        test_rows=0 if tested is None else tested.rows,
        parameters=trained.parameters,
        examples=trained.examples,
        weights=trained.weights,
        numbers=dict(tested.numbers) if isinstance(tested, Examination) else {},
    )
