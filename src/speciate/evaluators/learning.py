"""What evaluators share whose networks learn from data: building, inheriting, scoring, and the whole way to the champion."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.data import Data, Split
from speciate.evaluators.base import Evaluator
from speciate.evaluators.baselines import HAND_MADE, IMPORTANCE, Answer, fit_baselines, scored_baselines
from speciate.evaluators.champion import Champion, Chosen, Examination, RunContext
from speciate.evaluators.diagnostics import diagnose
from speciate.evaluators.finish import Doubling, Finish, in_turn
from speciate.evaluators.intervals import scored
from speciate.evaluators.pooling import CALIBRATED, calibrated_loss, losses_of, tempered
from speciate.evaluators.views import Views, place, rows_of
from speciate.networks import Ensemble
from speciate.networks.network import Network
from speciate.records import Candidate, Cost, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, count_parameters
from speciate.store.weights import WeightFolder

if TYPE_CHECKING:  # torch is imported where training begins: a driver with worker processes can do without
    import torch

    from speciate.algorithms import Algorithm
    from speciate.champion import Model
    from speciate.store import Baseline


class LearningEvaluator(Evaluator):
    """Networks of layers that learn from the training rows and are scored on the validation rows.

    Args:
        data: What to learn from. Copies that go to worker processes lack the sealed test rows.
        weights: Where weights are written that may be needed again; None keeps no weights. A search sets it.
        device: "cpu", "cuda", "mps", or "auto" for an accelerator if there is one.
        inherit: What a network takes over from its candidate's ancestors: "none" (each is trained from scratch),
            "common" (layers that both have) or "preserve" (besides, changes begin as the function they change).
        merge: What the child of two parents gets where both have the same layer: the weights of one of them ("layers"), or the
            mean of both ("mean").
        finish: How a run ends; with the winner's training on more and more examples if not given.

    Attributes:
        frozen: Marks of layers that are not trained where a network inherits them as they are. A search that starts from a
            frozen network sets it.
    """

    trains = True
    noisy = True
    data: Data

    def __init__(
        self,
        data: Data,
        *,
        weights: WeightFolder | None,
        device: str,
        inherit: str,
        merge: str,
        finish: Finish | None = None,
    ) -> None:
        self.data, self.weights, self.device = data, weights, device
        self.inherit, self.merge = inherit, merge
        self.finish = finish or Doubling()
        self.needs_final = self.finish.of_final
        self.frozen: frozenset[str] = frozenset()
        self._fitted: tuple[int, list[tuple[Baseline, Answer]]] | None = None
        self.views = Views(data, device)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "data": self.data.without_test(), "_fitted": None}

    def data_for(self, genome: NetworkGenome) -> Data:
        """The data as a network sees them: its numbers spread over as many bins as its genome says."""
        return self.views.of(genome.bins)

    def facts(self) -> dict[str, Any]:
        """What reports say about the data."""
        return self.data.facts()

    def summary(self) -> list[tuple[str, str]]:
        """What was understood about the data."""
        return self.data.lines()

    @property
    def inherits(self) -> bool:
        """Whether a network takes over weights from its ancestors."""
        return self.inherit != "none"

    @property
    def parallel(self) -> bool:
        """Not where an accelerator trains a whole group as one: nothing is gained by several processes that share it."""
        return self.device == "cpu"

    def prepare(self, weights: WeightFolder, frozen: frozenset[str]) -> None:
        """Keep weights in a run's folder, and these layers as they are."""
        self.weights, self.frozen = weights, frozen

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        return self.evaluate([candidate])[0]

    @abstractmethod
    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Train, then score. Never raises for what a candidate does."""

    def _module(self, candidate: Candidate) -> tuple[torch.nn.Module, int, np.random.Generator]:
        """A candidate's network before its training, its size, and the generator for the training."""
        from speciate.networks.building import build, raise_head

        genome = genome_of(candidate)
        shape, outputs = self.data_for(genome).input_shape, self.data.outputs
        parameters = count_parameters(genome, shape, outputs)
        weights, training, inheriting = np.random.Generator(np.random.Philox(candidate.seed)).spawn(3)
        module = build(genome, shape, outputs, weights)
        raise_head(module, self.data.start)
        if candidate.ancestors and self.inherits:
            self._take_over(module, genome, candidate, inheriting)
        return module.to(place(self.device)), parameters, training

    def _take_over(
        self, module: torch.nn.Module, genome: NetworkGenome, candidate: Candidate, rng: np.random.Generator
    ) -> None:
        """Give a fresh module what it inherits, and take out of training what is frozen."""
        import torch

        from speciate.inheritance.finished_network import without_inputs
        from speciate.inheritance.freezing import freeze, taken_over
        from speciate.inheritance.inherit import blended, inherit
        from speciate.networks.network import layer_tensors, replace_tensors

        assert self.weights is not None
        ancestors = [
            (NetworkGenome.from_json(a.genome.to_json()), self.weights.load(a.weights))
            for a in candidate.ancestors
        ]
        ancestors = [(g, t if g.bins == genome.bins else without_inputs(g, t)) for g, t in ancestors]
        fresh = {name: value.numpy() for name, value in module.state_dict().items()}
        shape, outputs = self.data_for(genome).input_shape, self.data.outputs
        given = blended(ancestors) if self.merge == "mean" else ancestors
        found = inherit(genome, fresh, given, shape, outputs, self.inherit, rng)
        tensors = found.tensors
        frozen = taken_over((genome, tensors), ancestors[0], self.frozen)
        for mark in frozen:  # as they are to the last bit, whatever inheritance made of them
            replace_tensors(tensors, mark, layer_tensors(ancestors[0][1], mark))
        module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        freeze(module, frozen)

    def _scored(
        self,
        candidate: Candidate,
        module: torch.nn.Module,
        unscored: Evaluation,
        known: float | None = None,
    ) -> Evaluation:
        """The evaluation of a trained network.

        Args:
            candidate: Whose it is.
            module: The network.
            unscored: What is known of it beside the score; its status says that it diverged.
            known: The score, where it is known; None to measure it on the validation rows.
        """
        from speciate.training import reference

        metrics, value = dict(unscored.metrics), known
        if value is None:
            bins, rows = genome_of(candidate).bins, rows_of(candidate)
            outputs = reference.outputs_of(module, self.views.validation(bins, rows))
            answers = self.answers(outputs.double().cpu().numpy())
            if not np.isfinite(answers).all():
                return replace(unscored, metrics={})
            valid = self.views.of(bins, rows).valid
            value = self.data.score(valid, answers)
            metrics |= self._extra(valid, answers)
            if self._chosen_from(candidate.phase) and self.data.task == "classification":
                metrics[f"valid_{CALIBRATED}"] = -calibrated_loss(answers, losses_of(self.data, valid))
        weights = self._save(module) if self._keeps(candidate.phase) else None
        return replace(unscored, status=Status.OK, score=value, metrics=metrics, weights=weights)

    def _cost(self, candidate: Candidate, examples: int) -> Cost:
        return Cost(examples, examples + candidate.inherited_examples)

    def baselines(self, context: RunContext) -> Iterable[Baseline]:
        """The majority or the mean, a linear model, boosted trees, the ancestor, and a hand-made network."""
        if "hand-made" in context.known:  # the last one: the others are known too
            return ()
        fitted = self._fit_baselines(context, None)
        return scored_baselines(self, self.predict, context, context.examples, fitted)

    def _fit_baselines(
        self, context: RunContext, only: Collection[str] | None
    ) -> list[tuple[Baseline, Answer]]:
        """Those that need no network, fitted once in a process; of a run of an earlier version, those that it knows."""
        if self._fitted is None or self._fitted[0] != context.seed:
            fitted = fit_baselines(self.data, context.seed, only, context.note, context.left)
            self._fitted = context.seed, list(fitted)
        return self._fitted[1]

    @property
    def alike(self) -> int | None:
        """That of its finish."""
        return self.finish.alike

    def final(
        self, context: RunContext, finalists: Sequence[Candidate], recipes: Sequence[Candidate]
    ) -> Algorithm | None:
        """That of its finish, with the recipes as finalists."""
        return self.finish.final(self, context, in_turn(self.finish.entrants(self, finalists), recipes))

    def time_share(self, phase: Phase) -> float:
        """That of its finish."""
        return self.finish.time_share(phase)

    def outlook(self, context: RunContext, finalists: int, recipes: int) -> str:
        """That of its finish."""
        most = finalists * (2 if self.data.bins else 1)  # each with bins and without
        found = self.finish.outlook(context, most, recipes)
        return found or super().outlook(context, finalists, recipes)

    def closing(self, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """The champion's real training."""
        return self.finish.closing(self, context, chosen)

    def select_champion(
        self, chosen: Evaluation, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """The networks that its finish keeps.

        Raises:
            EvaluationError: All trainings failed.
        """
        return self.finish.select(self, final, closing)

    def joined(self, selection: Chosen) -> str | None:
        """The weights of all members in one file."""
        if self.weights is None or not selection.members:
            return selection.lead.weights
        return self.weights.save(self.chosen(selection).tensors)

    def chosen(self, selection: Chosen) -> Ensemble:
        """The networks that a selection consists of.

        Raises:
            StorageError: A weight file is missing or was altered.
        """
        members = selection.members or (selection.lead,)
        networks = (self.load(e.candidate, str(e.weights)) for e in members)
        temperatures = selection.temperatures or (1.0,) * len(members)
        own = (
            n if t == 1 else n.tempered(t, self.data.shift)
            for n, t in zip(networks, temperatures, strict=True)
        )
        return Ensemble(tuple(own), selection.temperature)

    def refit(self, networks: Sequence[Candidate]) -> Algorithm | None:
        """That of its finish."""
        return self.finish.refit(self, networks)

    def examine(self, context: RunContext, selected: Chosen) -> Examination | None:
        """The score on the sealed test rows, with what it is compared with on the same rows; diagnostics of validation rows without."""
        sealed = self.data.test.rows > 0
        if not sealed:  # by those that were not trained on the validation rows
            selected = selected.only(lambda member: member.candidate.fold == 0)
        network = self.chosen(selected)
        split = self.data.test.open() if sealed else self.data.valid
        answers = self.predict(network, split.x)
        shown = diagnose(
            self.data,
            split,
            answers,
            partial(self.predict, network),
            sum(e.parameters for e in selected.members or (selected.lead,)),
            sealed,
            IMPORTANCE * context.left(),
        )
        if not sealed:
            return Examination(None, diagnostics=shown)
        own = scored(self.data.metric, split.y, answers, split.weight, self.data.class_weights)
        numbers = {}
        if shown is not None and shown.labels is not None:
            numbers["log loss"] = -self.data.score(split, answers, "neg_log_loss")
            numbers["calibration error"] = shown.labels.calibration_error
        # Examples that went into inherited weights count: the hand-made network gets as many.
        examples = max(selected.lead.candidate.budget.examples, selected.lead.cost.lineage_examples)
        fitted = self._fit_baselines(context, context.known)
        as_long = examples if selected.lead.cost.seconds <= HAND_MADE * context.left() else 0
        others = tuple(scored_baselines(self, self.predict, context, as_long, fitted, own))
        found = own.interval
        return Examination(
            found.score, found.low, found.high, found.rows, numbers, diagnostics=shown, baselines=others
        )

    def model(self, champion: Champion, facts: Mapping[str, Any]) -> Model:
        """The champion, ready to predict."""
        from speciate.champion import LayersModel

        if champion.weights is None or self.weights is None:
            return super().model(champion, facts)
        return LayersModel.of(champion.to_json(), self.ensemble(champion), self.data, facts)

    def publish(self, folder: Path, champion: Champion, facts: Mapping[str, Any]) -> None:
        """Write the champion's folder."""
        from speciate.champion import write_champion
        from speciate.store import is_current

        if champion.weights is not None and not is_current(folder, champion.weights):
            write_champion(folder, self.model(champion, facts))

    def predict(self, network: Network | Ensemble, x: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes), or values (n,) in the target's own units, for inputs (n, *data.input_shape)."""
        first, *others = network.networks
        total = sum((self._said(part, x) for part in others), self._said(first, x))
        return tempered(total / len(network.networks), network.temperature)

    def _said(self, network: Network, x: np.ndarray) -> np.ndarray:
        return self.answers(self.outputs(network, x))

    def outputs(self, network: Network, x: np.ndarray) -> np.ndarray:
        """What a network gives for inputs (n, *data.input_shape): (n, outputs) in double precision, logits or standardized values."""
        import torch

        from speciate.networks import build
        from speciate.training import reference

        rng = np.random.default_rng(0)  # the weights drawn here are replaced at once
        data = self.data_for(network.genome)
        module = build(network.genome, data.input_shape, data.outputs, rng)
        module.load_state_dict({name: torch.from_numpy(value) for name, value in network.tensors.items()})
        with reference.one_thread():
            inputs = x if data.encoding is None else data.encoding(x)
            return np.asarray(reference.outputs_of(module, torch.from_numpy(inputs)).double().numpy())

    def load(self, candidate: Candidate, weights: str) -> Network:
        """The trained network of a candidate.

        Raises:
            StorageError: Its weight file is missing or was altered.
        """
        assert self.weights is not None
        return Network(genome_of(candidate), self.weights.load(weights))

    def ensemble(self, champion: Champion) -> Ensemble:
        """The networks of a champion, as many as it has.

        Raises:
            StorageError: Its weight file is missing or was altered.
        """
        assert self.weights is not None
        genomes = [NetworkGenome.from_json(genome) for genome in champion.members or (champion.genome,)]
        return Ensemble.of(genomes, self.weights.load(str(champion.weights)), champion.temperature)

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities from logits (n, outputs), or values in the target's own units from standardized ones."""
        if self.data.task == "classification":
            import torch

            return np.asarray(torch.from_numpy(outputs - self.data.shift).softmax(dim=1).numpy())
        return np.asarray(outputs[:, 0] * self.data.target_scale + self.data.target_mean)

    def _extra(self, valid: Split, answers: np.ndarray) -> dict[str, float]:
        if self.data.task == "classification":
            names = ["neg_log_loss", "accuracy"]
        else:
            names = ["neg_root_mean_squared_error", "neg_mean_absolute_error"]
        return {
            f"valid_{name}": self.data.score(valid, answers, name)
            for name in names
            if name != self.data.metric
        }

    def _keeps(self, phase: Phase) -> bool:
        """Whether the weights may be needed again: for the champion's folder, or for children."""
        if self.until < math.inf:  # there may be no time for anything after it
            return True
        if phase is Phase.SEARCH:
            return self.inherits
        return phase is not Phase.FINAL or self._chosen_from(phase)

    def _chosen_from(self, phase: Phase) -> bool:
        return phase is Phase.FINAL and self.finish.of_final

    def _save(self, module: torch.nn.Module) -> str | None:
        if self.weights is None:
            return None
        return self.weights.save({name: value.cpu().numpy() for name, value in module.state_dict().items()})


def genome_of(candidate: Candidate) -> NetworkGenome:
    """A candidate's genome, read as that of a network."""
    return NetworkGenome.from_json(candidate.genome.to_json())
