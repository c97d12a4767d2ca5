"""The contract of an evaluator: candidates in, evaluations out."""

from __future__ import annotations

import math
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from speciate.errors import UsageError
from speciate.records import Candidate, Cost, Evaluation, Status
from speciate.store.weights import WeightFolder


@dataclass(frozen=True, slots=True)
class Examination:
    """What a champion scored where nobody was chosen by it.

    Attributes:
        score: Higher is better.
        low: Lower end of its 95 % confidence interval; None where there is none.
        high: Upper end.
        rows: On how many rows or episodes it was measured; 0 where that means nothing.
        numbers: What else was measured, by what it is.
        trace: What it did in one case, as JSON, for a picture.
        valid: Its validation score, where that is not the score of the search.
    """

    score: float
    low: float | None
    high: float | None
    rows: int
    numbers: Mapping[str, float] = field(default_factory=dict)
    trace: Mapping[str, Any] | None = None
    valid: float | None = None


class Evaluator(ABC):
    """Scores candidates. The public method turns every exception into a record; the hook does the work.

    Attributes:
        trains: Whether networks are trained, so that the champion is trained for real and scored on sealed test rows.
        noisy: Whether the same genome may score differently with another seed, so that a final is needed.
        refines: Whether a champion is handed in once more, in the phase of champions, for what makes it better.
        weights: Where weights are written that somebody may need; None keeps no weights.
    """

    trains: ClassVar[bool] = False
    noisy: bool = False
    refines: bool = False
    weights: WeightFolder | None = None

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """One evaluation a candidate, in the same order. Never raises for what a candidate does."""
        return [self._one(candidate) for candidate in candidates]

    def _one(self, candidate: Candidate) -> Evaluation:
        started = time.perf_counter()
        try:
            evaluation = self._evaluate(candidate)
        except Exception as error:
            evaluation = failed(candidate, error)
        seconds = time.perf_counter() - started
        return replace(evaluation, cost=replace(evaluation.cost, seconds=seconds))

    @abstractmethod
    def _evaluate(self, candidate: Candidate) -> Evaluation:
        """Evaluate one candidate; may raise."""

    @property
    def brood(self) -> int:
        """How many candidates are best evaluated in one call, in this process."""
        return 1

    def examine(self, candidate: Candidate) -> Examination | None:
        """What a champion scores where nobody was chosen by it, such as on fresh episodes; None where nothing is left."""
        return None

    def publish(
        self, folder: Path, candidate: Candidate, champion: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> bool:
        """Write the champion's folder, unless it is there already or there is nothing to write; whether there is a folder.

        Args:
            folder: The champion's folder.
            candidate: Who won.
            champion: The JSON form of the run's champion.
            facts: How it was found, as JSON.
        """
        return False

    def describe(self) -> dict[str, Any]:
        """What decides a score, as JSON: the run refuses to go on with another."""
        return {"kind": type(self).__name__}

    def facts(self) -> dict[str, Any]:
        """What reports say about the data or the function, as JSON."""
        return {}


def failed(candidate: Candidate, error: Exception) -> Evaluation:
    """What an exception makes of a candidate."""
    status = Status.OOM if is_out_of_memory(error) else Status.ERROR
    text = "".join(traceback.format_exception(error))
    return Evaluation(candidate, status, cost=Cost(), engine="", error=text)


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
