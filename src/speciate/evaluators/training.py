"""Networks that a training loop of one's own trains."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from speciate.data import Data
from speciate.errors import UsageError
from speciate.evaluators.base import checked_score, failed, name_of
from speciate.evaluators.learning import LearningEvaluator, genome_of
from speciate.evaluators.views import place
from speciate.records import Candidate, Evaluation, Status
from speciate.registry import source_hash

if TYPE_CHECKING:  # torch is imported where training begins
    import torch

Train = Callable[..., float | None]
"""`train(module, genome, data, budget, rng)`."""


class TrainingEvaluator(LearningEvaluator):
    """Fitness is what a training loop of one's own makes of a network.

    The loop is called as `train(module, genome, data, budget, rng)` and trains the module in place:

    * `module`: built from the genome, a `torch.nn.Module` from inputs (n, *data.input_shape) to logits (n, classes), or to
      (y - data.target_mean) / data.target_scale, (n, 1). Its weights are fresh, or inherited;
    * `genome`: the candidate's; `genome.hyper_parameters` are those that the space has;
    * `data`: `data.train` and `data.valid`, each with `x`, `y` and `weight`, but not the sealed test rows; `data.weight` is what each
      training row counts in the loss, or None, and `data.standardized(y)` gives what a regression learns. Classes are not weighted:
      where the metric is a balanced one, labels are decided for it afterwards;
    * `budget`: `budget.examples` says how many training examples to show;
    * `rng`: a `numpy.random.Generator` that decides whatever is random. Torch's own generator is seeded too.

    It returns None to be scored on the validation rows by the data's metric, or a score of its own, higher is better; NaN and
    infinity mean that the training diverged. The champion is trained in the same way, with larger budgets (see
    `Search.final_examples`), examined on the test rows and exported like any other.

    Args:
        train: The training loop. Its source is part of the run's identity.
        data: What to learn from.
        device: "cpu", "cuda", "mps", or "auto" for an accelerator if there is one: where the module is.
        inherit: What a network takes over from its candidate's ancestors; see `SupervisedEvaluator`.
        merge: What the child of two parents gets; see `SupervisedEvaluator`.
    """

    def __init__(
        self, train: Train, data: Data, *, device: str = "cpu", inherit: str = "none", merge: str = "layers"
    ) -> None:
        super().__init__(data, weights=None, device=device, inherit=inherit, merge=merge)
        self.train = train

    def describe(self) -> dict[str, Any]:
        """What decides a score: the training loop, the data, the metric and the device."""
        return {
            "kind": "training",
            "train": name_of(self.train),
            "code": source_hash(self.train),
            "data": self.data.fingerprint,
            "metric": self.data.metric,
            "device": self.device,
            "inherit": self.inherit,
            "merge": self.merge,
            **self.data.weighting(),
        }

    def summary(self) -> list[tuple[str, str]]:
        """What was understood about the data, and what trains."""
        return [*super().summary(), ("training", name_of(self.train))]

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Train one after the other, then score. Never raises for what a candidate does."""
        from speciate.training import reference

        with reference.one_thread():
            return [self._one(candidate) for candidate in candidates]

    def _one(self, candidate: Candidate) -> Evaluation:
        started = time.perf_counter()
        try:
            module, found, score = self._trained(candidate)
        except Exception as error:
            evaluation = failed(candidate, error)
        else:  # a full disk is nothing that the candidate has done, and is raised
            evaluation = found if score is math.nan else self._scored(candidate, module, found, score)
        seconds = time.perf_counter() - started
        return replace(evaluation, cost=replace(evaluation.cost, seconds=seconds))

    def _trained(self, candidate: Candidate) -> tuple[torch.nn.Module, Evaluation, float | None]:
        """A trained network, what is known of it beside the score, and the score: None to measure it, NaN if it diverged."""
        import torch

        from speciate.networks.building import raise_head

        module, parameters, rng = self._module(candidate)
        shapes = _shapes(module)
        with torch.random.fork_rng(devices=None if place(self.device) == "cuda" else []):
            torch.manual_seed(candidate.seed)
            given = self.data_for(genome_of(candidate))
            data = replace(given.without_test(), class_weights=None)
            raise_head(module, -self.data.shift)  # a loop of one's own knows nothing of class weights
            score = self.train(module.train(), candidate.genome, data, candidate.budget, rng)
            raise_head(module, self.data.shift)
        if _shapes(module) != shapes:
            raise UsageError(
                f"{name_of(self.train)} has changed which tensors the network has",
                hint="train the weights and leave the layers as they are",
            )
        found = Evaluation(
            candidate,
            Status.DIVERGED,
            cost=self._cost(candidate, candidate.budget.examples),
            parameters=parameters,
            engine="function",
        )
        if score is not None and hasattr(score, "__float__") and not math.isfinite(float(score)):
            return module, found, math.nan
        known = None if score is None else checked_score(score, f"what {name_of(self.train)} returns")
        return module, found, known


def _shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}
