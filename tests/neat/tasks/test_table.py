"""A table as a task, beside scikit-learn's losses."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from speciate.data import load_data
from speciate.neat.evolvers import evolver_by_name
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.tasks import task_by_name
from speciate.neat.tasks.table import TableTask


def random_networks(task, count=4):
    network = FixedNetwork(task.inputs, task.outputs, (5,), output_activation="linear")
    return network.population(network.first(count, np.random.default_rng(0)))


def probabilities(population, row, x):
    columns = population.take([row]).networks().start(np.zeros(len(x), np.int64))
    raw = np.exp(columns.step(np.ascontiguousarray(x.T, dtype=np.float64)))
    return (raw / raw.sum(axis=0)).T


def test_fitness_is_the_negative_cross_entropy_of_the_training_rows():
    task = task_by_name("table:sklearn:iris")
    population, train = random_networks(task), task.data.train
    scores = task.evaluate(population.networks(), 0)
    for row in range(4):
        assert scores.fitness[row] == pytest.approx(
            -log_loss(train.y, probabilities(population, row, train.x))
        )
    assert scores.steps.tolist() == [len(train)] * 4
    assert not scores.solved.any()


def test_rows_are_weighted_where_classes_are_rare():
    rng = np.random.default_rng(0)
    y = np.array(["no"] * 190 + ["yes"] * 10)
    task = TableTask(load_data((rng.normal(size=(200, 2)), y), seed=1))
    assert task.data.class_weights
    population, train = random_networks(task), task.data.train
    weights = np.array(task.data.class_weights)[train.y]
    expected = -log_loss(train.y, probabilities(population, 1, train.x), sample_weight=weights)
    assert task.evaluate(population.networks(), 0).fitness[1] == pytest.approx(expected)


def test_a_number_is_predicted_in_units_of_its_deviation():
    task = task_by_name("table:sklearn:diabetes")
    population, train = random_networks(task), task.data.train
    columns = population.take([2]).networks().start(np.zeros(len(train), np.int64))
    said = columns.step(np.ascontiguousarray(train.x.T, dtype=np.float64))[0]
    goal = (train.y - task.data.target_mean) / task.data.target_scale
    found = task.evaluate(population.networks(), 0).fitness
    assert found[2] == pytest.approx(-mean_squared_error(goal, said), rel=1e-6)
    values = task.predict(population.take([2]).networks(), train.x)
    assert values == pytest.approx(said * task.data.target_scale + task.data.target_mean)


def test_neighbors_and_blocks_do_not_matter(monkeypatch):
    from speciate.neat.tasks import table

    task = task_by_name("table:sklearn:wine")
    population = random_networks(task, 7)
    together = task.evaluate(population.networks(), 0).fitness.tolist()
    monkeypatch.setattr(table, "COLUMNS", 300)
    assert task.evaluate(population.networks(), 0).fitness.tolist() == together
    assert task.evaluate(population.take([5]).networks(), 0).fitness[0] == together[5]


def test_evolution_learns_a_table_and_the_champion_is_scored_on_validation_rows():
    task = task_by_name("table:sklearn:iris", seed=3)
    evolver = evolver_by_name("neat", task, 60, seed=0)
    first = task.evaluate(evolver.networks(), 0).fitness.max()
    for _ in range(25):
        evolver.tell(task.evaluate(evolver.networks(), 0).fitness)
    fitness = task.evaluate(evolver.networks(), 0).fitness
    champion = evolver.ask().take([int(fitness.argmax())]).networks()
    assert fitness.max() > first + 0.3
    valid = task.data.valid
    expected = accuracy_score(valid.y, task.predict(champion, valid.x).argmax(axis=1))
    assert task.verify(champion, 0) == {"accuracy on the validation rows": pytest.approx(expected)}
    assert expected > 0.8
    assert task.data.test.opened == 0
    assert task_by_name(task.name, **task.settings()).data.fingerprint == task.data.fingerprint
