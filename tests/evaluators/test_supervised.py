from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from speciate.algorithms import RandomSearch
from speciate.data import Split, load_data, score
from speciate.errors import UsageError
from speciate.evaluators import Evaluator, FunctionEvaluator, SupervisedEvaluator
from speciate.evaluators.baselines import fit_baselines
from speciate.records import Budget, Candidate, Phase, Status
from speciate.spaces import DEFAULTS, NetworkGenome, NetworkSpace, Node
from speciate.store import WeightFolder
from speciate.testing import EvaluatorContract, sphere, sphere_space
from speciate.training import OPTIONAL

SPACE = NetworkSpace.mlp(features=4, rows=90, units=(4, 16))


def some(count: int, examples: int = 200) -> list[Candidate]:
    return RandomSearch(10).start(SPACE, seed=0, budget=Budget(examples)).ask(count)


@pytest.fixture(scope="module")
def iris() -> SupervisedEvaluator:
    return SupervisedEvaluator(load_data("sklearn:iris"))


@pytest.fixture(scope="module")
def diabetes() -> SupervisedEvaluator:
    return SupervisedEvaluator(load_data("sklearn:diabetes"))


class TestSupervised(EvaluatorContract):
    def make(self) -> Evaluator:
        return SupervisedEvaluator(load_data("sklearn:iris"))

    def candidates(self) -> list[Candidate]:
        return some(3)

    def hopeless(self) -> Candidate:
        node = Node.make("aa", "dense", {"units": 0, "activation": "relu", "dropout": 0.0})
        return replace(some(1)[0], genome=NetworkGenome.path([node], some(1)[0].genome.to_json()["hyper"]))


class TestFunction(EvaluatorContract):
    def make(self) -> Evaluator:
        return FunctionEvaluator(sphere)

    def candidates(self) -> list[Candidate]:
        return RandomSearch(10).start(sphere_space(), seed=0, budget=Budget(1)).ask(3)

    def hopeless(self) -> Candidate:
        return replace(
            self.candidates()[0], genome=NetworkGenome(hyper=(("x0", float("1e308")), ("x1", 1e308)))
        )


