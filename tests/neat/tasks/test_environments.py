"""Environments: the queue against playing one episode after another, seeds, and what is said where something is missing."""

import sys

import numpy as np
import pytest

from speciate.errors import ConfigurationError, UsageError
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.tasks import Trace, task_by_name

pytest.importorskip("gymnasium")

import gymnasium

from speciate.neat.tasks.environment import EnvironmentTask
from speciate.neat.tasks.episodes import CartPoleSlots, SingleSlots, make_slots
from speciate.neat.tasks.gymnasium_import import find_spec, make_environment

KINDS = ["CartPole-v1", "FrozenLake-v1", "Pendulum-v1"]


def networks(task, count, seed=0, recurrent=False):
    network = FixedNetwork(task.inputs, task.outputs, (3,), recurrent=recurrent)
    return network.population(3 * network.first(count, np.random.default_rng(seed)))


def alone(task, population, row, seeds):
    """Returns and steps of one network, one episode after another, by Gymnasium's own loop."""
    environment, found = gymnasium.make(task.name), []
    for seed in seeds:
        seen, _ = environment.reset(seed=seed)
        columns = population.take([row]).networks().start(np.array([0]))
        total, steps, over = 0.0, 0, False
        while not over:
            outputs = columns.step(task._observing.translate(np.asarray(seen)[None]))
            seen, reward, ended, cut, _ = environment.step(task._acting.translate(outputs)[0])
            total, steps, over = total + reward, steps + 1, ended or cut
        found.append((total, steps))
    return found


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_playing_together_is_playing_alone(name, recurrent):
    task = EnvironmentTask(name, episodes=2)
    task._width = 5  # so that slots are used again
    population = networks(task, 6, recurrent=recurrent)
    seeds = task._seeds(7, 2)
    outcomes = task._play(population.networks(), seeds)
    for row in range(6):
        expected = alone(task, population, row, seeds)
        assert outcomes.steps[row].tolist() == [steps for _, steps in expected]
        np.testing.assert_allclose(outcomes.returns[row], [total for total, _ in expected], rtol=1e-12)
    assert task.evaluate(population.networks(), 7).fitness.tolist() == outcomes.returns.mean(axis=1).tolist()


@pytest.mark.parametrize("name", KINDS)
def test_a_score_depends_on_neither_neighbors_nor_width(name):
    task = EnvironmentTask(name, episodes=3)
    population = networks(task, 9)
    together = task.evaluate(population.networks(), 1)
    apart = [task.evaluate(population.take([row]).networks(), 1) for row in range(9)]
    task._width = 4
    narrow = task.evaluate(population.networks(), 1)
    for what in ("fitness", "steps", "solved"):
        by_itself = [getattr(scores, what)[0] for scores in apart]
        assert getattr(together, what).tolist() == by_itself == getattr(narrow, what).tolist()
    assert len(set(zip(together.fitness.tolist(), together.steps.tolist(), strict=True))) > 1


