"""OpenAI's evolution strategy: a gradient estimated from random perturbations of the weights.

Salimans et al., "Evolution strategies as a scalable alternative to reinforcement learning", 2017, arXiv:1703.03864, Algorithm 1,
with what section 2.1 adds: mirrored sampling, rank-based fitness shaping and weight decay; steps by Adam, as in their program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speciate.neat.evolvers.base import evolver
from speciate.neat.evolvers.fixed import FixedNetwork, WeightEvolver, check_ranges
from speciate.neat.population import Population
from speciate.rng import Stream, generator

Vector = NDArray[np.float64]

DECAYS = (0.9, 0.999)
"""Of Adam's two moments (Kingma and Ba, 2015, arXiv:1412.6980)."""
TINY = 1e-8
"""Adam's epsilon."""


@evolver
class OpenAIES(WeightEvolver):
    """Pairs of mirrored perturbations of one mean; if the population is odd, its first member is the mean itself.

    Args:
        network: What has the weights.
        population_size: `2 n`, or one more to evaluate the mean too.
        seed: The run's seed.
        deviation: `sigma`, the standard deviation of a perturbation.
        learning_rate: `alpha`, of Adam.
        weight_decay: Share of the mean that is added to the gradient to be descended.

    Raises:
        ConfigurationError: A population of less than two, or a deviation or learning rate that is not positive.
    """

    name, label = "openai-es", "OpenAI's evolution strategy on weights"

    def __init__(
        self,
        network: FixedNetwork,
        population_size: int = 151,
        seed: int = 0,
        *,
        deviation: float = 0.5,
        learning_rate: float = 0.3,
        weight_decay: float = 0.005,
    ) -> None:
        check_ranges(population_size, deviation=deviation, learning_rate=learning_rate)
        super().__init__(network, population_size, seed)
        self.deviation, self.learning_rate, self.weight_decay = deviation, learning_rate, weight_decay
        self.mean = network.first(1, generator(seed, Stream.GENERATION, 0))[0]
        self._first, self._second = np.zeros(network.size), np.zeros(network.size)

    def _noise(self) -> Vector:
        """(pairs, size): this generation's perturbations, in units of the deviation."""
        rng = generator(self.seed, Stream.GENERATION, self.generation + 1)
        return rng.standard_normal((self.population_size // 2, self.network.size))

    def ask(self) -> Population:
        """The current generation: the mean if the number is odd, the perturbations, their mirror images."""
        steps = self.deviation * self._noise()
        mean = self.mean[None] if self.population_size % 2 else self.mean[None][:0]
        return self.network.population(np.concatenate([mean, self.mean + steps, self.mean - steps]))

    def _tell(self, fitness: Vector) -> None:
        utilities = centered_ranks(fitness[self.population_size % 2 :])
        ascent = slope(self._noise(), utilities, self.deviation) - self.weight_decay * self.mean
        self._first = DECAYS[0] * self._first + (1 - DECAYS[0]) * ascent
        self._second = DECAYS[1] * self._second + (1 - DECAYS[1]) * ascent**2
        step = self.generation + 1
        first = self._first / (1 - DECAYS[0] ** step)
        second = self._second / (1 - DECAYS[1] ** step)
        self.mean = self.mean + self.learning_rate * first / (np.sqrt(second) + TINY)


def centered_ranks(fitness: Vector) -> Vector:
    """Ranks from -0.5 for the worst to 0.5 for the best; equals share the mean of their ranks.

    Args:
        fitness: (n,), at least two.
    """
    from scipy.stats import rankdata

    return np.asarray((rankdata(fitness) - 1) / (len(fitness) - 1) - 0.5)


def slope(noise: Vector, utilities: Vector, deviation: float) -> Vector:
    """The estimated gradient of the expected utility: sum of u e / (n sigma), over all n perturbations.

    Args:
        noise: (pairs, size), in units of the deviation.
        utilities: (2 pairs,): of the perturbations, then of their mirror images.
        deviation: sigma.
    """
    pairs = len(noise)
    difference = utilities[:pairs] - utilities[pairs:]
    total = np.zeros(noise.shape[1])
    for share, direction in zip(difference, noise, strict=True):  # the order of summation is always the same
        total += share * direction
    return total / (2 * pairs * deviation)
