"""What the field would write down, fitted to the ranges of a space."""

from __future__ import annotations

import pickle
from itertools import product

import pytest

from speciate.errors import ConfigurationError
from speciate.networks import hand_made
from speciate.spaces import BINS, Choice, Gene, Integer, NetworkSpace, ParameterSpace, Real, Value
from speciate.spaces.presets import WAVED
from speciate.spaces.recipes import TABLES, fitted

HYPER: dict[str, Gene] = {
    "bins": Choice((0, 8, 32), ordered=True),
    "learning_rate": Real(1e-3, 1e-2, log=True),
    "optimizer": Choice(("sgd", "adamw")),
}


def layers(low: int, high: int) -> dict[str, dict[str, Gene]]:
    genes: dict[str, Gene] = {
        "units": Integer(low, high, multiple=4),
        "activation": Choice(("relu", "silu", "tanh")),
        "dropout": Real(0.0, 0.1),
    }
    return {"dense": genes}


@pytest.mark.parametrize(
    ("gene", "value", "nearest"),
    [
        (Real(0.0, 0.5), 0.25, 0.25),
        (Real(0.0, 0.5), 2, 0.5),
        (Real(1e-3, 1.0, log=True), 1e-6, 1e-3),
        (Real(0.0, 1.0), "relu", None),
        (Integer(8, 128, log=True, multiple=4), 256, 128),
        (Integer(8, 128, multiple=4), 29, 28),
        (Integer(8, 128), "many", None),
        (Choice((0, 8, 16)), 48, 16),
        (Choice((0, 8, 16)), 8, 8),
        (Choice((0, 8, 16)), "none", None),
        (Choice(("relu", "tanh")), "tanh", "tanh"),
        (Choice(("relu", "tanh")), "silu", None),
        (Choice(("relu", "tanh")), 3, None),
    ],
)
def test_the_nearest_value_of_a_gene(gene: Gene, value: Value, nearest: Value | None) -> None:
    assert gene.nearest(value) == nearest
    assert nearest is None or nearest in gene


def test_a_recipe_is_fitted_to_the_ranges() -> None:
    dense = {"units": 256, "activation": "silu", "dropout": 0.15}
    written = {
        "deep": ([("dense", dense)] * 3, {"learning_rate": 0.5, "bins": 20, "optimizer": "adamw"}),
        "the same": ([("dense", dense)] * 2, {"learning_rate": 0.01, "bins": 8, "optimizer": "adamw"}),
        "too shallow": ([], {"learning_rate": 0.01}),
        "another layer": ([("conv", {"channels": 8})] * 2, {"learning_rate": 0.01}),
        "another word": ([("dense", {**dense, "activation": "gelu"})], {"learning_rate": 0.01}),
        "an unknown gene": ([("dense", dense)], {"optimizer": "adamw"}),
    }
    found = fitted(written, (1, 2), layers(16, 64), HYPER)
    assert list(found) == ["deep"]
    assert found["deep"].describe() == "64 silu (drop 0.1) → 64 silu (drop 0.1) · adamw lr 0.01 · bins 8"


@pytest.mark.parametrize(
    ("features", "rows", "outputs", "bins"),
    list(product((1, 9, 300), (40, 900, 50_000), (1, 2, 26), ((), (8, 16, 32, 64)))),
)
def test_the_recipes_of_a_table_belong_to_its_space(
    features: int, rows: int, outputs: int, bins: tuple[int, ...]
) -> None:
    sizes = {"features": features, "rows": rows, "outputs": outputs, "bins": bins}
    for more in ({}, {"depth": (1, 2), "units": (8, 12)}, {"depth": (2, 8), "units": (64, 1024)}):
        space = NetworkSpace.table(**sizes, **more)  # type: ignore[arg-type]
        found = space.recipes()
        assert len(found) >= 2
        assert all(genome in space for genome in found.values())
        assert len({genome.phenotype for genome in found.values()}) == len(found)
    whole = NetworkSpace.table(**sizes).recipes()  # type: ignore[arg-type]
    named = set(TABLES) if bins else {name.removesuffix(" with bins") for name in TABLES} - {"additive"}
    assert set(whole) <= named  # nothing is called by what it lacks
    assert "linear" in whole
    assert not whole["linear"].layers
    if bins:
        waved = {"RealMLP-like"} if features > WAVED else set()
        assert set(whole) == set(TABLES) - waved
        assert waved or whole["RealMLP-like"].layers[0].kind == "periodic"
        assert whole["MLP with bins"].hyper_parameters[BINS] in bins
        assert [dict(n.genes)["activation"] for n in whole["hand-made"].layers] == ["relu"] * 2


def test_other_spaces_have_none_unless_they_are_given_some() -> None:
    assert not NetworkSpace.mlp(features=4, rows=90).recipes()
    assert not NetworkSpace.conv(input_shape=(1, 8, 8), rows=90, outputs=2).recipes()
    assert not ParameterSpace({"x": Real(0.0, 1.0)}).recipes()
    table = NetworkSpace.table(features=4, rows=900, outputs=2)
    own = NetworkSpace((0, 4), table.layers, table.hyper, recipes={"mine": table.recipes()["linear"]})
    assert list(own.recipes()) == ["mine"]
    assert pickle.loads(pickle.dumps(own)).recipes() == own.recipes()
    assert own.to_json() == NetworkSpace((0, 4), table.layers, table.hyper).to_json()
    with pytest.raises(ConfigurationError, match="the recipe 'mine' does not belong to the space"):
        NetworkSpace((1, 4), table.layers, table.hyper, recipes={"mine": hand_made()})
