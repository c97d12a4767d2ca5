"""Searches that start from a finished network: fine-tuning, growing on top of it, other data."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits, load_iris
from tests.interrupting import StopAfter
from torch import nn

from speciate import evolve, from_champion, from_module, load_model
from speciate.algorithms import ALGORITHMS, Algorithm
from speciate.backends import InlineBackend, ProcessBackend
from speciate.compare import Comparison
from speciate.config import Setting, build, configure, from_toml, load, resume
from speciate.data import Data, load_data
from speciate.errors import ConfigurationError, DataError, StorageError
from speciate.evaluators import SupervisedEvaluator
from speciate.evaluators.finish import Together
from speciate.inheritance.finished_network import Ancestry
from speciate.mutation import PRESERVING
from speciate.networks import Network
from speciate.networks.network import layer_tensors
from speciate.records import Evaluation, Phase
from speciate.run.callbacks import Callback
from speciate.run.search import Search
from speciate.spaces import OUTPUT, NetworkSpace, simplest_kind
from speciate.store import RunFolder, RunSummary, WeightFolder

SMALL: dict[str, Any] = {
    "population": 6,
    "generations": 2,
    "examples": 200,
    "final_examples": 300,
    "finalists": 2,
    "repeats": 2,
    "backend": "inline",
}


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run on iris."""
    runs = tmp_path_factory.mktemp("runs")
    settings = {**SMALL, "examples": 2000, "final_examples": 3000}
    folder = evolve(
        "sklearn:iris",
        space="mlp",
        start="random",
        final="doubling",
        runs=str(runs),
        name="iris",
        bins="none",
        **settings,
    ).folder
    assert folder is not None
    return folder.path


def space(data: Data) -> NetworkSpace:
    features = int(np.prod(data.input_shape))
    return NetworkSpace.mlp(
        features=features, rows=len(data.train), outputs=data.outputs, operators=PRESERVING
    )


def search(network: Network, data: Data, algorithm: str = "tournament", **settings: Any) -> Search:
    chosen: dict[str, Any] = {"backend": InlineBackend(), "finalists": 2, "repeats": 2, **settings}
    kind: type[Algorithm] = ALGORITHMS[algorithm]
    return Search(
        space(data),
        kind(population_size=6),  # type: ignore[call-arg]
        SupervisedEvaluator(data, inherit="preserve"),
        ancestor=network,
        examples=200,
        final_examples=300,
        **chosen,
    )


def results(run: Search) -> list[tuple[Any, ...]]:
    return [(r.id, r.phase, r.key, r.operator, r.score, r.lineage_examples, r.weights) for r in run.rows]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_first_is_the_ancestor_and_the_others_are_mutated_copies_of_it(
    iris: Path, algorithm: str
) -> None:
    network = from_champion(iris)
    rows = search(network, load_data("sklearn:iris"), algorithm).run(generations=3).rows
    first = rows[:6]
    assert (first[0].operator, first[0].key) == ("ancestor", network.genome.key)
    assert all(row.operator in PRESERVING for row in first[1:])
    assert len({row.phenotype for row in first}) == 6
    assert not any(row.operator == "sample" for row in rows)
    (weights,) = {name for row in first for _, _, name in row.ancestors}
    assert all(
        [(i, genome) for i, genome, _ in r.ancestors] == [(-1, network.genome.to_json())] for r in first
    )
    for row in rows:
        line, open_rows = {row.id}, [row]
        while open_rows:
            for number, _, name in open_rows.pop().ancestors:
                if number == -1:
                    assert name == weights
                elif number not in line:
                    line.add(number)
                    open_rows.append(rows[number])
        if row.status == "ok" and row.repeat_of is None:
            assert row.lineage_examples == 3000 + sum(rows[i].examples_seen for i in line)


def test_it_begins_with_the_champions_weights_and_its_scores_are_a_baseline(iris: Path) -> None:
    run = evolve("sklearn:iris", from_=iris, runs=str(iris.parent), **SMALL)
    model = load_model(iris)
    first = run.rows[0]
    assert run.folder is not None
    stored = run.folder.weights.load(first.ancestors[0][2])
    assert all(np.array_equal(value, stored[name]) for name, value in model.tensors().items())
    (ancestor,) = [row for row in run.store.baselines() if row.name == "ancestor"]
    assert ancestor.valid_score == pytest.approx(model.description.scores.valid)
    assert ancestor.test_score == pytest.approx(model.description.scores.test)
    assert ancestor.description.startswith("iris as it came: ")
    assert not run.store.events() or "ancestor" not in {kind for _, kind, _ in run.store.events()}


