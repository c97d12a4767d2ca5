"""Notices when failures are not the candidates' doing, and stops the run."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from speciate.algorithms import Algorithm
from speciate.errors import EvaluationError
from speciate.records import Evaluation, Phase, Status
from speciate.store import Row, Store

SAME_FAILURES = 5
"""Equal failures in a row after which a run stops: the cause is not the candidates."""

ELSEWHERE = "--backend inline and --debug show where it comes from"

HINTS = {
    Status.DIVERGED: "more candidates (--population); scores, or targets and inputs, of a smaller range",
    Status.OOM: "smaller networks or batches (--batch-size), or --device cpu",
    Status.TIMEOUT: "more time (--candidate-time), fewer examples or smaller networks",
    Status.INFEASIBLE: "more memory (--worker-memory), fewer workers or smaller networks",
}
"""What to try after so many failures of a kind."""


class FailureWatch:
    """Stops a run when the same failure comes five times in a row, or the whole first generation fails.

    Args:
        store: The run's store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._last: deque[str] = deque(maxlen=SAME_FAILURES)
        self._succeeded = False  # whether any candidate of the search could be evaluated

    def look(self, algorithm: Algorithm, evaluations: Sequence[Evaluation]) -> None:
        """Take note of evaluations that are stored, and were proposed by this algorithm.

        Raises:
            EvaluationError: They fail in a way that stops the run.
        """
        for evaluation in evaluations:
            if evaluation.status in (Status.OK, Status.DIVERGED):
                self._last.clear()
            if evaluation.status in (Status.OK, Status.DIVERGED, Status.UNFINISHED):
                continue
            self._last.append(f"{evaluation.status}: {last_line(evaluation.error)}")
            if len(self._last) == SAME_FAILURES and len(set(self._last)) == 1:
                raise EvaluationError(
                    f"{SAME_FAILURES} candidates in a row failed in the same way",
                    why=last_line(evaluation.error) or str(evaluation.status),
                    hint=HINTS.get(evaluation.status, ELSEWHERE),
                    kept=f"{self.store.evaluated()} evaluations are kept",
                )
        if algorithm.phase is Phase.SEARCH and not self._succeeded:
            self._look_at_the_first(algorithm.population_size, evaluations)

    def _look_at_the_first(self, population_size: int, evaluations: Sequence[Evaluation]) -> None:
        first = [row for row in self.store.rows(Phase.SEARCH) if row.generation == 0]
        self._succeeded = any(row.status == "ok" for row in first) or any(e.ok for e in evaluations)
        if self._succeeded or sum(row.size for row in first) < population_size:
            return
        if all(row.status not in ("pending", Status.UNFINISHED) for row in first):
            raise all_failed(first, self.store.evaluated())


def all_failed(rows: Sequence[Row], kept: int) -> EvaluationError:
    """The error for a first generation without a single success."""
    kinds = Counter(status for row in rows for status in [row.status] * row.size)
    return EvaluationError(
        f"all {kinds.total():,} candidates of the first generation failed: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()),
        why=_first_cause(rows) or "the loss became infinite or not a number",
        hint=HINTS.get(Status(rows[-1].status), ELSEWHERE),
        kept=f"{kept} evaluations are kept",
    )


def nothing_evaluated(rows: Sequence[Row]) -> EvaluationError:
    """The error for a search without a single success."""
    cause = _first_cause(rows) or "every training diverged"
    late = any(row.status == Status.UNFINISHED for row in rows)
    hint = (
        "more time (--time), fewer examples or smaller networks"
        if late
        else "speciate show lists the failures"
    )
    return EvaluationError("no candidate could be evaluated", why=cause, hint=hint)


def _first_cause(rows: Sequence[Row]) -> str:
    """What the first failure says of itself; empty if none says anything."""
    return next((line for row in rows if (line := last_line(row.error))), "")


def last_line(error: str) -> str:
    """The end of a traceback: what went wrong. What follows it and is indented says what to try."""
    lines = error.strip().splitlines() or [""]
    return next((line for line in reversed(lines) if not line.startswith(" ")), lines[-1])
