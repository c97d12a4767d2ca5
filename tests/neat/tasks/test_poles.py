"""Poles: the physics against a plain twin and by hand, fitness and tests of solutions by hand."""

import math

import numpy as np
import pytest
from tests.neat.tasks import scalar_poles

from speciate.errors import ConfigurationError
from speciate.neat.compiled import cart
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.tasks import TASKS, task_by_name
from speciate.neat.tasks.poles import PoleTask, generalization_starts

SOLVES = [-13.4, -6.2, -34.3, -23.0, 22.6, 4.4, 0.2]
"""Weights, the bias last, of a single tanh unit that balances two poles for as long as one likes; found by CMA-ES."""


def one(weights, inputs=6, activation="tanh"):
    network = FixedNetwork(inputs, 1, (), output_activation=activation)
    return network.population(np.array([weights])).networks()


@pytest.mark.parametrize("poles", [1, 2])
def test_the_derivative_is_that_of_the_equations(poles):
    rng = np.random.default_rng(poles)
    for _ in range(50):
        state, found = rng.normal(size=2 + 2 * poles), np.zeros(2 + 2 * poles)
        cart.slopes(state, 3.0, poles, found)
        np.testing.assert_allclose(found, scalar_poles.derivative(state, 3.0, poles), rtol=1e-12)


def test_a_push_on_an_upright_pole_by_hand():
    # At rest and upright: F_1 = 0 and M_1 = 0.1 / 4, so x'' = 10 / 1.025, and a'' = -3/4 / 0.5 * x''.
    found = np.zeros(4)
    cart.slopes(np.zeros(4), 10.0, 1, found)
    assert found[1] == pytest.approx(10 / 1.025)
    assert found[3] == pytest.approx(-1.5 * 10 / 1.025)
    assert found[0] == found[2] == 0


def test_a_leaning_pole_falls_further():
    found = np.zeros(4)
    cart.slopes(np.array([0.0, 0.0, 0.1, 0.0]), 0.0, 1, found)
    assert found[3] > 0
    assert found[1] < 0  # and pushes the cart away from under it


@pytest.mark.parametrize("poles", [1, 2])
def test_an_action_is_two_steps_of_runge_kutta(poles):
    rng = np.random.default_rng(poles)
    for _ in range(20):
        state = rng.normal(size=2 + 2 * poles) * 0.1
        expected = scalar_poles.act(list(state), -7.0, poles)
        cart.push(state, -7.0, poles, np.empty((5, 2 + 2 * poles)))
        np.testing.assert_allclose(state, expected, rtol=1e-12, atol=1e-15)


def test_energy_goes_into_friction_alone():
    """Without force, kinetic and potential energy of cart and pole fall by what the hinge takes."""

    def energy(s):
        m, half, v, a, w = 0.1, 0.5, s[1], s[2], s[3]
        speed = v * v + 2 * half * v * w * math.cos(a) + (half * w) ** 2 + (half * w) ** 2 / 3
        return 0.5 * v * v + 0.5 * m * speed + m * 9.8 * half * math.cos(a)

    state, room = np.array([0.0, 0.1, 0.2, 0.0]), np.empty((5, 4))
    before, taken = energy(state), 0.0
    for _ in range(100):
        middle = state[3]
        cart.push(state, 0.0, 1, room)
        taken += 0.02 * cart.FRICTION * (middle**2 + state[3] ** 2) / 2
    assert taken > 1e-5
    assert energy(state) + taken == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("state", "down"),
    [
        ([2.4, 0, 0.5, 0, 0, 0], False),
        ([2.41, 0, 0, 0, 0, 0], True),
        ([0, 9, 0, 9, -0.64, 9], True),
        ([0, 0, math.nan, 0, 0, 0], True),
        ([math.inf, 0, 0, 0, 0, 0], True),
    ],
)
def test_what_counts_as_fallen(state, down):
    assert cart.fallen(np.array(state, float), 2, math.radians(36)) is down


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_an_attempt_is_the_twins(activation):
    task, rng = task_by_name("double-pole"), np.random.default_rng(1)
    seen = set()
    for _ in range(12):
        weights = np.array(SOLVES) * rng.uniform(-0.3, 1.5, 7) * (1 if activation == "tanh" else 0.4)
        networks = one(weights, activation=activation)
        start = [0, 0, math.radians(1), 0, 0, 0]
        steps, states = scalar_poles.balance(weights, start, 2, math.radians(36), 40, activation == "sigmoid")
        scores = task.evaluate(networks, 0)
        seen.add(steps)
        assert scores.steps[0] == steps if steps < 40 else scores.steps[0] >= 40
        rows = task.trace(networks, 0).rows
        assert len(rows) >= len(states)
        np.testing.assert_allclose(rows[: len(states), 1:], states, rtol=1e-6, atol=1e-9)
    assert len(seen) > 3


