"""An algorithm of one's own: population-based training. Networks go on training; the worst take over weights of the best.

Jaderberg et al., "Population Based Training of Neural Networks", 2017, arXiv:1711.09846.

python examples/population_based_training.py; or
speciate run sklearn:digits --algorithm examples.population_based_training:Pbt --inherit common --depth 2 --units 32
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import speciate
from speciate import Evaluation, NetworkSpace, Proposal, Search, SupervisedEvaluator
from speciate.spaces import Value


@speciate.algorithm
class Pbt(speciate.Algorithm):
    """Each member trains on in every generation, with the weights that it has.

    Args:
        population_size: Members, at least 2.
        share: Share of the members that are replaced, and of those that replace them, in (0, 0.5].
    """

    name, label = "pbt", "population-based training"

    def __init__(self, population_size: int = 20, share: float = 0.2) -> None:
        super().__init__(population_size)
        self.share = share

    def _reset(self) -> None:
        self.members: list[Evaluation] = []  # the last generation, in order of place

    def _tell(self, evaluation: Evaluation) -> None:
        if len(self.members) == self.population_size:
            self.members = []
        self.members.append(evaluation)

    def _parents(self) -> list[Evaluation]:  # whose weights are kept
        return self.members

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        if not any(member.ok for member in self.members):
            return self._sample(rng)
        member = self.members[index % self.population_size]
        ranked = sorted(self.members, key=lambda other: -other.fitness)
        count = max(1, int(self.share * self.population_size))
        if member not in ranked[-count:]:
            return Proposal(member.candidate.genome, (member.candidate.id,), "train on")
        best = [other for other in ranked[:count] if other.ok]
        source = best[rng.integers(len(best))].candidate  # exploit: its weights and hyper-parameters
        hyper = {name: self._explored(name, value, rng) for name, value in source.genome.hyper}
        return Proposal(replace(source.genome, hyper=tuple(hyper.items())), (source.id,), "explore")

    def _explored(self, name: str, value: Value, rng: np.random.Generator) -> Value:
        gene = self.space.hyper[name]
        if isinstance(value, float):
            changed = float(f"{value * rng.choice((0.8, 1.2)):.4g}")
            return changed if gene.low <= changed <= gene.high else value
        return gene.sample(rng) if rng.random() < 0.25 else value  # as the paper resamples


def main(folder: Path) -> None:
    data = speciate.load_data("sklearn:digits")
    space = NetworkSpace.mlp(features=64, rows=len(data.train), outputs=10, depth=(2, 2), units=(32, 32))
    search = Search(space, Pbt(6), SupervisedEvaluator(data, inherit="common"), store=folder, examples=2000)
    search.run(generations=5)
    print(f"{search.champion.test_score:.3f} on the test rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "pbt")