def test_hyper_parameters_are_kept_in_range_and_drawn_where_not(iris: Path) -> None:
    data, network = load_data("sklearn:iris"), from_champion(iris)
    own = network.genome.hyper_parameters
    wild = from_module(nn.Linear(4, 3), 4, hyper={"learning_rate": 5.0, "optimizer": "sgd"})
    same = Ancestry.of(network, space(data), data, 0, freeze=False)
    assert same.network.genome.hyper_parameters == own
    assert not same.notes
    knowing = replace(network, origin=replace(network.origin, refit=True))
    (note,) = Ancestry.of(knowing, space(data), data, 0, freeze=False).notes
    assert "trained on all rows of iris, so it knows the validation and test rows" in note
    untested = load_data("sklearn:iris", test=0)
    (note, *_) = Ancestry.of(knowing, space(untested), untested, 0, freeze=False).notes
    assert "so it knows the validation rows: scores here are too good" in note
    found = Ancestry.of(wild, space(data), data, 0, freeze=False)
    hyper = found.network.genome.hyper_parameters
    assert hyper["optimizer"] == "sgd"
    assert set(hyper) == set(own)
    assert all(hyper[name] in gene for name, gene in space(data).hyper.items())
    assert any(note.startswith("batch_size, learning_rate: drawn") for note in found.notes)
    assert found.network.genome in found.space(space(data), data.input_shape)


class Watch(Callback):
    """Looks at the weights of everybody while they are there."""

    def __init__(self) -> None:
        self.seen: list[tuple[Evaluation, Mapping[str, np.ndarray]]] = []

    def on_told(self, search: Search, evaluations: Any) -> None:
        assert isinstance(search.evaluator, SupervisedEvaluator)
        assert search.evaluator.weights is not None
        for evaluation in evaluations:
            if evaluation.weights:
                self.seen.append((evaluation, search.evaluator.weights.load(evaluation.weights)))


def deep() -> nn.Module:
    """With layers that training would change in other ways than by gradients."""
    torch.manual_seed(1)
    first = [nn.Linear(4, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.5)]
    module = nn.Sequential(*first, nn.Linear(12, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 3))
    module(torch.randn(64, 4))
    return module


@pytest.mark.parametrize("algorithm", ["tournament", "aging"])
def test_frozen_weights_stay_what_they_are_in_everybody(algorithm: str) -> None:
    data, network, watch = load_data("sklearn:iris"), from_module(deep(), 4), Watch()
    run = search(network, data, algorithm, freeze=True, callbacks=[watch]).run(generations=5)
    marks = [node.mark for node in network.genome.layers]
    assert run.ancestry is not None
    assert run.ancestry.frozen == set(marks)
    assert {e.candidate.phase for e, _ in watch.seen} >= {Phase.SEARCH, Phase.CHAMPION}
    assert len(watch.seen) > 20
    for evaluation, tensors in watch.seen:
        assert evaluation.engine in ("reference", "repeat")
        genome = evaluation.candidate.genome
        assert set(network.genome.layers) <= set(genome.nodes)  # type: ignore[attr-defined]
        for mark in marks:
            own = layer_tensors(network.tensors, mark)
            assert all(
                np.array_equal(value, own[name]) for name, value in layer_tensors(tensors, mark).items()
            )
    heads = {layer_tensors(tensors, OUTPUT)["weight"].tobytes() for _, tensors in watch.seen}
    assert len(heads) > 10
    assert max(len(e.candidate.genome.nodes) for e, _ in watch.seen) > len(network.genome.nodes)  # type: ignore[attr-defined]
    final = run.model.tensors()
    assert all(np.array_equal(v, network.tensors[k]) for k, v in final.items() if k.split(".")[0] in marks)


