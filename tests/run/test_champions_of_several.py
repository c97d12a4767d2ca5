"""A run whose champion is an ensemble: shown, reported, examined, predicted with, and gone on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.champion.several import genomes

from speciate import from_champion
from speciate.algorithms import RandomSearch
from speciate.backends import InlineBackend
from speciate.champion import load_model, run_facts
from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.inheritance.finished_network import Ancestry
from speciate.networks import Ensemble, Network
from speciate.records import Budget, Candidate, Phase
from speciate.report import write_report
from speciate.run.search import Search
from speciate.scoring import score_champion
from speciate.spaces import NetworkSpace
from speciate.store import RunFolder, RunSummary, Store, WeightFolder, lineage_of
from speciate.store.health import examine_run
from speciate.store.salvage import salvage
from speciate.terminal.screens import print_run


def space() -> NetworkSpace:
    return NetworkSpace.mlp(features=13, rows=100, depth=(1, 2))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, whose champion is then made one of three networks."""
    folder = tmp_path_factory.mktemp("runs") / "few"
    evaluator = SupervisedEvaluator(load_data("sklearn:wine"))
    given: dict[str, Any] = {"backend": InlineBackend(), "finalists": 0, "final_examples": 300}
    search = Search(space(), RandomSearch(2), evaluator, store=folder, examples=200, **given)
    search.run(evaluations=2)
    weights = WeightFolder(folder / "weights")
    evaluator.weights = weights
    candidates = [Candidate(i, g, i, Budget(400), phase=Phase.CHAMPION) for i, g in enumerate(genomes())]
    networks: list[Network] = [
        evaluator.load(e.candidate, str(e.weights)) for e in evaluator.evaluate(candidates)
    ]
    assert search.champion is not None
    champion = replace(
        search.champion,
        genome=networks[0].genome.to_json(),
        description=networks[0].genome.describe(),
        weights=weights.save(Ensemble(tuple(networks)).tensors),
        members=tuple(network.genome.to_json() for network in networks),
        temperature=1.7,
    )
    with Store(folder / "run.sqlite") as store:
        store.set(champion=champion.to_json())
        evaluator.publish(folder / "champion", champion, run_facts(store))
    return folder


def test_it_is_shown_and_reported(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = RunSummary.read(RunFolder(run))
    print_run(summary.to_json())
    shown = capsys.readouterr().out
    assert "3 networks whose answers are averaged, temperature 1.7" in shown
    assert summary.to_json()["champion"]["temperature"] == 1.7
    page = write_report(run).read_text()
    assert "an ensemble of 3 networks" in page
    assert "a temperature of 1.7" in page
    assert page.count("<svg") > 1
    assert all(genome.describe().split(" · ")[0].split(" → ")[0] in page for genome in genomes())


def test_it_is_healthy_and_can_be_salvaged(run: Path) -> None:
    found = examine_run(RunFolder(run))
    assert found["champion"] == "there"
    assert found["problems"] == []
    copy, _ = salvage(RunFolder(run))
    assert load_model(copy.path).description == load_model(run).description


def test_it_predicts_and_is_scored(run: Path) -> None:
    model, data = load_model(run), load_data("sklearn:wine")
    shares = model.predict_table("sklearn:wine")
    assert len(shares) == 178
    assert score_champion(model, "sklearn:wine").rows == 178
    answers = model.answers(model.outputs(data.valid.x))
    assert np.allclose(answers.sum(axis=1), 1)


def test_a_search_goes_on_from_its_first_network_and_says_so(run: Path) -> None:
    network = from_champion(run)
    found = Ancestry.of(network, space(), load_data("sklearn:wine"), 0, freeze=True)
    assert any("is an ensemble of 3 networks" in note for note in found.notes)
    assert found.to_json("ab")["origin"]["networks"] == 3
    alone = replace(found, network=replace(network, origin=replace(network.origin, networks=1)))
    assert "networks" not in alone.to_json("ab")["origin"]


def test_the_lineage_of_an_ensemble_is_the_longest_of_its_networks(run: Path) -> None:
    with Store(run / "run.sqlite", readonly=True) as store:
        rows = store.rows()
    row = max((row for row in rows if row.phase == Phase.CHAMPION), key=lambda row: row.lineage_examples)
    assert lineage_of({"weights": "ab", "trainings": [row.id]}, rows) == row.lineage_examples
    assert lineage_of({"weights": row.weights}, rows) == row.lineage_examples
    assert lineage_of({"weights": None, "trainings": [row.id]}, rows) is None
    assert lineage_of({"weights": "ab", "trainings": [[]]}, rows) is None
