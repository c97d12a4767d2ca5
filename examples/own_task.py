"""A task of your own: all networks of a generation are scored together, and two processes share the work.

Run it again after it was killed: it goes on. `speciate neat own_task:Parity --option bits=4` runs it by the command.
"""

import numpy as np

import speciate
from speciate.neat.tasks import Scores, Task


@speciate.task
class Parity(Task):
    """Say whether the number of ones is odd."""

    outputs, output_activation, fitness = 1, "sigmoid", "answers, less their errors"

    def __init__(self, bits=3):
        self.bits = self.inputs = bits
        self.questions = np.array(np.meshgrid(*[[0.0, 1.0]] * bits)).reshape(bits, -1)  # (bits, 2**bits)
        self.odd = self.questions.sum(axis=0) % 2

    def evaluate(self, networks, seed):
        count = len(self.odd)
        columns = networks.start(np.repeat(np.arange(networks.size), count))  # a network with an example
        answers = columns.step(np.tile(self.questions, networks.size))[0].reshape(-1, count)
        fitness = count - np.abs(answers - self.odd).sum(axis=1)
        solved = ((answers > 0.5) == (self.odd > 0.5)).all(axis=1)
        return Scores(fitness, solved, np.full(networks.size, count))


if __name__ == "__main__":
    search = speciate.neuroevolve(Parity(), generations=20, workers=2, brood=50, name="parity")
    print(search.champion.description, search.champion.valid_score)
