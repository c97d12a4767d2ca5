"""A training loop of one's own: the network that it trains comes back, is tested once, and is exported like any other.

python examples/training_loop.py
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy

import speciate
from speciate import AgingEvolution, NetworkSpace, ProcessBackend, Search, TrainingEvaluator


def train(module, genome, data, budget, rng):
    """Plain SGD on random batches, with gradients clipped; None means: score it on the validation rows."""
    optimizer = torch.optim.SGD(
        module.parameters(), lr=genome.hyper_parameters["learning_rate"], momentum=0.9
    )
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    for _ in range(max(1, budget.examples // 32)):
        rows = rng.integers(len(x), size=32)
        loss = cross_entropy(module(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()


if __name__ == "__main__":
    data = speciate.load_data("sklearn:wine")
    space = NetworkSpace.mlp(features=13, rows=len(data.train), outputs=3)
    evaluator = TrainingEvaluator(train, data)
    search = Search(
        space,
        AgingEvolution(6),
        evaluator,
        examples=1000,
        backend=ProcessBackend(2),
        store="loop",
        finalists=2,
    )
    print(search.run(evaluations=18).champion)
    print(search.model.module)  # an nn.Sequential; loop/champion/model.py runs it with torch alone