def test_frozen_layers_are_in_evaluation_mode_while_others_train(tmp_path: Path) -> None:
    data, network = load_data("sklearn:iris"), from_module(deep(), 4)
    run = search(network, data, freeze=True)
    assert run.ancestry is not None
    assert isinstance(run.evaluator, SupervisedEvaluator)
    weights = WeightFolder(tmp_path)
    run.evaluator.prepare(weights, run.ancestry.frozen)
    origin = run.ancestry.lineage(weights.save(run.ancestry.network.tensors))
    (candidate,) = run.algorithm.start(run.space, seed=0, budget=run_budget(), origin=origin).ask(1)
    trial = run.evaluator._trial(candidate)
    assert trial.job is not None
    module = trial.job.module.train()
    training = {name.split(".")[0] for name, part in module.named_modules() if name and part.training}
    learning = {name.split(".")[0] for name, p in module.named_parameters() if p.requires_grad}
    assert training == learning == {OUTPUT}


def run_budget() -> Any:
    from speciate.records import Budget

    return Budget(200)


def test_other_data_get_a_new_first_layer_and_a_new_head(tmp_path: Path) -> None:
    data, network = load_data("sklearn:wine"), from_module(deep(), 4)
    run = search(network, data, store=tmp_path, freeze=True).run(generations=2)
    first, norm, *_, last = (node.mark for node in network.genome.layers)
    assert run.ancestry is not None
    assert run.ancestry.network.renewed == {
        first
    }  # wine has three classes too, and a module does not name its own
    assert last in run.ancestry.frozen
    assert norm in run.ancestry.frozen
    assert first not in run.ancestry.frozen
    begun = RunFolder(tmp_path).weights.load(run.rows[0].ancestors[0][2])
    assert layer_tensors(begun, first)["weight"].shape == (12, 13)
    for mark in (norm, last):
        own = layer_tensors(network.tensors, mark)
        assert all(np.array_equal(v, own[k]) for k, v in layer_tensors(begun, mark).items())
    assert "ancestor" not in {row.name for row in run.store.baselines()}
    (note,) = [text for _, kind, text in run.store.events() if kind == "ancestor" and "layer" in text]
    assert note == (
        "layer 1 of an imported network cannot be taken over, because the inputs are others: fresh weights, not frozen"
    )
    tensors = run.model.tensors()
    assert not np.array_equal(layer_tensors(tensors, first)["weight"], layer_tensors(begun, first)["weight"])


def renamed(iris: Path, columns: Any = None, labels: Any = None) -> Data:
    """Iris with other names."""
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    y = pd.Series(bunch.target_names[bunch.target], name="target")
    x = bunch.data if columns is None else bunch.data.set_axis(columns, axis=1)
    return load_data((x, y if labels is None else y.map(labels)))


def test_a_head_for_other_classes_is_dropped_though_it_would_fit(iris: Path) -> None:
    network, first = from_champion(iris), 0
    labels = {"setosa": "z", "versicolor": "b", "virginica": "c"}
    original = load_data("sklearn:iris")
    assert network.origin.classes == original.classes
    same = Ancestry.of(network, space(original), original, 0, freeze=False).network
    assert same.whole
    other = renamed(iris, labels=labels)
    fitted = Ancestry.of(network, space(other), other, 0, freeze=False)
    assert OUTPUT in fitted.network.renewed
    assert not layer_tensors(fitted.network.tensors, OUTPUT)
    assert any("a new head" in note for note in fitted.notes)
    run = search(network, other).run(generations=1)
    assert run.rows[first].status == "ok"


def test_columns_of_another_meaning_get_a_new_first_layer(iris: Path) -> None:
    network = from_champion(iris)
    data = renamed(iris, columns=["a", "b", "c", "d"])
    fitted = Ancestry.of(network, space(data), data, 0, freeze=False)
    assert network.genome.layers[0].mark in fitted.network.renewed
    if len(network.genome.layers) == 1:
        with pytest.raises(DataError, match="left to be frozen"):
            Ancestry.of(network, space(data), data, 0, freeze=True)


