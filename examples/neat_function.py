"""NEAT with a plain function: the function gets a network and says how good it is, or here, how bad."""

import numpy as np

from speciate import neuroevolve

QUESTIONS, ANSWERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def error(net):
    return ((net(QUESTIONS)[:, 0] - ANSWERS) ** 2).sum()


search = neuroevolve(fitness=error, inputs=2, outputs=1, minimize=True, goal=0.05, name="exclusive-or")
print(search.champion.description, "error:", -search.champion.valid_score)
