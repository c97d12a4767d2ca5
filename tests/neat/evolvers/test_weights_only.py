"""Evolvers of the weights of a fixed network: by hand, against slow twins, the same seed, and brought back."""

import math

import numpy as np
import pytest

from speciate.errors import ConfigurationError
from speciate.neat.evolvers import EVOLVERS, evolver_by_name
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.evolvers.genetic import offspring
from speciate.neat.evolvers.openai_es import OpenAIES, centered_ranks, slope
from speciate.neat.tasks import Xor, task_by_name


def forward(hidden, outputs, weights, x):
    """Two layers of tanh units in plain Python; weights in the order of the network's genes."""
    weights = list(weights)
    for count in (*hidden, outputs):
        x = [math.tanh(sum(weights.pop(0) * value for value in [*x, 1.0])) for _ in range(count)]
    return x


@pytest.mark.parametrize("hidden", [(), (3,), (4, 2)])
def test_a_fixed_network_computes_what_layers_compute(hidden):
    rng, network = np.random.default_rng(0), FixedNetwork(3, 2, hidden)
    weights, x = rng.normal(size=(5, network.size)), rng.normal(size=(3, 5))
    outputs = network.population(weights).networks().start(np.arange(5)).step(x)
    for row in range(5):
        assert outputs[:, row] == pytest.approx(forward(hidden, 2, weights[row], x[:, row]))


def test_a_recurrent_layer_by_hand():
    """One input, two units: each reads the input, the bias, and both units; the first one's value is there already."""
    network = FixedNetwork(1, 1, (2,), recurrent=True, output_activation="linear")
    a, b = [0.5, 0.1, 0.3, -0.2], [-0.4, 0.2, 0.6, 0.7]  # from input, bias, unit a, unit b
    weights = np.array([[*a, *b, 1.0, 2.0, 0.0]])
    columns = network.population(weights).networks().start(np.array([0]))
    u = v = 0.0
    for x in (1.0, -0.5, 2.0):
        u = math.tanh(a[0] * x + a[1] + a[2] * u + a[3] * v)
        v = math.tanh(b[0] * x + b[1] + b[2] * u + b[3] * v)
        assert columns.step(np.array([[x]]))[0, 0] == pytest.approx(u + 2 * v)


def test_first_weights_have_the_variance_of_their_layer():
    network = FixedNetwork(8, 2, (15,))
    drawn = network.first(4000, np.random.default_rng(0))
    biases = [c.source == 8 for c in network.genome.connections]
    assert not drawn[:, biases].any()
    into_hidden = [c.source < 8 for c in network.genome.connections]
    assert drawn[:, into_hidden].std() == pytest.approx(1 / 3, rel=0.01)  # 8 inputs and the bias
    assert network.size == 15 * 9 + 2 * 16


def test_offspring_by_hand():
    weights = np.arange(12.0).reshape(4, 3)
    found = offspring(weights, np.array([1.0, 5.0, 5.0, 0.0]), 1, 1e-3, np.random.default_rng(0))
    assert found[0].tolist() == weights[1].tolist()  # of equals the first, unchanged
    np.testing.assert_allclose(found[1:], np.tile(weights[1], (3, 1)), atol=0.01)
    assert (found[1:] != weights[1]).all()
    many = offspring(np.arange(100.0)[:, None], -np.arange(100.0), 3, 1e-6, np.random.default_rng(1))
    assert set(np.round(many[:, 0])) == {0.0, 1.0, 2.0}


def test_ranks_by_hand():
    assert centered_ranks(np.array([3.0, -7.0, 100.0])).tolist() == [0.0, -0.5, 0.5]
    assert centered_ranks(np.array([1.0, 1.0, 5.0, 0.0])).tolist() == pytest.approx([0, 0, 0.5, -0.5])
    assert centered_ranks(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]


def test_the_slope_is_the_sum_over_all_perturbations():
    rng = np.random.default_rng(0)
    noise, utilities = rng.normal(size=(5, 3)), rng.normal(size=10)
    whole = np.concatenate([noise, -noise])
    expected = sum(u * e for u, e in zip(utilities, whole, strict=True)) / (10 * 0.2)
    assert slope(noise, utilities, 0.2) == pytest.approx(expected)