def test_examples_count_only_where_weights_are_taken_over(iris: Path) -> None:
    network = from_champion(iris)
    data = renamed(iris, columns=["a", "b", "c", "d"])
    assert Ancestry.of(network, space(data), data, 0, freeze=False).examples == network.origin.examples
    nothing = replace(network, renewed=frozenset(node.mark for node in network.genome.nodes))
    fitted = Ancestry.of(nothing, space(data), data, 0, freeze=False)
    assert fitted.examples == 0
    assert any(note.startswith("nothing of") for note in fitted.notes)
    assert network.origin.examples > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"examples": -5}, "examples must be"),
        ({"hyper": {"foo": 3}}, "no hyper-parameter 'foo'"),
        ({"hyper": {"learning_rate": -1.0}}, "learning_rate must be"),
        ({"hyper": {"weight_decay": -0.5}}, "weight_decay must be"),
        ({"hyper": {"optimizer": "lion"}}, "optimizer must be one of"),
        ({"hyper": {"batch_size": 2.5}}, "batch_size must be"),
        ({"hyper": {"learning_rate": True}}, "learning_rate must be"),
        ({"examples": True}, "examples must be"),
    ],
)
def test_settings_of_an_imported_network_make_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_module(deep(), 4, **settings)


def test_a_module_that_was_trained_on_raw_values_computes_the_same_on_standardized_ones() -> None:
    raw, data = load_iris(as_frame=True).data, load_data("sklearn:iris")
    assert data.preprocessing.standardization is not None
    mean, scale = data.preprocessing.standardization
    assert np.allclose(data.preprocessing.transform(raw), (raw.to_numpy() - mean) / scale, atol=1e-5)
    module, values = deep().eval(), torch.tensor(raw.to_numpy(np.float32))
    for moments, heard in (
        ({"mean": 0, "scale": 1}, values),
        ({"scale": [1.0, 2.0, 3.0, 4.0]}, values / torch.tensor([1.0, 2.0, 3.0, 4.0])),
        ({"mean": 5}, values - 5),
    ):
        network = from_module(module, 4, **moments)  # type: ignore[arg-type]
        ancestry = Ancestry.of(network, space(data), data, 0, freeze=False)
        assert not any("believed" in note for note in ancestry.notes)
        evaluator = SupervisedEvaluator(data, inherit="preserve")
        found = evaluator.predict(ancestry.network, data.preprocessing.transform(raw))
        with torch.no_grad():
            assert np.allclose(found, module(heard).softmax(1).numpy(), atol=1e-4)
        again = Ancestry.of(ancestry.network, space(data), data, 0, freeze=False).network
        assert all(
            np.array_equal(again.tensors[name], value) for name, value in ancestry.network.tensors.items()
        )


def test_pixels_from_zero_to_one_are_standardized_too() -> None:
    digits, data = load_digits(), load_data("sklearn:digits")
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10)).eval()
    ancestry = Ancestry.of(from_module(module, (1, 8, 8), scale=16), space(data), data, 0, freeze=False)
    evaluator = SupervisedEvaluator(data, inherit="preserve")
    found = evaluator.predict(ancestry.network, data.preprocessing.transform(digits.images))
    with torch.no_grad():
        expected = module(torch.from_numpy(digits.images / 16).float()).softmax(1).numpy()
    assert np.allclose(found, expected, atol=1e-4)


def test_what_a_first_layer_cannot_make_up_for_is_refused() -> None:
    digits = load_data("sklearn:digits")
    with pytest.raises(DataError, match="cannot be taken into the first layer, conv"):
        Ancestry.of(from_module(conv(), (1, 8, 8), scale=16), space(digits), digits, 0, freeze=False)
    table = pd.DataFrame({"a": ["x", "y"] * 40, "b": np.arange(80.0)})
    mixed = load_data((table, pd.Series(["p", "q"] * 40, name="y")))
    network = from_module(nn.Linear(int(np.prod(mixed.input_shape)), 2), mixed.input_shape, mean=0)
    with pytest.raises(DataError, match="made of categories"):
        Ancestry.of(network, space(mixed), mixed, 0, freeze=False)


def test_a_head_that_hears_the_inputs_goes_with_them(iris: Path) -> None:
    champion = from_champion(iris)
    linear = from_module(nn.Linear(4, 3), 4)
    origin = replace(champion.origin, classes=champion.origin.classes)
    network = replace(linear, origin=origin)
    data = renamed(iris, columns=["a", "b", "c", "d"])
    fitted = Ancestry.of(network, space(data), data, 0, freeze=False)
    assert OUTPUT in fitted.network.renewed
    assert fitted.examples == 0
    assert any("what it takes in is another" in note for note in fitted.notes)