def test_seeds_decide_the_episodes():
    task = EnvironmentTask("CartPole-v1", episodes=5)
    population = networks(task, 8).networks()
    first, again, other = (task.evaluate(population, seed).fitness.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert not set(task._seeds(1, 5)) & set(task._seeds(1, 100, 5))


def test_the_vector_environment_starts_where_single_ones_do():
    spec = find_spec("CartPole-v1")
    fast, slow = CartPoleSlots(spec, {}, 4), SingleSlots(spec, {}, 4)
    for slots in (fast, slow):
        slots.begin(np.arange(4), [5, 6, 5, 8])
    assert isinstance(make_slots(spec, {}, 2), CartPoleSlots)
    np.testing.assert_allclose(fast.seen, slow.seen, rtol=1e-6)
    assert fast.seen[0].tolist() == fast.seen[2].tolist()
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = rng.integers(0, 2, 4)
        (rewards, over), (slow_rewards, slow_over) = fast.step(actions), slow.step(actions)
        assert rewards.tolist() == slow_rewards.tolist()
        assert over.tolist() == slow_over.tolist()
        np.testing.assert_allclose(fast.seen, slow.seen, rtol=1e-5, atol=1e-6)
        if over.any():
            seeds = list(range(int(over.sum())))
            fast.begin(np.flatnonzero(over), seeds)
            slow.begin(np.flatnonzero(over), seeds)
    for slots in (fast, slow):
        slots.keep(np.array([True, False, False, True]))
        assert slots.width == len(slots.seen) == 2
    np.testing.assert_allclose(fast.seen, slow.seen, rtol=1e-5, atol=1e-6)


def test_a_cart_pole_that_never_falls_is_solved():
    task = EnvironmentTask("CartPole-v1", episodes=2)
    network = FixedNetwork(4, 2, ())
    weights = np.zeros((1, network.size))
    weights[0, 5:9] = [0.5, 1.0, 10.0, 5.0]  # push right where cart and pole lean and move to the right
    found = network.population(weights).networks()
    scores = task.evaluate(found, 0)
    assert (scores.fitness[0], scores.steps[0], bool(scores.solved[0])) == (500.0, 1000, True)
    assert task.confirm(found, 0).tolist() == [True]
    assert task.verify(found, 0)["mean return of 100 fresh episodes"] == 500.0
    trace = task.trace(found, 0)
    assert isinstance(trace, Trace)
    assert trace.rows.shape == (500, 6) == (500, len(trace.columns))


def test_the_goal_is_the_environments_own_or_a_higher_one():
    assert EnvironmentTask("MountainCar-v0").goal == -110
    assert EnvironmentTask("CartPole-v1").goal == 500
    assert EnvironmentTask("Pendulum-v1").goal is None
    task = EnvironmentTask("Pendulum-v1", goal=-150, episodes=4, options={"g": 9.0})
    again = task_by_name(task.name, **task.settings())
    assert (again.goal, again.episodes, again.options) == (-150, 4, {"g": 9.0})


def test_lunar_lander_depends_on_the_seed_alone():
    pytest.importorskip("Box2D")
    task = EnvironmentTask("LunarLander-v3", episodes=1)
    population = networks(task, 6)
    task._width = 2
    first = task.evaluate(population.networks(), 0)
    apart = [task.evaluate(population.take([row]).networks(), 0).fitness[0] for row in range(6)]
    assert first.fitness.tolist() == apart
    assert task.goal == 200


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("CartPol-v1", "CartPole"),
        ("CartPole-v9", "CartPole-v1"),
        ("double-pol", "double-pole"),
        ("!", "pprint_registry"),
    ],
)
def test_an_unknown_task_is_one_clear_error(name, says):
    with pytest.raises(UsageError, match="there is no task") as caught:
        task_by_name(name)
    assert says in str(caught.value)


def test_a_missing_library_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        task_by_name("CartPole-v1")
    assert "pip install 'speciate[rl]'" in str(caught.value)


def test_missing_physics_are_named_with_their_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "Box2D", None)
    for name in [name for name in sys.modules if name.startswith("gymnasium.envs.box2d")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match="LunarLander-v3 needs a package that is not installed") as caught:
        task_by_name("LunarLander-v3")
    assert "pip install 'speciate[rl]'" in str(caught.value)


@pytest.mark.parametrize("settings", [{"episodes": 0}, {"colour": 1}, {"options": {"colour": 1}}])
def test_wrong_settings_are_said(settings):
    with pytest.raises((ConfigurationError, UsageError)) as caught:
        task_by_name("CartPole-v1", **settings)
    assert "colour" in str(caught.value) or "episodes" in str(caught.value)


def test_an_environment_can_be_made_with_its_own_options():
    assert make_environment(find_spec("Pendulum-v1"), {"g": 3.0}).unwrapped.g == 3.0


def test_a_setting_that_environments_do_not_have_is_named():
    with pytest.raises(ConfigurationError, match="CartPole-v1 has no start") as caught:
        task_by_name("CartPole-v1", start=3.0)
    assert "episodes" in caught.value.hint