def test_a_step_of_openai_es_by_hand():
    """The first step of Adam is the learning rate in the direction of the slope's sign."""
    network = FixedNetwork(1, 1, ())
    evolver = OpenAIES(network, 5, 3, deviation=0.1, learning_rate=0.25, weight_decay=0.0)
    population, mean = evolver.ask(), evolver.mean.copy()
    weights = population.table.connections["weight"]
    assert weights[0].tolist() == mean.tolist()
    np.testing.assert_allclose(weights[1:3] + weights[3:], np.tile(2 * mean, (2, 1)))
    evolver.tell(weights[:, 0])  # more of the first weight is better
    assert evolver.mean[0] - mean[0] == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("genetic", {"power": 1.0}), ("openai-es", {"deviation": 1.0, "learning_rate": 0.1}), ("cma-es", {})],
)
def test_xor_is_learned(name, settings):
    task = Xor()
    evolver = evolver_by_name(name, task, 60, seed=1, hidden=(4,), **settings)
    solved = False
    for _ in range(150):
        scores = task.evaluate(evolver.networks(), 0)
        solved = bool(scores.solved.any())
        if solved:
            break
        evolver.tell(scores.fitness)
    assert solved


@pytest.mark.parametrize("name", list(EVOLVERS))
def test_an_evolver_that_is_told_the_same_goes_on_alike(name):
    task, histories = task_by_name("double-pole-without-velocities"), []
    for stop in (0, 3, 5):
        evolver, history = evolver_by_name(name, task, 24, seed=2), []
        for generation in range(8):
            if generation == stop:
                evolver = evolver_by_name(name, task, 24, seed=2)
                for known in history:
                    evolver.tell(np.array(known))
                assert evolver.generation == generation
            fitness = task.evaluate(evolver.networks(), 2).fitness
            history.append(fitness.tolist())
            evolver.tell(fitness)
        histories.append(history)
    assert histories[0] == histories[1] == histories[2]
    other = evolver_by_name(name, task, 24, seed=3)
    other.tell(task.evaluate(other.networks(), 2).fitness)
    assert task.evaluate(other.networks(), 2).fitness.tolist() != histories[0][1]


@pytest.mark.parametrize("name", list(EVOLVERS))
def test_networks_suit_the_task(name):
    for task in (Xor(), task_by_name("double-pole-without-velocities")):
        evolver = evolver_by_name(name, task, 10, seed=0)
        genome = evolver.ask().genome(0)
        assert (genome.inputs, genome.outputs) == (task.inputs, task.outputs)
        assert genome.nodes[0].activation == task.output_activation
        assert evolver.ask().size == evolver.population_size == 10


def test_failures_count_as_worst():
    evolver = evolver_by_name("genetic", Xor(), 4, parents=1)
    expected = evolver.ask().genome(2)
    evolver.tell(np.array([np.nan, -5.0, -4.0, np.inf]))
    assert evolver.ask().genome(0) == expected


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("genetic", {"parents": 0}, "parents must be from 1 to population_size = 10, got 0"),
        ("genetic", {"power": 0.0}, "power must be greater than 0"),
        ("openai-es", {"learning_rate": -1.0}, "learning_rate must be greater than 0"),
        ("cma-es", {"deviation": 0.0}, "deviation must be greater than 0"),
        ("cma-es", {"hidden": (0,)}, "hidden must be"),
        ("cma-es", {"activation": "relux"}, "there is no activation 'relux'"),
        ("neat", {"preset": "best"}, "there is no preset 'best'"),
        ("cma-es", {"powr": 1}, "powr"),
        ("neat", {"powr": 1}, "powr"),
    ],
)
def test_wrong_settings_are_said(name, settings, says):
    with pytest.raises(ConfigurationError, match=says):
        evolver_by_name(name, Xor(), 10, **settings)


def test_an_unknown_evolver_is_said():
    with pytest.raises(ConfigurationError, match="there is no algorithm 'cmaes'"):
        evolver_by_name("cmaes", Xor())
    recurrent = task_by_name("double-pole-without-velocities")
    with pytest.raises(ConfigurationError, match="needs a hidden layer"):
        evolver_by_name("genetic", recurrent, hidden=())