def test_the_score_is_the_validation_score(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    iris.weights = WeightFolder(tmp_path)
    candidate = replace(some(1, 2000)[0], phase=Phase.CHAMPION)
    evaluation = iris.evaluate([candidate])[0]
    assert evaluation.weights is not None
    network = iris.load(candidate, evaluation.weights)
    answers = iris.predict(network, iris.data.valid.x)
    assert evaluation.score == score("accuracy", iris.data.valid.y, answers)
    assert answers.sum(axis=1) == pytest.approx(1)
    assert evaluation.cost.examples_seen == evaluation.cost.lineage_examples == 2000
    assert evaluation.metrics["valid_neg_log_loss"] < 0
    iris.weights = None


def test_only_the_champions_weights_are_kept(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    iris.weights = WeightFolder(tmp_path)
    assert iris.evaluate(some(1))[0].weights is None
    assert list(tmp_path.iterdir()) == []
    iris.weights = None


def test_regression_is_scored_in_the_targets_own_units(diabetes: SupervisedEvaluator, tmp_path: Path) -> None:
    diabetes.weights = WeightFolder(tmp_path)
    candidate = replace(some(1, 4000)[0], phase=Phase.CHAMPION)
    evaluation = diabetes.evaluate([candidate])[0]
    values = diabetes.predict(diabetes.load(candidate, str(evaluation.weights)), diabetes.data.valid.x)
    assert values.shape == (len(diabetes.data.valid),)
    assert 100 < values.mean() < 200
    assert evaluation.score == score("r2", diabetes.data.valid.y, values)


def test_workers_never_get_the_test_rows(iris: SupervisedEvaluator) -> None:
    copy = pickle.loads(pickle.dumps(iris))
    with pytest.raises(UsageError, match="not in this copy"):
        copy.data.test.open()
    assert copy.evaluate(some(2))[1].score == iris.evaluate(some(2))[1].score


@pytest.mark.fault(5)
def test_a_diverged_network_has_no_score(iris: SupervisedEvaluator) -> None:
    genome = NetworkGenome.path(
        [Node.make("aa", "dense", {"units": 8, "activation": "linear", "dropout": 0.0})],
        {"optimizer": "sgd", "learning_rate": 1e9, "weight_decay": 0.0},
    )
    evaluation = iris.evaluate([replace(some(1, 3000)[0], genome=genome)])[0]
    assert evaluation.status is Status.DIVERGED
    assert evaluation.score is None
    assert 0 < evaluation.cost.examples_seen < 3000


def test_the_genome_decides_how_it_is_trained(iris: SupervisedEvaluator) -> None:
    candidate = some(1)[0]
    assert iris.recipe(candidate).batch_size == candidate.genome.to_json()["hyper"]["batch_size"]
    article = RandomSearch(1).start(NetworkSpace.article(), seed=0, budget=Budget(5)).ask(1)[0]
    assert iris.recipe(article).batch_size == 32
    assert iris.recipe(article).examples == 5
    assert {name: getattr(iris.recipe(article), name) for name in OPTIONAL} == {
        name: DEFAULTS[name] for name in OPTIONAL
    }
    told = {
        "schedule": "cosine", "label_smoothing": 0.1, "beta2": 0.95, "ema": 0.1, "decay_schedule": "schedule",
    }  # fmt: skip
    genome = replace(article.genome, hyper=(*article.genome.hyper, *told.items()))
    assert iris.recipe(replace(article, genome=genome)) == replace(iris.recipe(article), **told)


def test_a_baseline_that_cannot_be_fitted_is_left_out(iris: SupervisedEvaluator) -> None:
    train, said = iris.data.train, list[str]()
    for name, kept in (("two rows", [0, int(np.argmax(train.y != train.y[0]))]), ("one class", train.y == 1)):
        few = replace(iris.data, train=Split(train.x[kept], train.y[kept]))
        found = [row.name for row, _ in fit_baselines(few, note=said.append)]
        assert found == (["majority", "linear", "gradient boosting"] if name == "two rows" else ["majority"])
    assert [words.partition(" is left out of the comparison: ")[0] for words in said] == [
        "Linear",
        "Gradient boosting",
    ]
    constant = replace(iris.data, train=Split(np.zeros_like(train.x), train.y))
    assert len(list(fit_baselines(constant))) == 3
    wide = Split(np.zeros((90, 5000), np.float32), train.y)
    wide = replace(iris.data, train=wide, valid=wide, input_shape=(5000,))
    assert len(list(fit_baselines(wide, only=["gradient boosting"], note=said.append))) == 0
    assert said[-1].endswith("5,000 inputs and 3 outputs take it too long")


def test_baselines_by_hand(iris: SupervisedEvaluator, diabetes: SupervisedEvaluator) -> None:
    (majority, _), (linear, answer), (boosted, trees) = fit_baselines(iris.data)
    assert (majority.name, linear.name, boosted.name) == ("majority", "linear", "gradient boosting")
    assert majority.valid_score == pytest.approx(1 / 3, abs=0.05)
    assert linear.valid_score > 0.85
    (mean, _), (ridge, _), (_, values) = fit_baselines(diabetes.data)
    assert (mean.name, ridge.name) == ("mean", "linear")
    assert mean.valid_score == pytest.approx(0, abs=0.1)
    assert ridge.valid_score > 0.3
    _, (_, again), _ = fit_baselines(iris.data)
    assert np.array_equal(again(iris.data.valid.x), answer(iris.data.valid.x))
    x, y, new = iris.data.train.x, iris.data.train.y, iris.data.valid.x
    assert np.allclose(trees(new), HistGradientBoostingClassifier().fit(x, y).predict_proba(new))
    x, y, new = diabetes.data.train.x, diabetes.data.train.y, diabetes.data.valid.x
    assert np.allclose(values(new), HistGradientBoostingRegressor().fit(x, y).predict(new), rtol=1e-3)
