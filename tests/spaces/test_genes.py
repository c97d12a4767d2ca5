from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speciate.spaces import Choice, Gene, Integer, Real

GENES: list[Gene] = [
    Real(0.0, 0.7),
    Real(5e-4, 0.2, log=True),
    Real(1.0, 1.0),
    Integer(128, 1024, log=True, multiple=16),
    Integer(0, 10),
    Integer(3, 3),
    Choice(("sgd", "adam", "rmsprop")),
    Choice((16, 32, 64), ordered=True),
    Choice((1, 3, 5), ordered=True, weights=(1, 8, 4)),
    Choice(("one",)),
]
FIXED = [gene for gene in GENES if gene in (Real(1.0, 1.0), Integer(3, 3), Choice(("one",)))]


@pytest.mark.parametrize("gene", GENES, ids=str)
@given(seed=st.integers(0, 2**32))
def test_samples_and_steps_stay_in_the_range(gene: Gene, seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = gene.sample(rng)
    assert value in gene
    for _ in range(5):
        value = gene.step(value, rng)
        assert value in gene


@pytest.mark.parametrize("gene", [g for g in GENES if g not in FIXED and not isinstance(g, Real)], ids=str)
@given(seed=st.integers(0, 2**32))
def test_a_step_changes_something(gene: Gene, seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = gene.sample(rng)
    assert gene.step(value, rng) != value


@pytest.mark.parametrize("gene", FIXED, ids=str)
def test_a_range_of_one_value_stays(gene: Gene, rng: np.random.Generator) -> None:
    assert gene.step(gene.sample(rng), rng) == gene.sample(rng)


def test_ordered_choices_step_to_neighbors(rng: np.random.Generator) -> None:
    gene = Choice((16, 32, 64, 128), ordered=True)
    assert {gene.step(64, rng) for _ in range(50)} == {32, 128}
    assert {gene.step(16, rng) for _ in range(50)} == {32}


def test_weights_say_how_often_an_option_is_drawn(rng: np.random.Generator) -> None:
    gene = Choice((1, 3, 5), weights=(1, 6, 3))
    shares = np.bincount([int(gene.sample(rng)) for _ in range(4000)], minlength=6)[[1, 3, 5]] / 4000
    assert np.all(np.abs(shares - [0.1, 0.6, 0.3]) < 0.04)  # five standard deviations
    assert {gene.step(3, rng) for _ in range(50)} == {1, 5}
    assert gene.to_json()["weights"] == [1.0, 6.0, 3.0]
    assert "weights" not in Choice((1, 3)).to_json()


@pytest.mark.parametrize("weights", [(1,), (1, 0), (1, -1), (1, 2, 3)])
def test_weights_have_to_fit_the_options(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="positive weight an option"):
        Choice(("a", "b"), weights=weights)


def test_log_scale_is_uniform_in_the_logarithm(rng: np.random.Generator) -> None:
    gene = Real(1e-4, 1.0, log=True)
    logs = np.log10([gene.sample(rng) for _ in range(4000)])
    shares = np.histogram(logs, bins=[-4, -3, -2, -1, 0])[0] / 4000
    assert np.all(np.abs(shares - 0.25) < 0.04)  # six standard deviations


def test_integers_lie_on_the_grid(rng: np.random.Generator) -> None:
    gene = Integer(8, 100, log=True, multiple=4)
    assert all((gene.sample(rng) - 8) % 4 == 0 for _ in range(200))


def test_types_are_checked() -> None:
    assert 1 not in Choice(("1",))
    assert True not in Integer(0, 3)
    assert 2.0 not in Integer(0, 3)
    assert "0.1" not in Real(0, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Real(1, 0),
        lambda: Real(0, 1, log=True),
        lambda: Real(0, float("inf")),
        lambda: Integer(2, 1),
        lambda: Integer(0, 4, log=True),
        lambda: Choice(()),
        lambda: Choice((1, 1)),
    ],
)
def test_impossible_ranges_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"range needs|choice needs"):
        make()  # type: ignore[operator]
