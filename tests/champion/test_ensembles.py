"""Champions of several networks: one module, one weight file, one folder, and the same answers from all of them."""

from __future__ import annotations

import copy
import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from alone import alone
from hostile import edit, put_weights, refused
from safetensors.numpy import load, save
from several import genomes
from sklearn import datasets

from speciate import from_champion
from speciate.champion import Model, export, load_model
from speciate.champion.layers_description import LayersDescription
from speciate.champion.writing import markdown
from speciate.data import Data, load_data
from speciate.evaluators import Champion, SupervisedEvaluator
from speciate.networks import Ensemble
from speciate.records import Budget, Candidate, Phase
from speciate.store import WeightFolder, is_current

FACTS: dict[str, Any] = {
    "run": {
        "name": "few",
        "seed": 0,
        "algorithm": "random",
        "candidates": 3,
        "examples": 300,
        "finalists": 0,
    },
    "versions": {},
    "baselines": [],
}
SOURCES = {
    "classes": ("sklearn:wine", "none", 1.7),
    "weighted classes": ("sklearn:wine", "balanced", 1.7),
    "values": ("sklearn:diabetes", "none", 1.0),
}


class Case:
    """An evaluator with an ensemble, and the folder of the champion that it is."""

    def __init__(self, name: str, place: Path) -> None:
        source, weights, self.temperature = SOURCES[name]
        self.data: Data = load_data(source, class_weights=weights)
        self.evaluator = SupervisedEvaluator(self.data, weights=WeightFolder(place / "weights"))
        candidates = [Candidate(i, g, i, Budget(400), phase=Phase.CHAMPION) for i, g in enumerate(genomes())]
        results = self.evaluator.evaluate(candidates)
        networks = tuple(self.evaluator.load(e.candidate, str(e.weights)) for e in results)
        self.ensemble, self.folder = Ensemble(networks, self.temperature), place / "champion"
        self.champion = Champion(
            id=0,
            genome=networks[0].genome.to_json(),
            description="three",
            valid_score=0.5,
            **dict.fromkeys(("test_score", "test_low", "test_high")),
            test_rows=0,
            parameters=sum(e.parameters for e in results),
            examples=400,
            weights=self.evaluator.weights.save(self.ensemble.tensors),  # type: ignore[union-attr]
            members=tuple(network.genome.to_json() for network in networks),
            temperature=self.temperature,
        )
        self.evaluator.publish(self.folder, self.champion, FACTS)
        self.expected = self.evaluator.predict(self.ensemble, self.data.valid.x)

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        return load_model(self.folder).answers(outputs.astype(np.float64))


