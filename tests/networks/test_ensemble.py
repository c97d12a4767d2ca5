"""Networks that answer together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speciate.data import load_data
from speciate.errors import UsageError
from speciate.evaluators import Champion, SupervisedEvaluator
from speciate.networks import Ensemble, Network, hand_made
from speciate.records import Budget, Candidate
from speciate.spaces import BINS, NetworkGenome
from speciate.store import WeightFolder

SINGLE = Champion(3, hand_made().to_json(), "dense", 0.5, None, None, None, 0, 10, 20, "ab")


def genome(bins: int = 0) -> NetworkGenome:
    found = hand_made()
    return replace(found, hyper=tuple({**found.hyper_parameters, BINS: bins}.items()))


def trained(evaluator: SupervisedEvaluator) -> tuple[Network, ...]:
    candidates = [Candidate(i, genome(bins), i, Budget(200)) for i, bins in enumerate((0, 8, 0))]
    evaluator._keeps = lambda phase: True  # type: ignore[method-assign]
    return tuple(evaluator.load(e.candidate, str(e.weights)) for e in evaluator.evaluate(candidates))


def test_a_single_champion_is_stored_as_before() -> None:
    stored = SINGLE.to_json()
    assert not {"members", "temperature"} & set(stored)
    assert Champion.from_json(stored) == SINGLE


def test_a_champion_of_several_networks_is_stored_whole() -> None:
    several = replace(SINGLE, members=(genome(8).to_json(), genome().to_json()), temperature=1.7)
    assert Champion.from_json(several.to_json()) == several
    assert "10 parameters in 2 networks" in str(several)


def test_weights_of_one_network_have_their_own_names_and_those_of_several_its_place() -> None:
    first, second = (Network(genome(), {"a.weight": np.full(1, value)}) for value in (1.0, 2.0))
    assert Ensemble((first,)).tensors == first.tensors
    both = Ensemble((first, second), 2.0)
    assert list(both.tensors) == ["0.a.weight", "1.a.weight"]
    assert Ensemble.of([genome(), genome()], both.tensors, 2.0) == both
    assert Ensemble.of([genome()], first.tensors) == Ensemble((first,))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_ensemble_is_refused(temperature: float) -> None:
    with pytest.raises(UsageError, match="temperature"):
        Ensemble((Network(genome(), {}),), temperature)
    with pytest.raises(UsageError, match="needs a network"):
        Ensemble(())


@pytest.mark.parametrize(
    ("source", "weights"),
    [("sklearn:wine", "none"), ("sklearn:wine", "balanced"), ("sklearn:diabetes", "none")],
)
def test_answers_are_those_of_the_mean(source: str, weights: str, tmp_path: Path) -> None:
    data = load_data(source, class_weights=weights)
    evaluator = SupervisedEvaluator(data, weights=WeightFolder(tmp_path))
    networks = trained(evaluator)
    ensemble = Ensemble(networks, 1.7 if data.classes else 1.0)
    mean = sum(evaluator.predict(network, data.valid.x) for network in networks) / 3
    powers = mean ** (1 / ensemble.temperature)
    expected = powers / powers.sum(axis=1, keepdims=True) if data.classes else mean
    assert np.allclose(evaluator.predict(ensemble, data.valid.x), expected, rtol=1e-12)
    name = WeightFolder(tmp_path).save(ensemble.tensors)
    members = tuple(network.genome.to_json() for network in networks)
    champion = replace(SINGLE, weights=name, members=members, temperature=ensemble.temperature)
    again = evaluator.predict(evaluator.ensemble(champion), data.valid.x)
    assert np.array_equal(again, evaluator.predict(ensemble, data.valid.x))
