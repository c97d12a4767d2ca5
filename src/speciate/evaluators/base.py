"""The contract of an evaluator: candidates in, evaluations out, and what it knows about the beginning and the end of a run."""

from __future__ import annotations

import math
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.errors import UsageError
from speciate.evaluators.champion import Champion, Chosen, Examination, RunContext
from speciate.records import Candidate, Cost, Evaluation, Phase, Status
from speciate.registry import own_source

if TYPE_CHECKING:  # a worker process can do without
    from speciate.algorithms import Algorithm
    from speciate.champion import Model
    from speciate.data import Data
    from speciate.store import Baseline, WeightFolder


class Evaluator(ABC):
    """Scores candidates. The public method turns every exception into a record; the hook does the work.

    One of your own defines `_evaluate` and `describe`. Everything else has a default that fits scores that are final as they
    are: no baselines, no closing phase, no examination, no weights.

    Attributes:
        trains: Whether networks are trained by gradient, which takes examples.
        noisy: Whether the same genome may score differently with another seed, so that a final is needed.
        inherits: Whether a candidate takes over weights from its ancestors.
        parallel: Whether several worker processes pay on this machine.
        data: What networks learn from; None where there are no data.
        weights: Where weights are kept that may be needed again; None keeps no weights.
        needs_final: Whether a champion is made of what the final trains.
        until: When what is evaluated counts as unfinished, in seconds of `time.monotonic`. Its run sets it.
        stops: Whether `evaluate` returns by then; a worker process that does not is ended.
    """

    needs_final: bool = False
    trains: ClassVar[bool] = False
    noisy: bool = False
    data: Data | None = None
    weights: WeightFolder | None = None
    until: float = math.inf
    stops: ClassVar[bool] = False

    def time_share(self, phase: Phase) -> float:
        """What share of the time that a run has left a phase may take."""
        return 0.85 if self.noisy and phase in (Phase.SEARCH, Phase.FINAL) else 1.0

    @property
    def inherits(self) -> bool:
        """Whether a candidate takes over weights from its ancestors. That takes `data` and `weights`."""
        return False

    @property
    def parallel(self) -> bool:
        """Whether several worker processes pay on this machine."""
        return False

    @property
    def group(self) -> int:
        """How many candidates are best evaluated in one call, in this process."""
        return 1

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """One evaluation a candidate, in the same order. Never raises for what a candidate does."""
        return [self._one(candidate) for candidate in candidates]

    def _one(self, candidate: Candidate) -> Evaluation:
        started = time.perf_counter()
        if time.monotonic() >= self.until:
            return unfinished(candidate)
        try:
            evaluation = self._evaluate(candidate)
        except Exception as error:
            evaluation = failed(candidate, error)
        seconds = time.perf_counter() - started
        return replace(evaluation, cost=replace(evaluation.cost, seconds=seconds))

    @abstractmethod
    def _evaluate(self, candidate: Candidate) -> Evaluation:
        """Evaluate one candidate; may raise."""

    def prepare(  # noqa: B027 - there may be nothing to prepare
        self, weights: WeightFolder, frozen: frozenset[str]
    ) -> None:
        """A run begins, or goes on.

        Args:
            weights: Where it keeps weights.
            frozen: Marks of layers that are not trained where a network inherits them as they are.
        """

    def baselines(self, context: RunContext) -> Iterable[Baseline]:
        """What the champion will be compared with, scored on the validation rows, without those that are known."""
        return ()

    @property
    def alike(self) -> int | None:
        """How many finalists have layers of the same kinds before others are taken; None for as many as are best."""
        return None

    def final(
        self, context: RunContext, finalists: Sequence[Candidate], recipes: Sequence[Candidate]
    ) -> Algorithm | None:
        """What the best of the search go through before one is chosen, in the phase `Phase.FINAL`; None for nothing.

        Args:
            context: The run.
            finalists: The best different networks of the search, best first.
            recipes: The recipes that the search began with.
        """
        from speciate.algorithms import Final

        return Final(finalists, context.repeats) if self.noisy else None

    def outlook(self, context: RunContext, finalists: int, recipes: int) -> str:
        """What follows the search, in words for people, given how many there are of `final`'s networks at most; or nothing."""
        return f"final of {finalists} networks x {context.repeats} seeds" if self.noisy else ""

    def closing(self, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """What is done with the winner of the final before it is champion, in the phase `Phase.CHAMPION`; None for nothing."""
        return None

    def select_champion(
        self, chosen: Evaluation, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """The champion as it is kept.

        Args:
            chosen: The winner of the final; without a final, the best of the search.
            final: What came of the final.
            closing: What came of the closing phase.

        Raises:
            EvaluationError: There is none.
        """
        return Chosen(chosen)

    def joined(self, selection: Chosen) -> str | None:
        """SHA-256 of the weight file of all networks of a champion, written where it is not there; None where weights are not kept."""
        return selection.lead.weights

    def examine(self, context: RunContext, selected: Chosen) -> Examination | None:
        """What the champion scores on what no network was chosen by; opens the seal. None where nothing of the kind is left."""
        return None

    def refit(self, networks: Sequence[Candidate]) -> Algorithm | None:
        """Trainings on all rows, after which they take the place of the champion's networks, in the phase `Phase.REFIT`; None for none.

        They are evaluated in the process that has the test rows.

        Args:
            networks: Those that the champion consists of.
        """
        return None

    def model(self, champion: Champion, facts: Mapping[str, Any]) -> Model:
        """The champion, ready to predict.

        Args:
            champion: The run's champion.
            facts: How it was found, as `speciate.champion.run_facts` gives it.

        Raises:
            UsageError: Nothing predicts here.
            StorageError: Its weight file is missing or was altered.
        """
        raise UsageError(
            "there is no trained champion",
            why=f"a {type(self).__name__} keeps no networks",
            hint="SupervisedEvaluator and TrainingEvaluator keep them",
        )

    def publish(  # noqa: B027 - there may be nothing to publish
        self, folder: Path, champion: Champion, facts: Mapping[str, Any]
    ) -> None:
        """Write the champion's folder, unless it is there already or there is nothing to write.

        Args:
            folder: The champion's folder; its parent exists.
            champion: The run's champion, whose weight file is sound.
            facts: How it was found, as `speciate.champion.run_facts` gives it.

        Raises:
            StorageError: A file cannot be written.
        """

    def describe(self) -> dict[str, Any]:
        """What decides a score, as JSON: the run refuses to go on with another."""
        return {"kind": type(self).__name__, **own_source(self)}

    def facts(self) -> dict[str, Any]:
        """What reports say about the data or the function, as JSON."""
        return {}

    def summary(self) -> list[tuple[str, str]]:
        """Labels and lines for people: what a candidate is worth. A line without a label goes on with the one before.

        The labels "note" and "warning" are for what should be read before the run goes on.
        """
        return []


def failed(candidate: Candidate, error: Exception) -> Evaluation:
    """What an exception makes of a candidate."""
    status = Status.OOM if is_out_of_memory(error) else Status.ERROR
    text = "".join(traceback.format_exception(error))
    return Evaluation(candidate, status, cost=Cost(), engine="", error=text)


def unfinished(candidate: Candidate, cost: Cost | None = None) -> Evaluation:
    """What comes of a candidate when the time of its run is up."""
    return Evaluation(candidate, Status.UNFINISHED, cost=cost or Cost(), error="the time of the run was up")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that there was not enough memory, of this process or of an accelerator."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def checked_score(value: object, what: str) -> float:
    """A score as a finite float.

    Raises:
        UsageError: It is NaN, infinite, None, text, an array or anything else that is not a number.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or getattr(value, "shape", ()) != ():
        raise UsageError(f"{what} must be a number, got {type(value).__name__}: {value!r:.80}")
    number = float(value)
    if not math.isfinite(number):
        raise UsageError(f"{what} must be a finite number, got {number}")
    return number


def name_of(function: object) -> str:
    """What a function, or an object that can be called, is called."""
    return str(getattr(function, "__qualname__", type(function).__qualname__))
