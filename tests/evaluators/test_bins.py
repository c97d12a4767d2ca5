"""Networks that take their numbers in bins: trained, inherited, resumed, exported."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.champion.alone import alone
from tests.interrupting import StopAfter

from speciate import from_champion, from_module
from speciate.algorithms import AgingEvolution
from speciate.backends import InlineBackend, ProcessBackend
from speciate.champion import load_model
from speciate.config import RunConfig
from speciate.config.building import build_space
from speciate.config.starting import configuration
from speciate.config.toml import to_toml
from speciate.data import Data, load_data
from speciate.evaluators import SupervisedEvaluator, TrainingEvaluator
from speciate.networks import hand_made
from speciate.records import Ancestor, Budget, Candidate
from speciate.run.search import Search
from speciate.spaces import BINS, NetworkGenome, NetworkSpace, count_parameters
from speciate.store import RunFolder, RunSummary, WeightFolder


@pytest.fixture(scope="module")
def wine() -> Data:
    return load_data("sklearn:wine")


def space(data: Data, **more: Any) -> NetworkSpace:
    """Networks that always take their numbers in bins, never as they are."""
    found = NetworkSpace.mlp(
        features=data.input_shape[0],
        rows=len(data.train),
        outputs=data.outputs,
        units=(4, 16),
        bins=data.bins,
        **more,
    )
    choice = type(found.hyper[BINS])(data.bins, ordered=True)
    return found._with(hyper={**found.hyper, BINS: choice})


def search(data: Data, folder: Path | None = None, inherit: str = "none", **more: Any) -> Search:
    given: dict[str, Any] = {"backend": InlineBackend(), "finalists": 2, "repeats": 1, **more}
    return Search(
        space(data),
        AgingEvolution(4, crossover=0.3),
        SupervisedEvaluator(data, inherit=inherit),
        store=folder,
        examples=300,
        final_examples=600,
        **given,
    )


def genome(bins: int) -> NetworkGenome:
    found = hand_made()
    return replace(found, hyper=tuple({**found.hyper_parameters, "batch_size": 16, BINS: bins}.items()))


def test_a_space_for_tables_has_bins_and_one_for_images_has_none(wine: Data) -> None:
    tables, images = RunConfig(data="sklearn:wine"), RunConfig(data="sklearn:digits")
    assert build_space(tables, wine).hyper[BINS].options == (0, 8)
    assert BINS not in build_space(tables.model_copy(update={"examples": 1000}), wine).hyper
    assert BINS not in build_space(tables.model_copy(update={"bins": "none"}), wine).hyper
    for name in ("mlp", "conv", "graph"):
        config = images.model_copy(update={"space": name})
        assert BINS not in build_space(config, load_data("sklearn:digits")).hyper
    assert BINS in build_space(tables.model_copy(update={"space": "graph"}), wine).hyper


def test_a_run_of_a_version_without_bins_goes_on_without(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    text = to_toml(RunConfig(data="sklearn:iris"))
    folder.configuration.write_text(text)
    assert configuration(folder).bins == "auto"
    folder.configuration.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("bins"))
    )
    assert configuration(folder).bins == "none"


@pytest.mark.parametrize("source", ["sklearn:wine", "sklearn:diabetes"])
def test_everything_predicts_alike(source: str, tmp_path: Path) -> None:
    data = load_data(source)
    run = search(data, tmp_path)
    run.run(generations=2)
    champion = run.champion
    assert champion is not None
    made, model = NetworkGenome.from_json(champion.genome), load_model(tmp_path / "champion")
    assert made.bins in data.bins
    evaluator = run.evaluator
    assert isinstance(evaluator, SupervisedEvaluator)
    network = evaluator.load(Candidate(0, made, 0, Budget(1)), str(champion.weights))
    expected = evaluator.predict(network, data.valid.x)

    from sklearn import datasets

    loader = datasets.load_wine if "wine" in source else datasets.load_diabetes
    x = loader(as_frame=True).data
    found = model.predict_proba(x) if data.classes else model.predict(x)
    inputs = data.preprocessing.transform(x)
    assert np.allclose(found, evaluator.predict(network, inputs), atol=1e-4)
    assert data.score(data.valid, expected) == pytest.approx(champion.valid_score, abs=1e-6)
    assert model.input_shape == data.input_shape
    assert np.allclose(model.answers(model.outputs(data.valid.x)), expected, atol=1e-5)
    assert champion.parameters == count_parameters(made, (model.bin_inputs,), data.outputs)

    rows = tmp_path / "rows.csv"
    x.head(40).to_csv(rows, index=False)
    done = alone(tmp_path / "champion", rows)
    assert done.returncode == 0, done.stderr
    answers = list(csv.DictReader(StringIO(done.stdout)))
    if data.classes:
        assert [a["prediction"] for a in answers] == model.predict(x.head(40)).tolist()
    else:
        assert np.allclose([float(a["prediction"]) for a in answers], model.predict(x.head(40)), rtol=1e-4)

    summary = RunSummary.read(RunFolder(tmp_path))
    assert summary.data.shape_for(champion.genome) == (model.bin_inputs,)


@pytest.mark.parametrize("inherit", ["none", "preserve"])
def test_workers_and_interruptions_change_nothing(wine: Data, inherit: str, tmp_path: Path) -> None:
    whole = search(wine, tmp_path / "whole", inherit)
    whole.run(generations=3)
    broken = search(wine, tmp_path / "broken", inherit, callbacks=[StopAfter(7)], backend=ProcessBackend(2))
    with pytest.raises(KeyboardInterrupt):
        broken.run(generations=3)
    again = search(wine, tmp_path / "broken", inherit)
    again.run(generations=3)
    assert [(r.key, r.score, r.weights) for r in again.rows] == [
        (r.key, r.score, r.weights) for r in whole.rows
    ]
    assert again.champion == whole.champion


@pytest.mark.parametrize("policy", ["common", "preserve"])
def test_layers_behind_other_inputs_begin_anew(wine: Data, policy: str, tmp_path: Path) -> None:
    evaluator = SupervisedEvaluator(wine, inherit=policy, weights=WeightFolder(tmp_path))
    (parent,) = evaluator.evaluate([Candidate(0, genome(8), 1, Budget(500))])
    assert parent.weights is not None
    weights = evaluator.load(parent.candidate, parent.weights).tensors
    first, second = (node.mark for node in genome(0).layers)

    def begun(bins: int) -> dict[str, np.ndarray]:
        child = Candidate(
            1, genome(bins), 2, Budget(1), ancestors=(Ancestor(0, genome(8), str(parent.weights)),)
        )
        module, _, _ = evaluator._module(child)
        return {name: value.numpy() for name, value in module.state_dict().items()}

    same, other = begun(8), begun(0)
    for name, value in weights.items():
        assert np.array_equal(same[name], value)
        if name.startswith(second):
            assert np.array_equal(other[name], value)
    assert other[f"{first}.linear.weight"].shape == (128, 13)


def test_a_network_without_bins_is_taken_over_without(wine: Data) -> None:
    from torch import nn

    from speciate.inheritance.finished_network import Ancestry

    module = nn.Sequential(nn.Linear(13, 8), nn.ReLU(), nn.Linear(8, 3))
    network = from_module(module, input_shape=13, classes=wine.classes, examples=100)
    wide = NetworkSpace.mlp(features=13, rows=len(wine.train), outputs=3, bins=wine.bins)
    found = Ancestry.of(network, wide, wine, 0, freeze=True)
    assert found.network.genome.bins == 0
    assert not found.network.renewed
    frozen = found.space(wide, wine.input_shape)
    assert frozen.hyper[BINS].sample(np.random.default_rng(0)) == 0


def test_a_champion_in_bins_is_gone_on_with(wine: Data, tmp_path: Path) -> None:
    search(wine, tmp_path / "first").run(generations=1)
    ancestor = from_champion(tmp_path / "first")
    again = search(wine, tmp_path / "second", "preserve", ancestor=ancestor)
    again.run(generations=1)
    assert again.ancestry is not None
    assert again.ancestry.network.genome.bins == ancestor.genome.bins
    assert not again.ancestry.network.renewed


def test_a_training_loop_of_ones_own_gets_what_its_network_takes(wine: Data) -> None:
    seen = []

    def loop(module: Any, genome: Any, data: Data, budget: Any, rng: Any) -> None:
        import torch

        seen.append((genome.bins, module(torch.from_numpy(data.train.x[:5])).shape, data.input_shape))

    evaluator = TrainingEvaluator(loop, wine)
    results = evaluator.evaluate([Candidate(i, genome(bins), 1, Budget(10)) for i, bins in enumerate((0, 8))])
    assert all(result.ok for result in results)
    assert [bins for bins, _, _ in seen] == [0, 8]
    assert seen[0][2] == (13,)
    assert seen[1][2] == (wine.facts()["widths"]["8"],)


def test_steps_in_a_table_are_learned(tmp_path: Path) -> None:
    """A staircase in one number: a small network learns it in bins, and not without, from the same examples."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 2000)
    table = pd.DataFrame({"x": x, "noise": rng.normal(size=2000), "y": np.floor(x * 8) % 2})
    data = load_data(table, target="y", task="classification")
    evaluator = SupervisedEvaluator(data)
    plain, binned = evaluator.evaluate(
        [Candidate(i, genome(b), 1, Budget(20_000)) for i, b in enumerate((0, 64))]
    )
    assert plain.score is not None
    assert binned.score is not None
    assert binned.score > 0.9 > 0.75 > plain.score