def test_what_had_to_become_wider_is_said() -> None:
    data = load_data("sklearn:iris")
    narrow = NetworkSpace.mlp(features=4, rows=90, outputs=3, depth=(3, 4), units=(32, 64))
    notes = Ancestry.of(from_module(deep(), 4, name="mine"), narrow, data, 0, freeze=False).notes
    assert any(
        "the space was widened, because mine has to belong to it: depth 3-4 became" in n for n in notes
    )


def test_a_module_without_values_is_refused() -> None:
    with torch.device("meta"):
        module = nn.Sequential(nn.Linear(4, 3))
    with pytest.raises(DataError, match="no values"):
        from_module(module, 4)


def test_a_head_for_values_is_put_in_the_units_of_the_new_target(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 3))
    y = pd.Series(100 + 30 * x[:, 0] + rng.normal(size=200), name="y")
    data = load_data((pd.DataFrame(x, columns=["a", "b", "c"]), y), task="regression")
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).eval()
    evaluator = SupervisedEvaluator(data, inherit="preserve")
    fitted = Ancestry.of(from_module(module, 3), space(data), data, 0, freeze=False).network
    with torch.no_grad():
        expected = module(torch.from_numpy(data.valid.x))[:, 0].numpy()
    assert np.allclose(evaluator.predict(fitted, data.valid.x), expected, atol=1e-4)
    again = Ancestry.of(fitted, space(data), data, 0, freeze=False).network
    assert all(np.array_equal(again.tensors[name], value) for name, value in fitted.tensors.items())


def test_an_imported_network_scores_the_same_before_its_first_mutation(tmp_path: Path) -> None:
    data = load_data("sklearn:iris")
    module = deep().eval()
    run = search(from_module(module, 4, name="mine"), data, store=tmp_path).run(generations=1)
    with torch.no_grad():
        answers = module(torch.from_numpy(data.valid.x)).argmax(1).numpy()
    (ancestor,) = [row for row in run.store.baselines() if row.name == "ancestor"]
    assert ancestor.valid_score == pytest.approx(float((answers == data.valid.y).mean()))
    shown = RunSummary.read(RunFolder(tmp_path)).to_json()["ancestor"]
    assert (shown["name"], shown["frozen"]) == ("mine", [])


def test_another_split_of_the_same_data_is_warned_of(iris: Path) -> None:
    data = load_data("sklearn:iris", seed=1)
    notes = Ancestry.of(from_champion(iris), space(data), data, 0, freeze=False).notes
    assert any("--split-seed" in note for note in notes)


