"""Exclusive or: the least task that a network without hidden nodes cannot do (Stanley & Miikkulainen 2002, section 4.2)."""

from __future__ import annotations

import numpy as np

from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.base import Scores, Task, task

EXAMPLES = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).T
ANSWERS = np.array([0.0, 1.0, 1.0, 0.0])


@task
class Xor(Task):
    """Fitness is (4 - sum of errors) ** 2; solved once every output is on the right side of 0.5."""

    name = "xor"
    inputs, outputs = 2, 1
    recurrent = False
    goal = None
    output_activation = "sigmoid"
    fitness = "(4 - sum of errors) squared, at most 16"

    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """The fitness of all networks; nothing is drawn, so the seed does not matter."""
        columns = networks.start(np.repeat(np.arange(networks.size), 4))
        answers = columns.step(np.tile(EXAMPLES, networks.size))[0].reshape(-1, 4)
        fitness = (4.0 - np.abs(answers - ANSWERS).sum(axis=1)) ** 2
        solved = ((answers >= 0.5) == (ANSWERS >= 0.5)).all(axis=1)
        return Scores(fitness, solved, np.full(networks.size, 4))

    def verify(self, networks: TableNetworks, seed: int) -> dict[str, float]:
        """How many of the four answers of the first network are on the right side, and the sum of all errors."""
        scores = self.evaluate(networks, seed)
        columns = networks.start(np.zeros(4, np.int64))
        right = (columns.step(EXAMPLES)[0] >= 0.5) == (ANSWERS >= 0.5)
        return {
            "answers right, of 4": float(right.sum()),
            "sum of errors": 4.0 - float(np.sqrt(scores.fitness[0])),
        }
