"""A champion on rows with known answers: its scores, what was left out, and what it was trained on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.frozen.stored import FROZEN
from tests.inside import speciate

from speciate import evolve, load_model, score_champion
from speciate.cli.main import command
from speciate.data.metrics import score
from speciate.errors import DataError
from speciate.evaluators.intervals import scored

pytestmark = pytest.mark.fault(84)

TINY: dict[str, Any] = {"population": 2, "generations": 1, "finalists": 0, "backend": "inline"}


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"a": rng.normal(size=n).round(6), "b": rng.normal(size=n).round(6)})
    table["code"] = rng.choice(["01", "02", "A7"], n)
    return table.assign(y=np.where(table.a + table.b > 0, "yes", "no"), z=1000 + 50 * table.a)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scoring")
    people(300, 0).drop(columns="z").to_csv(folder / "data.csv", index=False)
    people(300, 0).drop(columns="y").to_csv(folder / "amounts.csv", index=False)
    search = {"runs": str(folder / "runs"), "examples": 300, "final_examples": 300, **TINY}
    evolve(str(folder / "data.csv"), target="y", name="classes", **search)
    evolve(str(folder / "amounts.csv"), target="z", name="amounts", **{**search, "finalists": 1})
    return folder


def test_new_rows_with_intervals(place: Path) -> None:
    new = people(80, 1).drop(columns="z")
    new.to_csv(place / "new.csv", index=False)
    found = score_champion("classes", place / "new.csv", runs=place / "runs")
    model = load_model(place / "runs" / "classes")
    y = np.array([model.classes.index(label) for label in new.y])
    expected = scored("accuracy", y, model.predict_proba(new)).interval
    assert found.scores["accuracy"] == expected
    assert (found.rows, found.left_out, found.known, found.fresh) == (80, {}, {}, None)
    assert set(found.scores) >= {"accuracy", "balanced_accuracy", "f1_macro", "roc_auc", "neg_log_loss"}
    assert "none of these rows is among the run's own" in dict(found.lines())["note"]
    few = ("note", "12 rows are few: intervals are wide, and most differences could be chance.")
    assert few not in found.lines()
    assert few in replace(found, rows=12).lines()


def test_rows_that_it_was_trained_on(place: Path) -> None:
    found = score_champion("classes", place / "data.csv", runs=place / "runs")
    assert found.known == {"training": 192, "validation": 48, "test": 60}
    assert found.same_file
    assert found.fresh is not None
    assert found.fresh.rows == 60
    refitted = score_champion("amounts", place / "amounts.csv", runs=place / "runs")
    assert refitted.known == {"training": 192, "validation": 48, "test": 60}
    assert refitted.fresh is None
    assert "only other rows can test it" in dict(refitted.lines())[""]
    half = pd.concat([people(300, 0)[:100], people(50, 2)]).drop(columns="z")
    found = score_champion("classes", half, runs=place / "runs")
    assert found.known is not None
    assert sum(found.known.values()) == 100
    assert not found.same_file


def test_rows_without_an_answer_or_of_other_classes(place: Path) -> None:
    new = people(80, 1).drop(columns="z")
    new.loc[:4, "y"], new.loc[5:7, "y"] = None, "maybe"
    found = score_champion("classes", new, runs=place / "runs")
    assert found.left_out == {'no value in "y"': 5, 'the model does not know class "maybe"': 3}
    assert found.rows == 72
    new["y"] = "maybe"
    with pytest.raises(DataError, match="none of 80 rows can be scored"):
        score_champion("classes", new, runs=place / "runs")
    one = score_champion("classes", people(80, 1).query("y == 'yes'"), runs=place / "runs")
    assert "roc_auc" in one.undefined
    json.dumps(one.to_json(), allow_nan=False)


def test_text_that_looks_like_numbers(place: Path) -> None:
    new = (
        people(200, 1).drop(columns="z").query("code != 'A7'").reset_index(drop=True)
    )  # 1 and 2, if one lets it
    new.to_csv(place / "codes.csv", index=False)
    same = score_champion("classes", new, runs=place / "runs").scores
    assert score_champion("classes", place / "codes.csv", runs=place / "runs").scores == same


def test_amounts_in_their_own_units(place: Path) -> None:
    new = people(80, 1).drop(columns="y")
    found = score_champion("amounts", new, runs=place / "runs")
    answers = load_model(place / "runs" / "amounts").predict(new)
    error = found.scores["neg_mean_absolute_error"]
    assert error.score == pytest.approx(-np.abs(answers - new.z).mean())
    assert error.low <= error.score <= error.high
    assert found.metric == "r2"
    assert found.scores["r2"].score == pytest.approx(score("r2", new.z.to_numpy(), answers))


def test_a_champion_without_its_run_and_one_without_gradients(place: Path) -> None:
    model = load_model(place / "runs" / "classes")
    found = score_champion(model, people(80, 1))
    assert found.known is None
    assert "a champion without its run" in found.unknown_why
    shutil.copytree(FROZEN / "table" / "whole", place / "runs" / "neat")
    found = score_champion("neat", "sklearn:iris", runs=place / "runs")
    assert found.known == {"training": 97, "validation": 24, "test": 29}  # one flower is in two parts
    assert found.rows == 150


def test_the_command(place: Path) -> None:
    people(80, 1).drop(columns="z").rename(columns={"y": "answer"}).to_csv(place / "other.csv", index=False)
    done = speciate("score", "classes", "other.csv", "--target", "answer", "--json", cwd=place)
    assert done.returncode == 0, done.said
    assert json.loads(done.stdout)["rows"] == 80
    done = speciate("score", "classes", "data.csv", "--out", "found.json", cwd=place)
    assert done.returncode == 0, done.said
    assert "192 of 300 rows have the inputs of a training row of the run" in done.stdout
    assert "this is the file that the run was made of" in done.stdout
    assert json.loads((place / "found.json").read_text())["rows"] == 300
    assert speciate("score", "classes", "other.csv", cwd=place).returncode == 65


@pytest.mark.fault(68)
@pytest.mark.parametrize("labels", [("None", "some"), ("01", "1.50"), ("FALSE", "TRUE")])
def test_a6_labels_are_as_written_everywhere(
    labels: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In predictions, scores, model card and report; in a file whose encoding cannot be known."""
    table = people(120, 0)[["a", "b"]].assign(town=["\u5317\u4eac", "\u4e0a\u6d77"] * 60)
    table["y"] = np.where(table.a > 0, *labels)
    (tmp_path / "t.csv").write_bytes(table.to_csv(index=False).encode("gb18030"))
    search = {"runs": str(tmp_path / "runs"), "examples": 2000, "final_examples": 2000, **TINY}
    settings: dict[str, Any] = {"task": "classification", "encoding": "gb18030"}
    evolve(str(tmp_path / "t.csv"), target="y", name="r", **settings, **search)
    where = ["r", str(tmp_path / "t.csv"), "--runs", str(tmp_path / "runs")]
    assert command(["predict", *where]) == 65
    assert "--encoding says how it is encoded" in capsys.readouterr().err
    assert command(["predict", *where, "--encoding", "gb18030", "--out", str(tmp_path / "p.csv")]) == 0
    predicted = (tmp_path / "p.csv").read_text().splitlines()
    assert predicted[0] == "prediction," + ",".join(f"probability_{label}" for label in sorted(labels))
    assert {line.split(",")[0] for line in predicted[1:]} == set(labels)
    found = score_champion("r", tmp_path / "t.csv", runs=tmp_path / "runs", encoding="gb18030")
    assert (found.rows, found.left_out) == (120, {})
    assert command(["report", "r", "--runs", str(tmp_path / "runs")]) == 0
    for page in ("champion/README.md", "report.html"):
        text = (tmp_path / "runs" / "r" / page).read_text()
        assert all(label in text for label in labels)


def test_amounts_are_read_as_in_training(place: Path) -> None:
    """With thousands and units; in training they had none."""
    table = people(80, 1).drop(columns="y")
    plain, money = place / "plain.csv", place / "money.csv"
    table.assign(z=table.z.round(2)).to_csv(plain, index=False)
    table.assign(z=[f"${z:,.2f}" for z in table.z]).to_csv(money, index=False)
    first, second = (score_champion("amounts", path, runs=place / "runs") for path in (plain, money))
    assert second.scores == first.scores
    assert second.left_out == {}
