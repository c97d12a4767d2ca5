"""Algorithms of one's own: Optuna's samplers, to compare with the others on the same space, splits and budget.

Akiba et al., "Optuna", KDD 2019, arXiv:1907.10902. They see no graphs: spaces of parameters, and stacks of one kind of layer.

python examples/optuna_sampler.py; or
speciate compare sklearn:wine --space mlp --algorithms guided,examples.optuna_sampler:TPE,examples.optuna_sampler:GP
"""

from __future__ import annotations

import warnings

import numpy as np
import optuna

import speciate
from speciate import Evaluation, Proposal
from speciate.errors import ConfigurationError
from speciate.spaces import Choice, Gene, Integer, NetworkGenome, Real, Value
from speciate.spaces.drawing import marked

optuna.logging.set_verbosity(optuna.logging.ERROR)


def suggested(trial: optuna.trial.BaseTrial, name: str, gene: Gene) -> Value:
    """A value of a gene, as Optuna draws it, put where the gene has one: Optuna has no multiples on a log scale."""
    match gene:
        case Real(low, high, log):
            return gene.nearest(float(f"{trial.suggest_float(name, low, high, log=log):.4g}"))
        case Integer(low, high, log):
            return gene.nearest(trial.suggest_int(name, low, high, log=log))
        case Choice(options):
            return trial.suggest_categorical(name, options)
    raise ConfigurationError(f"Optuna has no distribution for the gene {name!r}, a {type(gene).__name__}")


class Sampler(speciate.Algorithm):
    """One of Optuna's samplers, made anew for each proposal: what it proposes follows from the results and a seed."""

    has_parents = False

    def __init__(self, population_size: int = 50, lag: int = 1) -> None:
        super().__init__(population_size)
        self.lag = lag  # candidates that may be on their way at a time

    def sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        raise NotImplementedError

    def _reset(self) -> None:
        if len(self.space.layers) > 1 or self.space.merges or self.space.fixed:
            raise ConfigurationError(
                f"{self.name} searches spaces of one kind of layer, without branches",
                hint="--space mlp, or a ParameterSpace",
            )
        self.study = optuna.create_study(direction="maximize")

    def _needs(self, index: int) -> int:
        return max(0, index - self.lag + 1)

    def _genome(self, trial: optuna.trial.BaseTrial) -> NetworkGenome:
        hyper = {name: suggested(trial, name, gene) for name, gene in self.space.hyper.items()}
        if not self.space.layers:
            return NetworkGenome(hyper=tuple(hyper.items()))
        ((kind, genes),) = self.space.layers.items()
        count = trial.suggest_int("layers", *self.space.depth)
        drawn = [{n: suggested(trial, f"{n} {i}", gene) for n, gene in genes.items()} for i in range(count)]
        return NetworkGenome.path(marked((kind, layer) for layer in drawn), hyper)

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self.study.sampler = self.sampler(int(rng.integers(2**31)))
        trial = self.study.ask()
        genome = self._genome(trial)
        self.study.tell(trial, state=optuna.trial.TrialState.FAIL)  # which no sampler looks at
        return Proposal(genome, operator=self.name)

    def _tell(self, evaluation: Evaluation) -> None:
        if not evaluation.ok:
            return
        genome = evaluation.candidate.genome
        layers = {f"{n} {i}": v for i, node in enumerate(genome.layers) for n, v in node.genes}
        known = optuna.trial.FixedTrial({"layers": len(genome.layers), **genome.hyper_parameters, **layers})
        self._genome(known)  # so that it knows the distributions
        self.study.add_trial(
            optuna.create_trial(
                params=known.params, distributions=known.distributions, value=evaluation.fitness
            )
        )


@speciate.algorithm
class TPE(Sampler):
    """Tree-structured Parzen estimators, Bergstra et al., NeurIPS 2011; `multivariate` as in Falkner et al., 2018, arXiv:1807.01774."""

    name, label = "optuna-tpe", "Optuna's TPE"

    def __init__(self, population_size: int = 50, lag: int = 1, multivariate: bool = False) -> None:
        super().__init__(population_size, lag)
        self.multivariate = multivariate

    def sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=seed, multivariate=self.multivariate)


@speciate.algorithm
class GP(Sampler):
    """A Gaussian process; what not all networks have, such as the genes of a third layer, it draws at random."""

    name, label = "optuna-gp", "Optuna's GP"

    def sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.GPSampler(seed=seed)


if __name__ == "__main__":
    data = speciate.load_data("sklearn:wine")
    space = speciate.NetworkSpace.mlp(features=13, rows=len(data.train), outputs=3)
    search = speciate.Search(
        space, TPE(10), speciate.SupervisedEvaluator(data), examples=500, finalists=0, final_examples=500
    )
    search.run(evaluations=30)
    print(f"{search.champion.test_score:.3f} on the test rows")
