"""Spaces and numbers, by hand."""

import numpy as np
import pytest

from speciate.errors import UsageError

spaces = pytest.importorskip("gymnasium.spaces")

from speciate.neat.tasks.codecs import acting, observing  # noqa: E402


def test_narrow_numbers_are_stretched_and_the_others_are_not():
    box = spaces.Box(np.array([[-0.07, -np.inf], [0, 3]]), np.array([[0.07, 5], [10, 3]]), dtype=np.float64)
    codec = observing(box, "e")
    assert codec.size == 4
    seen = np.array([[[-0.035, 7], [10, 3]], [[0.07, -2], [0, 2]]])
    assert codec.translate(seen) == pytest.approx(np.array([[-0.5, 1], [7, -2], [10, 0], [3, 2]]))


def test_a_discrete_observation_is_one_of_many():
    codec = observing(spaces.Discrete(3, start=5), "e")
    assert codec.translate(np.array([5, 7])).tolist() == [[1, 0], [0, 0], [0, 1]]


def test_the_greatest_output_wins_and_of_equals_the_first():
    codec = acting(spaces.Discrete(3, start=-1), "e")
    assert codec.translate(np.array([[0.0, 1], [0, 2], [-1, 3]])).tolist() == [-1, 1]


def test_several_choices_at_once():
    codec = acting(spaces.MultiDiscrete([2, 3]), "e")
    assert codec.size == 5
    assert codec.translate(np.array([[1.0], [2], [0], [-1], [5]])).tolist() == [[1, 2]]
    codec = acting(spaces.MultiBinary(2), "e")
    assert codec.translate(np.array([[0.1, 0], [-1, 2]])).tolist() == [[1, 0], [0, 1]]


def test_outputs_span_the_bounds_of_an_action():
    low, high = np.array([-2, 0, -np.inf], np.float32), np.array([2, 1, np.inf], np.float32)
    box = spaces.Box(low, high, dtype=np.float32)
    found = acting(box, "e").translate(np.array([[0.0, 1, -9], [0, -1, 5], [7, -0.5, 0]]))
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 0.5, 7], [2, 0, -0.5], [-2, 1, 0]]
    assert all(box.contains(action) for action in found)


def test_actions_are_in_their_space():
    rng = np.random.default_rng(0)
    for space in (
        spaces.Discrete(4),
        spaces.MultiDiscrete([2, 5, 3]),
        spaces.MultiBinary(3),
        spaces.Box(-3, 8, (2, 2), np.float32),
    ):
        codec = acting(space, "e")
        for action in codec.translate(rng.normal(size=(codec.size, 20)) * 2):
            assert space.contains(action), space


def test_other_spaces_are_refused():
    with pytest.raises(
        UsageError, match="Here-v0: networks cannot be given or asked for observations of the kind Tuple"
    ):
        observing(spaces.Tuple([spaces.Discrete(2)]), "Here-v0")
    with pytest.raises(UsageError, match="actions of the kind Dict"):
        acting(spaces.Dict({"a": spaces.Discrete(2)}), "Here-v0")
