"""The compiled engine's building blocks against numpy and torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from speciate.training.compiled import activations, functions, losses, periodic, products

REACH = np.concatenate([np.linspace(-100, 100, 20_001), np.linspace(-1e-3, 1e-3, 2001)]).astype(np.float32)
TORCH = {
    "linear": lambda x: x,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "selu": functional.selu,
}


def each(function: object, values: np.ndarray) -> np.ndarray:
    return np.array([function(x) for x in values])  # type: ignore[operator]


@pytest.mark.parametrize(("name", "exact"), [("exp", np.exp), ("expm1", np.expm1), ("tanh", np.tanh)])
def test_functions_are_exact_to_the_last_digits(name: str, exact: np.ufunc) -> None:
    values = REACH[np.abs(REACH) < 80]
    found, wanted = each(getattr(functions, name), values), exact(values.astype(np.float64))
    np.testing.assert_allclose(found, wanted, rtol=4e-7, atol=1e-37)


def test_functions_beyond_their_range_stay_finite_and_let_nan_through() -> None:
    for name in ("exp", "expm1", "tanh", "sigmoid"):
        function = getattr(functions, name)
        assert np.isfinite(each(function, np.array([-1e30, 1e30, -np.inf, np.inf], np.float32))).all()
        assert np.isnan(function(np.float32("nan")))


def test_cosines_and_sines_are_exact_to_the_last_digits_of_the_angle() -> None:
    turns = np.concatenate([np.linspace(-3, 3, 2401), np.linspace(-1e-3, 1e-3, 201), [1e30]]).astype(
        np.float32
    )
    found = np.array([periodic.cosine_and_sine(x) for x in turns])
    rest = math.tau * (turns.astype(np.float64) % 1)
    np.testing.assert_allclose(found, np.stack([np.cos(rest), np.sin(rest)], 1), atol=3e-7)
    assert np.isnan(periodic.cosine_and_sine(np.float32("inf"))).all()


@pytest.mark.parametrize("name", TORCH)
def test_activations_and_their_slopes_are_torchs(name: str) -> None:
    x = torch.from_numpy(REACH.reshape(1, -1)).clone().requires_grad_()
    wanted = TORCH[name](x)
    wanted.sum().backward()
    found, slopes = REACH.reshape(1, -1).copy(), np.empty((1, len(REACH)), np.float32)
    activations.forward(activations.CODES[name], found, slopes)
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=1e-6, atol=1e-6)
    assert x.grad is not None
    np.testing.assert_allclose(slopes, x.grad.numpy(), rtol=1e-6, atol=1e-6)


@given(st.integers(1, 130), st.integers(1, 900), st.integers(1, 90), st.integers(0, 2**32))
def test_products_in_blocks_are_products(rows: int, inputs: int, units: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, errors, weights, sums = (
        rng.integers(-4, 5, shape).astype(np.float32)  # whole numbers, so that sums are exact in any order
        for shape in ((rows, inputs), (rows, units), (inputs, units), (rows, units))
    )
    wanted = sums + x @ weights
    products.forward(x, weights, sums)
    assert (sums == wanted).all()
    gradient, below = np.full_like(weights, 7), np.full_like(x, 7)
    products.by_weights(x, errors, gradient)
    assert (gradient == x.T @ errors).all()
    products.by_inputs(errors, weights, np.float32(0), below)
    assert (below == errors @ weights.T).all()
    products.by_inputs(errors, weights, np.float32(1), below)
    assert (below == 2 * errors @ weights.T).all()


def test_losses_by_hand() -> None:
    rows, nothing = np.array([0, 1]), np.empty(0, np.float32)
    outputs = np.array([[0, 0], [math.log(3), 0]], np.float32)
    loss = losses.cross_entropy(outputs, rows, np.array([0, 0]), nothing, 0.0)
    assert loss == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    np.testing.assert_allclose(outputs, [[-0.25, 0.25], [-0.125, 0.125]], rtol=1e-6)
    outputs = np.array([[0, 0], [math.log(3), 0]], np.float32)
    loss = losses.cross_entropy(outputs, rows, np.array([0, 1]), np.array([1, 3], np.float32), 0.0)
    assert loss == pytest.approx((math.log(2) + 3 * math.log(4)) / 2)
    outputs = np.array([[math.log(3), 0], [math.log(3), 0]], np.float32)
    loss = losses.cross_entropy(outputs, rows, np.array([0, 1]), np.array([1, 3], np.float32), 0.2)
    # a label is 0.9 of its own class and 0.1 of the other: of softmax (3/4, 1/4)
    own, other = math.log(4 / 3), math.log(4)
    assert loss == pytest.approx((0.9 * own + 0.1 * other + 3 * (0.1 * own + 0.9 * other)) / 2)
    np.testing.assert_allclose(outputs, [[-0.075, 0.075], [0.975, -0.975]], rtol=1e-6)
    values = np.array([[1.0], [3.0]], np.float32)
    assert losses.squared_error(values, rows, np.array([0, 1], np.float32), nothing) == pytest.approx(2.5)
    assert values.tolist() == [[1.0], [2.0]]
    values, counts = np.array([[1.0], [3.0]], np.float32), np.array([0.5, 1.5], np.float32)
    assert losses.squared_error(values, rows, np.array([0, 1], np.float32), counts) == pytest.approx(3.25)
    assert values.tolist() == [[0.5], [3.0]]