@pytest.fixture(scope="module", params=SOURCES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(request.param, tmp_path_factory.mktemp("ensemble"))


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case("weighted classes", tmp_path_factory.mktemp("ensemble"))


def test_the_loaded_model_answers_as_its_evaluator(case: Case) -> None:
    model, x = load_model(case.folder), case.data.valid.x
    assert np.allclose(model.answers(model.outputs(x)), case.expected, rtol=1e-5, atol=1e-5)
    again = case.evaluator.model(case.champion, FACTS)
    assert np.allclose(again.answers(again.outputs(x)), case.expected, rtol=1e-5, atol=1e-5)
    assert again.description == model.description
    assert model.input_shape == case.data.input_shape
    with torch.inference_mode():
        outputs = model.module(torch.from_numpy(x)).numpy()
    assert np.allclose(case.answers(outputs), case.expected, rtol=1e-5, atol=1e-5)
    assert sum(p.numel() for p in model.module.parameters()) == case.champion.parameters
    assert is_current(case.folder, str(case.champion.weights))


def test_model_py_answers_alike(case: Case) -> None:
    table = (datasets.load_wine if case.data.classes else datasets.load_diabetes)(as_frame=True).data.head(40)
    code, model = runpy.run_path(str(case.folder / "model.py")), load_model(case.folder)
    header, rows = code["answers"](table.to_csv(index=False).encode())
    said, expected = [row[0] for row in rows], model.predict(table).tolist()
    assert said == (expected if case.data.classes else pytest.approx(expected, rel=1e-5))
    if case.data.classes:
        assert header[1:] == [f"probability_{label}" for label in model.classes]
        assert np.allclose([row[1:] for row in rows], model.predict_proba(table), atol=1e-5)


def test_model_py_needs_torch_alone(weighted: Case, tmp_path: Path) -> None:
    table = datasets.load_wine(as_frame=True).data.head(5)
    table.to_csv(tmp_path / "rows.csv", index=False)
    done = alone(weighted.folder, tmp_path / "rows.csv")
    assert done.returncode == 0, done.stderr
    found = [line.split(",")[0] for line in done.stdout.splitlines()[1:]]
    assert found == load_model(weighted.folder).predict(table).tolist()


def test_exported_files_answer_alike(case: Case, tmp_path: Path) -> None:
    x = case.data.valid.x[:7]
    program = torch.export.load(export(case.folder, tmp_path / "it.pt2", "torch")).module()
    found = case.answers(program(torch.from_numpy(x)).detach().numpy())
    assert np.allclose(found, case.expected[:7], rtol=1e-5, atol=1e-5)


def test_onnx_answers_alike(weighted: Case, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    content = export(weighted.folder, tmp_path / "it.onnx", "onnx").read_bytes()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {"inputs": weighted.data.valid.x})
    assert np.allclose(weighted.answers(outputs), weighted.expected, rtol=1e-5, atol=1e-5)


def test_the_card_and_the_description_say_what_it_is(weighted: Case) -> None:
    card = (weighted.folder / "README.md").read_text()
    assert "3 neural networks that together predict" in card
    assert "temperature | 1.7" in card
    for genome in genomes():
        assert markdown(genome.describe(), 400) in card
    said = json.loads((weighted.folder / "model.json").read_text())
    assert [member["genome"] for member in said["members"]] == [g.to_json() for g in genomes()]
    assert said["genome"] == genomes()[0].to_json()
    assert [member.get("bin_inputs") is None for member in said["members"]] == [True, False, False]
    assert "Ensemble(" in (weighted.folder / "model.py").read_text()


def test_a_temperature_alone_is_no_ensemble_of_many(weighted: Case, tmp_path: Path) -> None:
    network, evaluator = weighted.ensemble.networks[1], weighted.evaluator
    champion = replace(
        weighted.champion,
        genome=network.genome.to_json(),
        members=(),
        temperature=0.6,
        weights=evaluator.weights.save(network.tensors),  # type: ignore[union-attr]
    )
    evaluator.publish(tmp_path / "champion", champion, FACTS)
    model, x = load_model(tmp_path / "champion"), weighted.data.valid.x
    expected = evaluator.predict(Ensemble((network,), 0.6), x)
    assert np.allclose(model.answers(model.outputs(x)), expected, rtol=1e-5, atol=1e-5)
    assert "A neural network that predicts" in (tmp_path / "champion" / "README.md").read_text()


def test_a_search_starts_from_the_leading_network(weighted: Case) -> None:
    network = from_champion(weighted.folder)
    assert network.genome == genomes()[0]
    assert network.origin.networks == 3
    assert {k: v.tolist() for k, v in network.tensors.items()} == {
        k: v.tolist() for k, v in weighted.ensemble.networks[0].tensors.items()
    }


def damaged(case: Case, tmp_path: Path) -> Path:
    folder = tmp_path / "champion"
    export(case.folder, folder)
    return folder


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda v: v["members"].pop(), "not those of the weight file"),
        (lambda v: v["members"].reverse(), "leading network is another"),
        (lambda v: v.update(temperature=0.0), "temperature"),
        (lambda v: v["members"][1].update(bin_inputs=10**12), "more than 250,000,000 parameters"),
        (lambda v: v["members"][1].update(bin_inputs=None), "not those of the weight file"),
        (lambda v: v.update(members=v["members"] * 50), "at most 100 items"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    weighted: Case, change: Any, reason: str, tmp_path: Path
) -> None:
    folder = damaged(weighted, tmp_path)
    edit(folder, lambda value: (change(value), None)[1])
    refused(folder, reason)


def test_bins_of_inputs_that_there_are_not_are_refused(weighted: Case, tmp_path: Path) -> None:
    folder = damaged(weighted, tmp_path)
    tensors = copy.deepcopy(load((folder / "model.safetensors").read_bytes()))
    source = next(name for name in tensors if name.endswith(".source"))
    tensors[source][-1] = 13
    put_weights(folder, save(tensors))
    refused(folder, "inputs that there are not")


def test_a_description_of_one_network_has_nothing_of_ensembles(weighted: Case) -> None:
    model: Model = weighted.evaluator.model(
        replace(
            weighted.champion,
            members=(),
            temperature=1.0,
            weights=weighted.evaluator.weights.save(weighted.ensemble.networks[0].tensors),  # type: ignore[union-attr]
        ),
        FACTS,
    )
    assert isinstance(model.description, LayersDescription)
    assert not {"members", "temperature", "bin_inputs"} & set(json.loads(model.description.to_text()))
    assert [name for name, _ in model.module.named_children()] == ["0", "1", "2"]
