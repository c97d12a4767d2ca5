"""The benchmarks on real tables: how tables are split and read, how predictions are scored, ranks and ratios worked by hand."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from benchmarks import contenders, final_correlation, real_tables, rival_models, rivals, table_ablation
from benchmarks.benchmark import SkippedError

import speciate


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Two small tables in the folder of the data: one already split, one in one file."""
    monkeypatch.setenv("SPECIATE_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    rows = pd.DataFrame(
        {
            "id": [f"customer {i}" for i in range(200)],
            "x": [f"{v:.3f}" for v in x],
            "paid": [" " if i % 50 == 0 else f"{v:.1f}" for i, v in enumerate(x)],
            "kind": rng.choice(["a", "b", "?"], 200),
            "y": np.where(x + rng.normal(size=200) / 2 > 0, "yes", "no"),
        }
    )
    (tmp_path / "benchmark/churn").mkdir(parents=True)
    rows[:150].to_csv(tmp_path / "benchmark/churn/train.csv", index=False)
    rows[150:].to_csv(tmp_path / "benchmark/churn/test.csv", index=False)
    (tmp_path / "tabular").mkdir()
    rows.rename(columns={"y": "income"}).to_csv(tmp_path / "tabular/adult.csv", index=False)
    return rows


def test_a_split_table_is_written_as_it_is_and_development_leaves_its_test_rows(source, tmp_path):
    train, test = (pd.read_csv(f, dtype=str) for f in real_tables.write("churn", tmp_path))
    assert train.equals(source[:150].astype(str).reset_index(drop=True))
    assert list(test["id"]) == list(source["id"][150:])
    parts = [pd.read_csv(f, dtype=str) for f in real_tables.write("churn", tmp_path, develop=1)]
    assert [len(part) for part in parts] == [112, 38]
    assert set(parts[0]["id"]) | set(parts[1]["id"]) == set(source["id"][:150])


def test_a_table_in_one_file_is_split_with_its_target_renamed(source, tmp_path, monkeypatch):
    monkeypatch.setattr(real_tables, "TRAINING_ROWS", 100)
    train, test = (pd.read_csv(f) for f in real_tables.write("adult", tmp_path))
    assert (len(train), len(test)) == (100, 40)
    assert not set(train["id"]) & set(test["id"])
    assert list(train)[-1] == "y"


def test_columns_are_read_as_a_practitioner_would(source, tmp_path):
    train, test, categories = rival_models.read(*map(str, real_tables.write("churn", tmp_path)), False)
    assert list(train) == ["x", "paid", "kind", "y"]  # the identifier is no input
    assert categories == ["kind"]
    assert train["paid"].isna().sum() == 3
    assert list(train["kind"].cat.categories) == ["a", "b", "missing"]
    assert test["kind"].dtype == train["kind"].dtype


@pytest.mark.parametrize("name", ["linear", "RF 300", "HistGB"])
@pytest.mark.filterwarnings("ignore")
def test_rivals_of_scikit_learn_learn(name, source, tmp_path):
    found = rival_models.scores(name, *map(str, real_tables.write("churn", tmp_path)), False, 0, 1)
    assert found["error"] < 0.35
    assert found["log_loss"] < 0.9
    assert found["version"].startswith("scikit-learn ")


