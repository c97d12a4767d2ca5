"""Which networks answer together, and how sure they are together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from speciate.data import Data, load_data
from speciate.evaluators.pooling import (
    HOTTEST,
    Cost,
    Losses,
    Pooled,
    calibrated_loss,
    cost_of_answers,
    fitted_temperature,
    greedy,
    loss_of,
    losses_of,
    tempered,
)


def squared(values: np.ndarray) -> Losses:
    return lambda answers: (answers - values) ** 2


def mean_square(values: np.ndarray) -> Cost:
    return lambda answers: float(squared(values)(answers).mean())


def pool(*networks: tuple[list[float], int]) -> list[Pooled]:
    return [Pooled(np.array(answers), copies) for answers, copies in networks]


def test_the_best_is_first_and_then_whatever_helps_the_mean_most() -> None:
    truth = np.zeros(2)
    networks = pool(([1.0, 1.0], 1), ([-1.5, -1.5], 1), ([4.0, 4.0], 1))
    assert greedy(networks, mean_square(truth), 1) == (0,)
    assert greedy(networks, mean_square(truth), 2) == (
        0,
        1,
    )  # the mean of 1 and -1.5 is better than 1, which is better than -1.5
    assert greedy(networks, mean_square(truth)) == (0, 1)  # the third would do harm


def test_a_network_is_chosen_as_often_as_there_are_copies() -> None:
    networks = pool(([1.0], 2), ([0.0], 3))
    assert greedy(networks, mean_square(np.zeros(1)), 3) == (1, 1, 1)
    assert greedy(networks, mean_square(np.zeros(1))) == (1, 1, 1)  # and no other, which would do harm
    assert greedy(pool(([1.0], 2), ([1.003], 1)), mean_square(np.zeros(1))) == (0, 0, 1)  # that it would not
    # by how often, then by when: 0.4 first, then the mean with 1.0 helps most, then 0.4 again
    assert greedy(pool(([1.0], 1), ([0.4], 2)), mean_square(np.full(1, 0.65))) == (1, 1, 0)


@given(st.integers(0, 2**20))
def test_every_step_is_the_best_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, outputs = rng.normal(size=6), rng.normal(size=(4, 6))
    networks, losses = [Pooled(answers, 2) for answers in outputs], squared(truth)
    for size in range(1, 5):
        chosen = list(greedy(networks, mean_square(truth), size))
        found = losses(outputs[chosen].mean(axis=0)).mean()
        before = list(greedy(networks, mean_square(truth), size - 1)) if size > 1 else []
        free = [i for i in range(4) if before.count(i) < 2]
        least = min(losses(outputs[[*before, i]].mean(axis=0)).mean() for i in free)
        if len(chosen) == size:
            assert found == pytest.approx(least)
        else:  # the next one does harm
            assert chosen == before
            assert least > found


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels that are drawn by them."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(scale=2, size=(rows, 3)), axis=1)
    return probabilities, (probabilities.cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1)


def of_labels(labels: np.ndarray) -> Losses:
    return lambda probabilities: -np.log(probabilities[np.arange(len(labels)), labels])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    probabilities, labels = drawn(20_000, 0)
    too_sure = tempered(probabilities, 1 / temperature)
    found = fitted_temperature(too_sure, of_labels(labels))
    assert found == pytest.approx(temperature, rel=0.03)
    assert np.allclose(tempered(too_sure, temperature), probabilities)


def test_a_temperature_by_hand() -> None:
    assert tempered(np.array([[0.2, 0.8]]), 0.5) == pytest.approx(np.array([[0.04, 0.64]]) / 0.68)
    assert tempered(np.array([[0.2, 0.8]]), 2) == pytest.approx(np.array([[1, 2]]) / 3)
    assert tempered(np.array([0.0, -7.5]), 1).tolist() == [0.0, -7.5]  # values have none
    assert np.isfinite(tempered(np.array([[0.0, 1.0]]), 0.25)).all()


def test_what_gains_no_more_than_noise_leaves_probabilities_as_they_are() -> None:
    probabilities, labels = drawn(2_000, 1)
    assert fitted_temperature(probabilities, of_labels(labels)) == 1
    assert fitted_temperature(np.full((5, 2), 0.5), of_labels(np.array([0, 1, 0, 1, 1]))) == 1
    wrong = np.tile([0.001, 0.999], (200, 1))
    assert fitted_temperature(wrong, of_labels(np.zeros(200, int))) == pytest.approx(HOTTEST, rel=1e-3)


@pytest.fixture(scope="module")
def wine() -> Data:
    return load_data("sklearn:wine", class_weights="balanced")


def test_losses_are_those_of_the_metrics(wine: Data) -> None:
    rows = wine.train
    assert wine.class_weights is not None  # they bend no probability, and weigh no loss
    said = np.random.default_rng(0).dirichlet(np.ones(3), len(rows))
    assert losses_of(wine, rows)(said).mean() == pytest.approx(-wine.score(rows, said, loss_of(wine)))
    weighted = replace(rows, weight=np.random.default_rng(1).uniform(0.5, 2, len(rows)))
    found = losses_of(wine, weighted)(said).mean()
    assert found == pytest.approx(-wine.score(weighted, said, loss_of(wine)))
    certain = np.tile([1.0, 0.0, 0.0], (len(rows), 1))
    assert np.isfinite(losses_of(wine, rows)(certain)).all()


def test_values_are_compared_in_standard_deviations() -> None:
    data = load_data("sklearn:diabetes")
    said = data.target_mean + data.target_scale * np.random.default_rng(0).normal(size=len(data.valid))
    found = losses_of(data, data.valid)(said).mean()
    assert found == pytest.approx((data.score(data.valid, said, loss_of(data)) / data.target_scale) ** 2)


def test_a_loss_is_compared_at_its_best_temperature() -> None:
    sure = np.array([[0.99, 0.01]] * 10)
    labels = np.array([0] * 8 + [1] * 2)
    losses = of_labels(labels)
    best = min(float(losses(tempered(sure, t)).mean()) for t in (0.5, 1, 2**0.5, 2, 8**0.5, 4, 32**0.5, 8))
    assert calibrated_loss(sure, losses) == best < losses(sure).mean()
    right = np.array([[0.8, 0.2]] * 10)
    assert calibrated_loss(right, losses) == losses(right).mean()


def test_labels_are_chosen_by_loss_and_score_and_values_by_their_loss() -> None:
    data = load_data("sklearn:iris")
    rows = data.valid
    answers = np.full((len(rows), 3), 0.1)
    answers[:, 0] = 0.8
    first = float((rows.y == 0).mean())
    loss = -first * np.log(0.8) - (1 - first) * np.log(0.1)
    assert cost_of_answers(data, rows)(answers) == pytest.approx(loss + 1 - first)
    by_loss = load_data("sklearn:iris", metric="neg_log_loss")
    assert cost_of_answers(by_loss, rows)(answers) == pytest.approx(loss)
    values = load_data("sklearn:diabetes")
    mean = np.full(len(values.valid), values.target_mean)
    assert cost_of_answers(values, values.valid)(mean) == pytest.approx(
        float((values.standardized(values.valid.y) ** 2).mean())
    )