def test_two_poles_can_be_balanced_for_good():
    task = task_by_name("double-pole")
    scores = task.evaluate(one(SOLVES), 0)
    assert scores.fitness.tolist() == [100_000.0]
    assert scores.solved.all()
    assert task.verify(one(SOLVES), 0) == {
        "steps balanced, of 100000": 100_000,
        "starts balanced, of 625": 538,
    }


def test_fitness_with_velocities_is_steps():
    task = task_by_name("double-pole")
    scores = task.evaluate(one([0.0] * 7), 0)
    assert scores.fitness[0] == scores.steps[0] > 10
    assert not scores.solved[0]


def test_gruaus_fitness_by_hand():
    task = task_by_name("double-pole-without-velocities")
    network = FixedNetwork(3, 1, ())
    short = task.evaluate(network.population(np.zeros((1, 4))).networks(), 0)
    assert short.steps[0] < 100
    assert short.fitness[0] == pytest.approx(0.1 * short.steps[0] / 1000)


def test_a_long_attempt_is_scored_by_its_restlessness():
    class Still(PoleTask):
        velocities, degrees = False, 4.0

        def _attempts(self, networks, starts, steps, which=None):
            return np.array([[1000], [150], [99]]), np.array([[1.5], [3.0], [0.1]])

    scores = Still().evaluate(None, 0)
    np.testing.assert_allclose(scores.fitness, [0.1 + 0.45, 0.015 + 0.225, 0.0099])
    assert scores.solved.tolist() == [True, False, False]


def test_restlessness_is_that_of_the_last_hundred_states():
    task = task_by_name("double-pole", start=0.0)
    networks = one([0.0] * 6 + [0.001])
    (steps,), (restless,) = task._attempts(networks, task._starts(), 1000)
    rows = task.trace(networks, 0).rows[: steps[0] + 1]
    assert steps[0] > 20
    assert restless[0] == pytest.approx(np.abs(rows[-100:, 1:5]).sum(), rel=1e-12)


def test_the_625_starts():
    starts = generalization_starts()
    assert starts.shape == (625, 6)
    assert len(np.unique(starts, axis=0)) == 625
    np.testing.assert_allclose(np.unique(starts[:, 0]), [-1.944, -1.08, 0.0, 1.08, 1.944], atol=1e-12)
    assert math.degrees(starts[:, 2].max()) == pytest.approx(3.6 * 0.9, rel=1e-4)
    assert math.degrees(starts[:, 3].max()) == pytest.approx(8.6 * 0.9, rel=1e-3)
    assert not starts[:, 4:].any()


def test_a_solution_must_be_confirmed():
    task = task_by_name("double-pole-without-velocities")
    fails = FixedNetwork(3, 1, ()).population(np.zeros((2, 4))).networks()
    assert task.confirm(fails, 0).tolist() == [False, False]


def test_a_score_does_not_depend_on_neighbors():
    task = task_by_name("double-pole-without-velocities")
    network = FixedNetwork(3, 1, (4,), recurrent=True)
    population = network.population(network.first(21, np.random.default_rng(0)) * 4)
    together = task.evaluate(population.networks(), 0)
    apart = [task.evaluate(population.take([k]).networks(), 0).fitness[0] for k in range(21)]
    assert together.fitness.tolist() == apart
    assert len(set(apart)) > 5


def test_a_single_pole_is_balanced_by_a_known_controller():
    task = task_by_name("single-pole")
    networks = one([1.0, 1.9, 3.1, 4.0, -0.4], inputs=4)
    scores = task.evaluate(networks, 0)
    assert scores.solved.all()
    assert task.confirm(networks, 0).all()
    assert task.verify(networks, 0)["starts balanced, of 625"] == 483
    assert task.trace(networks, 0).rows.shape == (1000, 5)


@pytest.mark.parametrize("name", [name for name in TASKS if "pole" in name])
def test_a_task_is_made_again_from_its_settings(name):
    task = task_by_name(name, start=2.5)
    again = task_by_name(task.name, **task.settings())
    assert (again.start, again.inputs, again.recurrent) == (2.5, task.inputs, task.recurrent)
    with pytest.raises(ConfigurationError, match="start must be between"):
        task_by_name(name, start=40)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("single-pole", ("x", "x'", "pole", "pole'", "force")),
        ("double-pole", ("x", "x'", "long pole", "long pole'", "short pole", "short pole'", "force")),
        ("double-pole-without-velocities", ("x", "long pole", "short pole", "force")),
    ],
)
def test_inputs_and_outputs_have_names(name, names):
    task = task_by_name(name)
    assert task.names == names
    assert len(names) == task.inputs + task.outputs


def test_a_setting_that_a_task_does_not_have_is_named():
    with pytest.raises(ConfigurationError, match="double-pole has no episodes") as caught:
        task_by_name("double-pole", episodes=2)
    assert "start" in caught.value.hint
    with pytest.raises(ConfigurationError, match="xor has no episodes and no start"):
        task_by_name("xor", start=1.0, episodes=2)