def test_a_run_goes_on_without_the_champions_folder_and_from_anywhere(
    iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = tmp_path / "champion"
    shutil.copytree(iris / "champion", champion)
    monkeypatch.chdir(tmp_path)
    settings = {**SMALL, "runs": "runs", "freeze": True, "algorithm": "tournament", "crossover": 0.3}
    plain = evolve("sklearn:iris", from_="champion", name="plain", **settings)
    for count in (1, 8, 15):
        with pytest.raises(KeyboardInterrupt):
            evolve(
                "sklearn:iris", from_="champion", name=f"b{count}", callbacks=[StopAfter(count)], **settings
            )
    shutil.rmtree(champion)
    monkeypatch.chdir("/")
    for count in (1, 8, 15):
        folder = RunFolder(tmp_path / "runs" / f"b{count}")
        assert from_toml(folder.configuration).from_ == str(champion)
        config, resumed = resume(folder)
        resumed.run(**config.limits)
        assert results(resumed) == results(plain)
        assert resumed.champion == plain.champion
    with pytest.raises(StorageError):
        evolve("sklearn:iris", from_=str(champion), runs=str(tmp_path), **SMALL)


@pytest.mark.parametrize("algorithm", ["random", "local", "aging"])
def test_a_finished_run_can_be_prolonged(iris: Path, tmp_path: Path, algorithm: str) -> None:
    data, network = load_data("sklearn:iris"), from_champion(iris)
    plain = search(network, data, algorithm, store=tmp_path / "a").run(evaluations=30)
    for evaluations in (9, 30):
        prolonged = search(network, data, algorithm, store=tmp_path / "b").run(evaluations=evaluations)
    assert results(prolonged) == results(plain)
    assert prolonged.champion == plain.champion
    assert prolonged.store.baselines()[-1].test_score == plain.store.baselines()[-1].test_score


def test_a_network_that_was_given_in_python_is_in_the_run(tmp_path: Path) -> None:
    settings = {**SMALL, "runs": str(tmp_path), "name": "mine"}
    network = from_module(deep(), 4)
    with pytest.raises(KeyboardInterrupt):
        evolve("sklearn:iris", from_=network, callbacks=[StopAfter(3)], **settings)
    config, run = resume(RunFolder(tmp_path / "mine"))
    run.run(**config.limits)
    plain = evolve("sklearn:iris", from_=network, **{**settings, "name": "plain"})
    assert results(run) == results(plain)


def test_workers_change_nothing(iris: Path, tmp_path: Path) -> None:
    data, network = load_data("sklearn:iris"), from_champion(iris)
    plain = search(network, data, store=tmp_path / "a", freeze=True).run(generations=3)
    for workers in (1, 2):
        backend = ProcessBackend(workers)
        other = search(network, data, store=tmp_path / str(workers), freeze=True, backend=backend)
        assert results(other.run(generations=3)) == results(plain)
        assert other.champion == plain.champion


def test_a_loaded_model_will_do_and_anything_else_is_refused(iris: Path, tmp_path: Path) -> None:
    run = evolve("sklearn:iris", from_=load_model(iris), runs=str(tmp_path), **{**SMALL, "generations": 1})
    assert run.ancestry is not None
    with pytest.raises(ConfigurationError, match="from_ cannot be a int"):
        evolve("sklearn:iris", from_=3, runs=str(tmp_path), **SMALL)  # type: ignore[arg-type]


def test_a_champion_of_a_champion_counts_all_examples(iris: Path) -> None:
    run = evolve("sklearn:iris", from_=iris, runs=str(iris.parent), name="second", **SMALL)
    (row,) = run.store.rows(Phase.CHAMPION)
    assert row.lineage_examples > 3000 + row.examples_seen
    assert from_champion(iris.parent / "second").origin.examples == row.lineage_examples
    assert from_champion(iris.parent / "second" / "champion").origin.examples == row.lineage_examples


def conv() -> nn.Module:
    torch.manual_seed(2)
    first = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1)]
    module = nn.Sequential(*first, nn.Conv2d(4, 6, 3, padding=1), nn.GELU(), nn.Flatten(), nn.Linear(96, 10))
    module(torch.randn(32, 1, 8, 8))
    return module


@pytest.mark.parametrize("space", ["conv", "graph"])
def test_images_grow_on_frozen_layers_and_other_images_take_them_over(space: str, tmp_path: Path) -> None:
    network, watch = from_module(conv(), (1, 8, 8)), Watch()
    settings = {**SMALL, "runs": str(tmp_path), "space": space, "freeze": True, "generations": 3}
    run = evolve("sklearn:digits", from_=network, callbacks=[watch], **settings)
    assert all(row.status == "ok" for row in run.rows)
    marks = {node.mark for node in network.genome.layers}
    for _, tensors in watch.seen:
        kept = {name: value for name, value in network.tensors.items() if name.split(".")[0] in marks}
        assert all(np.array_equal(tensors[name], value) for name, value in kept.items())
    assert run.folder is not None
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (120, 1, 12, 12), dtype=np.uint8), rng.integers(0, 10, 120)
    again = evolve((images, labels), from_=run.folder.path, **{**settings, "generations": 1})
    assert again.ancestry is not None
    assert again.ancestry.network.renewed == {OUTPUT}  # of another size
    assert again.ancestry.frozen >= marks


def test_the_space_is_the_smallest_that_suits(iris: Path) -> None:
    digits, tables = load_data("sklearn:digits"), load_data("sklearn:iris")
    dense = from_module(
        nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 10)), (1, 8, 8)
    ).genome
    images = from_module(conv(), (1, 8, 8)).genome
    assert simplest_kind(None, digits.input_shape) == simplest_kind(dense, digits.input_shape) == "mlp"
    assert simplest_kind(images, digits.input_shape) == "conv"
    assert simplest_kind(from_module(deep(), 4).genome, tables.input_shape) == "graph"
    with pytest.raises(ConfigurationError, match='"mlp" has no place for the network to start from: conv 4'):
        evolve("sklearn:digits", from_=from_module(conv(), (1, 8, 8)), space="mlp", **SMALL)
    with pytest.raises(ConfigurationError, match='"conv" is for images'):
        evolve("sklearn:iris", space="conv", **SMALL)


