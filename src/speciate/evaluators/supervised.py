"""Train networks by the library's own engines on the training rows, score them on the validation rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from speciate.data import Data
from speciate.errors import StorageError
from speciate.evaluators.base import failed, is_out_of_memory, unfinished
from speciate.evaluators.finish import Finish
from speciate.evaluators.learning import LearningEvaluator, genome_of
from speciate.evaluators.views import place, rows_of
from speciate.records import Candidate, Evaluation, Status
from speciate.store.weights import WeightFolder
from speciate.training import OPTIONAL, Recipe

if TYPE_CHECKING:  # torch is imported where training begins
    from speciate.training.jobs import Job, Outcome


@dataclass(slots=True)
class _Trial:
    """A candidate on its way to an evaluation."""

    candidate: Candidate
    parameters: int = 0
    view: tuple[int, int] = (0, 0)
    job: Job | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    seconds: float = 0.0


class SupervisedEvaluator(LearningEvaluator):
    """Fitness is the validation score after a training on the candidate's budget of examples.

    Args:
        data: What to learn from. Copies that go to worker processes lack the sealed test rows.
        batch_size: Examples in a step where the genome does not say: 64, or 32 with fewer than 10,000 training rows.
        weights: Where weights are written that may be needed again; None keeps no weights. A search sets it.
        device: "cpu", "cuda", "mps", or "auto" for an accelerator if there is one.
        inherit: What a network takes over from its candidate's ancestors: "none" (each is trained from scratch),
            "common" (layers that both have) or "preserve" (besides, changes begin as the function they change).
        merge: What the child of two parents gets where both have the same layer: the weights of one of them ("layers"), or the
            mean of both ("mean").
        finish: How a run ends; with the winner's training on more and more examples if not given.
        machine_code: Which networks are trained as machine code, where that can be: "all", "stacks" of dense layers alone, or "none".
    """

    stops = True

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int | None = None,
        weights: WeightFolder | None = None,
        device: str = "cpu",
        inherit: str = "none",
        merge: str = "layers",
        finish: Finish | None = None,
        machine_code: str = "all",
    ) -> None:
        super().__init__(data, weights=weights, device=device, inherit=inherit, merge=merge, finish=finish)
        self.machine_code = machine_code
        self.batch_size = batch_size or (64 if len(data.train) >= 10_000 else 32)

    def describe(self) -> dict[str, Any]:
        """What decides a score: the data, the metric, the batch size and the device."""
        return {
            "kind": "supervised",
            "data": self.data.fingerprint,
            "metric": self.data.metric,
            "batch_size": self.batch_size,
            "device": self.device,
            **self.data.weighting(),
            **({} if self.inherit == "none" else {"inherit": self.inherit}),
            **({} if self.merge == "layers" else {"merge": self.merge}),
            **self.finish.describe(),
        }

    @property
    def group(self) -> int:
        """Enough candidates to keep all cores, or an accelerator, busy."""
        from speciate.training.planner import group_size

        return group_size(place(self.device))

    def recipe(self, candidate: Candidate) -> Recipe:
        """How a candidate is trained."""
        hyper = candidate.genome.to_json()["hyper"]
        return Recipe(
            optimizer=hyper["optimizer"],
            learning_rate=hyper["learning_rate"],
            weight_decay=hyper["weight_decay"],
            batch_size=int(hyper.get("batch_size", self.batch_size)),
            examples=candidate.budget.examples,
            loss="cross_entropy" if self.data.task == "classification" else "mse",
            seen=candidate.inherited_examples if self.inherits else 0,
            **{name: hyper[name] for name in OPTIONAL if name in hyper},
        )

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Train a group as one, then score each. Never raises for what a candidate does."""
        from speciate.training import reference

        with reference.one_thread():
            return self._train(candidates)

    def _train(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        from speciate.training.planner import train

        trials = [self._trial(candidate) for candidate in candidates]
        jobs = {i: trial.job for i, trial in enumerate(trials) if trial.job is not None}
        outcomes: dict[int, Outcome] = {}
        size = 0
        try:
            for view in sorted({trial.view for trial in trials}):
                part = {i: job for i, job in jobs.items() if trials[i].view == view}
                rows = self.views.training(*view)
                made = list(part.values())
                found = train(made, *rows, self.machine_code, self.until) if part else []
                outcomes |= zip(part, found, strict=True)
        except Exception as error:
            if len(candidates) == 1:
                return [failed(candidates[0], error)]
            # Only the candidate that causes it shall suffer from it; together they may just have been too many.
            size = len(candidates) // 2 if is_out_of_memory(error) else 1
        if size:  # not before the exception is forgotten, and with it the tensors that its traceback holds
            trials.clear()
            jobs.clear()
            outcomes.clear()
            parts = [candidates[i : i + size] for i in range(0, len(candidates), size)]
            return [evaluation for part in parts for evaluation in self._train(part)]
        for i, outcome in outcomes.items():
            trials[i].outcome = outcome
        return [self._evaluation(trial) for trial in trials]

    def _trial(self, candidate: Candidate) -> _Trial:
        from speciate.training.jobs import Job

        trial, started = _Trial(candidate), time.perf_counter()
        try:
            trial.view = genome_of(candidate).bins, rows_of(candidate)
            module, trial.parameters, rng = self._module(candidate)
            trial.job = Job(module, self.recipe(candidate), rng)
        except Exception as error:
            trial.error = error
        trial.seconds = time.perf_counter() - started
        return trial

    def _evaluation(self, trial: _Trial) -> Evaluation:
        started = time.perf_counter()
        try:
            evaluation = self._finished(trial)
        except StorageError as error:
            if error is not trial.error:  # a full disk is nothing that the candidate has done
                raise
            evaluation = failed(trial.candidate, error)
        except Exception as error:
            evaluation = failed(trial.candidate, error)
        seconds = trial.seconds + time.perf_counter() - started
        seconds += trial.outcome.seconds if trial.outcome else 0.0
        return replace(evaluation, cost=replace(evaluation.cost, seconds=seconds))

    def _finished(self, trial: _Trial) -> Evaluation:
        if trial.error is not None:
            raise trial.error
        job, outcome, candidate = trial.job, trial.outcome, trial.candidate
        assert job is not None
        assert outcome is not None
        found = Evaluation(
            candidate,
            Status.DIVERGED,
            cost=self._cost(candidate, outcome.examples_seen),
            parameters=trial.parameters,
            engine=outcome.engine,
        )
        if outcome.diverged:
            return found
        if outcome.stopped:
            return unfinished(candidate, found.cost)
        return self._scored(candidate, job.module, replace(found, metrics={"train_loss": outcome.loss}))