def test_scores_are_worked_by_hand():
    y = np.array(["a", "b", "b", "c"])
    found = real_tables.classification_scores(
        y, np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9], [0.5, 0.5]]), ["a", "b"]
    )
    assert found["error"] == 0.5
    assert found["log_loss"] == pytest.approx(-(math.log(0.8 * 0.4 * 0.9) + math.log(1e-7)) / 4)
    assert found["ece"] == pytest.approx(
        (0.2 + 0.6 + 0.1 + 0.5) / 4
    )  # bins of their own: .8, .6, .9, .5 sure
    assert real_tables.calibration_error(np.array([0.91, 0.92]), np.array([True, False])) == pytest.approx(
        0.415
    )
    assert real_tables.regression_scores(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == {
        "error": math.sqrt(2)
    }


def test_what_predict_writes_is_scored_and_its_temperature_undone(tmp_path):
    (tmp_path / "test.csv").write_text("x,y\n1,0\n2,NA\n")
    (tmp_path / "out.csv").write_text("prediction,probability_0,probability_NA\n0,0.6,0.4\n0,0.7,0.3\n")
    found = contenders.score_predictions(tmp_path / "test.csv", tmp_path / "out.csv", False)
    assert found["error"] == 0.5
    assert found["log_loss"] == pytest.approx(-math.log(0.6 * 0.3) / 2)
    plain = contenders.score_predictions(tmp_path / "test.csv", tmp_path / "out.csv", False, 2.0)
    assert plain["log_loss"] == pytest.approx(-(math.log(0.36 / 0.52) + math.log(0.09 / 0.58)) / 2)


def entries(errors, seeds=(0, 1)):
    return {"error": errors, "seed": list(seeds), "cpu": [1.0] * len(errors), "fit": [1.0] * len(errors)}


TABLES = {
    "one": {
        "regression": True,
        "entries": {"ours": entries([1.0, 4.0]), "CatBoost": entries([2.0, 2.0]), "HistGB": entries([3.0], [0])},
    },
    "two": {
        "regression": True,
        "entries": {"ours": entries([4.0, 1.0]), "CatBoost": entries([1.0, 1.0]), "HistGB": entries([4.0], [0])},
    },
}  # fmt: skip


def test_ranks_are_averaged_over_tables_and_ties_shared():
    found = rivals.average_ranks(TABLES, "error", 2)
    # Seed 0: ours 1 and 2.5; seed 1, HistGB with its mean: ours 3 and 1.5.
    assert found["ours"] == pytest.approx({**found["ours"], "mean": (1.75 + 2.25) / 2, "n": 2})
    assert found["CatBoost"]["mean"] == pytest.approx(((2 + 1) / 2 + (1 + 1.5) / 2) / 2)


def test_a_ratio_is_a_geometric_mean():
    found = rivals.ratio(TABLES, "error", "ours", "CatBoost", 2)
    assert found["mean"] == pytest.approx((0.5 * 4 * 2 * 1) ** 0.25)
    assert found["n"] == 2
    assert rivals.ratio(TABLES, "log_loss", "ours", "CatBoost", 2) is None


def test_rivals_are_kept_and_those_not_installed_are_missing(tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr(contenders, "fit_rival", lambda *a: fitted.append(a) or {"error": 0.5, "fit": 1.0})
    kept = contenders.RivalScores(tmp_path)
    assert kept.find("linear", "churn", 3, fit=False) is None
    assert kept.find("linear", "churn", 3)["error"] == 0.5
    assert kept.find("linear", "churn", 3, fit=False)["error"] == 0.5
    assert kept.find("linear", "churn", 3, develop=True)
    assert len(fitted) == 2
    monkeypatch.setitem(rival_models.RIVALS, "linear", rival_models.Rival("no-such-package", None))
    assert kept.find("linear", "churn", 4) is None
    assert list(json.loads((tmp_path / "linear.json").read_text())) == [
        "churn, seed 3",
        "churn, seed 3, development",
    ]


def test_what_there_is_not_is_said(tmp_path):
    for settings in ({"tables": "nonsense"}, {"only": "nonsense"}):
        with pytest.raises(SkippedError, match="nonsense"):
            rivals.measure({**rivals.BENCHMARK.settings, **settings}, print)
    with pytest.raises(SkippedError, match="no variant nonsense"):
        table_ablation.measure({**table_ablation.BENCHMARK.settings, "variants": "nonsense"}, print)
    assert contenders.supported(("--bins", "none"), lambda: "--bins  auto, --refit/--no-refit")
    assert contenders.supported(("--no-refit",), lambda: "--refit/--no-refit")
    assert not contenders.supported(("--ensemble", "1"), lambda: "--bins")


def ours_at(error):
    """What `contenders.ours` returns."""
    return {
        "error": error, "log_loss": error, "ece": 0.01, "ece_by_chance": 0.02, "cpu": 30.0, "members": 2,
        "description": "net", "leads": {"linear": [0.1, 0.05, 0.2]}, "untempered": {"log_loss": 2 * error},
    }  # fmt: skip


def test_both_pages_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(contenders.places, "RESULTS", tmp_path)
    monkeypatch.setattr(contenders, "supported", lambda arguments: "random" not in arguments)
    monkeypatch.setattr(
        contenders, "ours", lambda table, seed, arguments, develop: ours_at(0.2 if arguments else 0.1)
    )
    monkeypatch.setattr(
        contenders, "fit_rival", lambda *a: {**ours_at(0.2), "fit": 1.0, "version": "sklearn 1"}
    )
    given = {"tables": "churn,phoneme", "seeds": 2, "only": "ours,linear"}
    found = rivals.measure({**rivals.BENCHMARK.settings, **given}, lambda text: None)
    page = rivals.show(json.loads(json.dumps(found)))
    assert "Average rank of ours among 2 by error **1.00 [1.00, 1.00]**" in page
    assert "| linear | 2.00 [2.00, 2.00] | 2.00 [2.00, 2.00] | 0.500 [0.500, 0.500] |" in page
    assert "| churn | +0.1000 (2 / 0) |" in page
    given = {"tables": "churn", "seeds": 2}
    found = table_ablation.measure({**table_ablation.BENCHMARK.settings, **given}, lambda text: None)
    page = table_ablation.show(json.loads(json.dumps(found)))
    assert "| one network | `--ensemble 1` | 2.000 [2.000, 2.000] |" in page
    assert "| without temperature |  | 1.000 [1.000, 1.000] | 2.000 [2.000, 2.000] |" in page
    assert "Not measured, for lack of a flag: without recipes." in page


def test_correlations_are_of_each_network_at_its_greatest_length():
    def one(network, examples, valid, sealed):
        return {"network": network, "examples": examples, "valid": valid, "sealed": sealed, "search": -sealed}

    networks = [one(0, 10, 0.9, 0.0), one(0, 20, 0.3, 0.3), one(0, 20, 0.5, 0.5)]  # folds: .4 and .4
    networks += [one(1, 10, 0.1, 0.2), one(2, 10, 0.6, 0.9), one(3, 10, 0.7, 0.8)]
    found = final_correlation.correlations(networks)
    assert found == {"networks": 4.0, "metric": pytest.approx(0.8), "search": pytest.approx(-1.0)}
    assert final_correlation.correlations(networks[:4]) == {"networks": 2.0}
    page = final_correlation.show({"tables": {"one": [found], "two": [{"networks": 2.0}]}})
    assert "| all | 0.80 |  | -1.00 | 3 ± 13 |" in page


def test_networks_of_a_final_are_scored_on_sealed_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("speciate.config.starting.report", lambda search: None)  # nobody looks at it
    watching, rng = final_correlation.Unsealed(), np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    sizes = {"population": 4, "generations": 1, "examples": 64, "final_examples": 128, "repeats": 1}
    search = speciate.evolve(
        (x, (x[:, 0] > 0).astype(int)),
        **sizes,
        final="doubling",  # so that the champion is one of them
        backend="inline",
        runs=str(tmp_path),
        callbacks=[watching],
    )
    assert watching.networks
    best = max(watching.networks, key=lambda one: one["valid"])
    assert best["valid"] == pytest.approx(search.champion.valid_score)
    assert 0 <= best["sealed"] <= 1
    assert best["sealed_loss"] < 0