def test_a_comparison_starts_every_run_from_the_same_network(iris: Path, tmp_path: Path) -> None:
    settings = {**SMALL, "data": "sklearn:iris", "from": str(iris), "runs": str(tmp_path), "name": "fair"}
    given = {key: Setting(value) for key, value in settings.items()}
    comparison = Comparison.start(given, ["tournament", "random", "local"], 1)
    opened = Comparison.open(comparison.folder)
    opened.run(load(opened.config))
    begun = set()
    for name, _ in opened.plan:
        summary = RunSummary.read(RunFolder(comparison.folder / name)).to_json()
        begun.add((summary["ancestor"]["weights"], summary["scores"][0]["genome"]))
    assert len(begun) == 1


def test_contradictions_in_python(iris: Path) -> None:
    data, network = load_data("sklearn:iris"), from_champion(iris)
    with pytest.raises(ConfigurationError, match="weights are not inherited"):
        Search(space(data), ALGORITHMS["random"](), SupervisedEvaluator(data), ancestor=network)
    with pytest.raises(ConfigurationError, match="nothing to freeze"):
        Search(space(data), ALGORITHMS["random"](), SupervisedEvaluator(data), freeze=True)
    images = from_module(
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten(), nn.Linear(128, 10)), (1, 8, 8)
    )
    with pytest.raises(DataError, match="cannot take these data") as caught:
        search(images, data)
    assert "an example has the shape 4" in caught.value.why


def test_a_folder_with_a_run_from_another_network_is_refused(iris: Path, tmp_path: Path) -> None:
    data = load_data("sklearn:iris")
    search(from_champion(iris), data, store=tmp_path).run(generations=1)
    with pytest.raises(ConfigurationError, match="other settings"):
        search(from_module(deep(), 4), data, store=tmp_path).run(generations=2)
    with pytest.raises(ConfigurationError, match="other settings"):
        Search(
            space(data),
            ALGORITHMS["tournament"](population_size=6),  # type: ignore[call-arg]
            SupervisedEvaluator(data, inherit="preserve"),
            store=tmp_path,
            examples=200,
            final_examples=300,
            finalists=2,
            repeats=2,
            backend=InlineBackend(),
        ).run(generations=2)
    assert WeightFolder(tmp_path / "weights").path.is_dir()


def test_a_network_of_a_table_goes_on_with_its_bins_and_answers_as_it_did(tmp_path: Path) -> None:
    data = load_data("sklearn:iris", seed=0)
    evaluator = SupervisedEvaluator(data, finish=Together(3, refits=False))
    table = NetworkSpace.table(features=4, rows=90, outputs=3, units=(4, 16), bins=(8,))
    recipe = table.recipes()["MLP with bins"]
    run = Search(
        table,
        ALGORITHMS["random"](2).beginning_with({"MLP with bins": recipe}),
        evaluator,
        store=tmp_path / "run",
        backend=InlineBackend(),
        finalists=1,
        examples=100,
        final_examples=400,
    ).run(generations=1)
    assert run.champion is not None
    network = from_champion(tmp_path / "run")
    assert network.genome.hyper_parameters["bins"] == 8
    said = evaluator.predict(network, data.valid.x)
    config = configure(
        {"data": Setting("sklearn:iris"), "from": Setting(str(tmp_path / "run")), "examples": Setting(500)}
    )
    later = build(config)  # with fewer examples than that many bins are offered for
    assert later.space.hyper.keys() == table.hyper.keys()
    assert later.ancestry is not None
    assert later.ancestry.network.whole
    again = later.evaluator
    assert isinstance(again, SupervisedEvaluator)
    assert np.array_equal(again.predict(later.ancestry.network, data.valid.x), said)
    weights = WeightFolder(tmp_path)
    again.prepare(weights, frozenset())
    origin = later.ancestry.lineage(weights.save(later.ancestry.network.tensors))
    (first,) = later.algorithm.start(later.space, seed=0, budget=run_budget(), origin=origin).ask(1)
    module, *_ = again._module(first)
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    assert np.array_equal(again.predict(Network(network.genome, tensors), data.valid.x), said)
