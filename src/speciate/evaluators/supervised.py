"""Train a network on the training rows, score it on the validation rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.data import Data, Split, score
from speciate.errors import StorageError
from speciate.evaluators.base import Evaluator, failed, is_out_of_memory
from speciate.evaluators.intervals import Tested, scored
from speciate.networks.network import Network
from speciate.records import Candidate, Cost, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, count_parameters
from speciate.store.weights import WeightFolder
from speciate.training import Recipe

if TYPE_CHECKING:  # torch is imported where training begins: a driver with worker processes can do without
    import torch

    from speciate.training.jobs import Job, Outcome


@dataclass(slots=True)
class _Trial:
    """A candidate on its way to an evaluation."""

    candidate: Candidate
    parameters: int = 0
    job: Job | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    seconds: float = 0.0


class SupervisedEvaluator(Evaluator):
    """Fitness is the validation score after training from scratch on the candidate's budget of examples.

    Args:
        data: What to learn from. Copies that go to worker processes lack the sealed test rows.
        batch_size: Examples in a step where the genome does not say: 64, or 32 with fewer than 10,000 training rows.
        weights: Where weights are written that somebody may need; None keeps no weights.
        device: "cpu", "cuda", "mps", or "auto" for an accelerator if there is one.
        inherit: What a network takes over from its candidate's ancestors: "none" (each is trained from scratch),
            "common" (layers that both have) or "preserve" (besides, changes begin as the function they change).
        merge: What the child of two parents gets where both have the same layer: the weights of one of them ("layers"), or the
            mean of both ("mean").

    Attributes:
        frozen: Marks of layers that are not trained where a network inherits them as they are. A search that starts from a
            frozen network sets it.
    """

    trains = True
    noisy = True

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int | None = None,
        weights: WeightFolder | None = None,
        device: str = "cpu",
        inherit: str = "none",
        merge: str = "layers",
    ) -> None:
        self.data, self.weights, self.device = data, weights, device
        self.inherit, self.merge = inherit, merge
        self.batch_size = batch_size or (64 if len(data.train) >= 10_000 else 32)
        self.frozen: frozenset[str] = frozenset()
        self._tensors: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "data": self.data.without_test(), "_tensors": {}}

    def describe(self) -> dict[str, Any]:
        """What decides a score: the data, the metric, the batch size and the device."""
        return {
            "kind": "supervised",
            "data": self.data.fingerprint,
            "metric": self.data.metric,
            "batch_size": self.batch_size,
            "device": self.device,
            **({} if self.inherit == "none" else {"inherit": self.inherit}),
            **({} if self.merge == "layers" else {"merge": self.merge}),
        }

    def facts(self) -> dict[str, Any]:
        """What reports say about the data."""
        return self.data.facts()

    @property
    def brood(self) -> int:
        """Enough candidates to keep all cores, or an accelerator, busy."""
        from speciate.training.planner import brood

        return brood(self._device())

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
            class_weights=self.data.class_weights,
            seen=candidate.inherited_examples if self.inherit != "none" else 0,
        )

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Train a brood as one, then score each. Never raises for what a candidate does."""
        from speciate.training import reference

        with reference.one_thread():
            return self._brood(candidates)

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        return self.evaluate([candidate])[0]

    def _brood(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        from speciate.training.planner import train

        trials = [self._trial(candidate) for candidate in candidates]
        jobs = {i: trial.job for i, trial in enumerate(trials) if trial.job is not None}
        size = 0
        try:
            outcomes = train(list(jobs.values()), *self._split("train", self.data.train)) if jobs else []
        except Exception as error:
            if len(candidates) == 1:
                return [failed(candidates[0], error)]
            # Only who causes it shall suffer from it; together they may just have been too many.
            size = len(candidates) // 2 if is_out_of_memory(error) else 1
        if size:  # not before the exception is forgotten, and with it the tensors that its traceback holds
            trials.clear()
            jobs.clear()
            parts = [candidates[i : i + size] for i in range(0, len(candidates), size)]
            return [evaluation for part in parts for evaluation in self._brood(part)]
        for i, outcome in zip(jobs, outcomes, strict=True):
            trials[i].outcome = outcome
        return [self._scored(trial) for trial in trials]

    def _trial(self, candidate: Candidate) -> _Trial:
        from speciate.networks import build
        from speciate.training.jobs import Job

        trial, started = _Trial(candidate), time.perf_counter()
        try:
            genome = NetworkGenome.from_json(candidate.genome.to_json())
            shape, outputs = self.data.input_shape, self.data.outputs
            trial.parameters = count_parameters(genome, shape, outputs)
            weights, training, inheriting = np.random.Generator(np.random.Philox(candidate.seed)).spawn(3)
            module = build(genome, shape, outputs, weights)
            if candidate.ancestors and self.inherit != "none":
                self._endow(module, genome, candidate, inheriting)
            trial.job = Job(module.to(self._device()), self.recipe(candidate), training)
        except Exception as error:
            trial.error = error
        trial.seconds = time.perf_counter() - started
        return trial

    def _endow(
        self, module: torch.nn.Module, genome: NetworkGenome, candidate: Candidate, rng: np.random.Generator
    ) -> None:
        """Give a fresh module what it inherits, and take out of training what is frozen."""
        import torch

        from speciate.inheritance.blending import blended
        from speciate.inheritance.freezing import freeze, taken_over
        from speciate.inheritance.inherit import inherit
        from speciate.networks.state import layer_tensors, replace_tensors

        assert self.weights is not None
        ancestors = [
            (NetworkGenome.from_json(a.genome.to_json()), self.weights.load(a.weights))
            for a in candidate.ancestors
        ]
        fresh = {name: value.numpy() for name, value in module.state_dict().items()}
        shape, outputs = self.data.input_shape, self.data.outputs
        given = blended(ancestors) if self.merge == "mean" else ancestors
        found = inherit(genome, fresh, given, shape, outputs, self.inherit, rng)
        tensors = found.tensors
        frozen = taken_over((genome, tensors), ancestors[0], self.frozen)
        for mark in frozen:  # as they are to the last bit, whatever inheritance made of them
            replace_tensors(tensors, mark, layer_tensors(ancestors[0][1], mark))
        module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        freeze(module, frozen)

    def _scored(self, trial: _Trial) -> Evaluation:
        started = time.perf_counter()
        try:
            evaluation = self._score(trial)
        except StorageError as error:
            if error is not trial.error:  # a full disk is nothing that the candidate has done
                raise
            evaluation = failed(trial.candidate, error)
        except Exception as error:
            evaluation = failed(trial.candidate, error)
        seconds = trial.seconds + time.perf_counter() - started
        seconds += trial.outcome.seconds if trial.outcome else 0.0
        return replace(evaluation, cost=replace(evaluation.cost, seconds=seconds))

    def _score(self, trial: _Trial) -> Evaluation:
        from speciate.training import reference

        if trial.error is not None:
            raise trial.error
        job, outcome, candidate = trial.job, trial.outcome, trial.candidate
        assert job is not None
        assert outcome is not None
        cost = Cost(outcome.examples_seen, outcome.examples_seen + candidate.inherited_examples)
        diverged = Evaluation(
            candidate, Status.DIVERGED, cost=cost, parameters=trial.parameters, engine=outcome.engine
        )
        if outcome.diverged:
            return diverged
        answers = self._answers(reference.outputs_of(job.module, self._split("valid", self.data.valid)[0]))
        if not np.isfinite(answers).all():
            return diverged
        return Evaluation(
            candidate,
            Status.OK,
            score(self.data.metric, self.data.valid.y, answers),
            {"train_loss": outcome.loss, **self._extra(self.data.valid.y, answers)},
            cost,
            trial.parameters,
            outcome.engine,
            weights=self._save(job.module) if self._keeps(candidate.phase) else None,
        )

    def test(self, network: Network) -> Tested:
        """The score on the sealed test rows, with what others can be compared by. Opens the seal."""
        split = self.data.test.open()
        return scored(self.data.metric, split.y, self.predict(network, split.x))

    def predict(self, network: Network, x: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes), or values (n,) in the target's own units, for inputs (n, *shape)."""
        import torch

        from speciate.networks import build
        from speciate.training import reference

        rng = np.random.default_rng(0)  # the weights drawn here are replaced at once
        module = build(network.genome, self.data.input_shape, self.data.outputs, rng)
        module.load_state_dict({name: torch.from_numpy(value) for name, value in network.tensors.items()})
        with reference.one_thread():
            return self._answers(reference.outputs_of(module, torch.from_numpy(x)))

    def load(self, candidate: Candidate, weights: str) -> Network:
        """A network that was trained in the champion's phase.

        Raises:
            StorageError: Its weight file is missing or was altered.
        """
        assert self.weights is not None
        return Network(NetworkGenome.from_json(candidate.genome.to_json()), self.weights.load(weights))

    def _answers(self, outputs: torch.Tensor) -> np.ndarray:
        """Probabilities from logits, or values in the target's own units from standardized ones."""
        if self.data.task == "classification":
            return np.asarray(outputs.double().softmax(dim=1).cpu().numpy())
        values = outputs.squeeze(1).double().cpu().numpy()
        return np.asarray(values * self.data.target_scale + self.data.target_mean)

    def _extra(self, y: np.ndarray, answers: np.ndarray) -> dict[str, float]:
        if self.data.task == "classification":
            names = ["neg_log_loss", "accuracy"]
        else:
            names = ["neg_root_mean_squared_error", "neg_mean_absolute_error"]
        return {f"valid_{name}": score(name, y, answers) for name in names if name != self.data.metric}

    def _split(self, name: str, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        if name not in self._tensors:
            y = split.y
            if self.data.task == "regression":
                y = ((y - self.data.target_mean) / self.data.target_scale).astype(np.float32)
            device = self._device()
            self._tensors[name] = (torch.from_numpy(split.x).to(device), torch.from_numpy(y).to(device))
        return self._tensors[name]

    def _device(self) -> str:
        import torch

        if self.device != "auto":
            return self.device
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"

    def _keeps(self, phase: Phase) -> bool:
        """Whether somebody may need the weights: the champion's owner, or children."""
        return phase is Phase.CHAMPION or (phase is Phase.SEARCH and self.inherit != "none")

    def _save(self, module: torch.nn.Module) -> str | None:
        if self.weights is None:
            return None
        return self.weights.save({name: value.cpu().numpy() for name, value in module.state_dict().items()})
