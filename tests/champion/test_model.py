"""The champion predicts alike in three ways: by its evaluator, by the library, and by model.py without the library."""

from __future__ import annotations

import io
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from alone import alone
from small_runs import champion_folder, search
from torch import nn

from speciate.champion import Model, load_model
from speciate.champion.folder import read_description
from speciate.champion.layers_description import LayersDescription
from speciate.data import load_data, load_rows
from speciate.errors import DataError
from speciate.evaluators import SupervisedEvaluator
from speciate.networks import Network, build
from speciate.run.search import Search


def by_evaluator(of: Search, x: np.ndarray) -> np.ndarray:
    assert isinstance(of.evaluator, SupervisedEvaluator)
    assert of.champion is not None
    assert of.folder is not None
    model = load_model(of.folder.path)
    tensors = of.folder.weights.load(str(of.champion.weights))
    return of.evaluator.predict(Network(model.genome, tensors), x)


def here(folder: Path) -> dict[str, Any]:
    """What model.py defines, in this process."""
    return runpy.run_path(str(folder / "model.py"))


def check_three_ways(of: Search, source: Path, isolated: bool = True) -> Model:
    model = load_model(champion_folder(of))
    found = model.predict_table(str(source))
    if isolated:
        process = alone(champion_folder(of), source)
        assert process.returncode == 0, process.stderr
        printed = pd.read_csv(io.StringIO(process.stdout), dtype={"prediction": found["prediction"].dtype})
    else:
        header, rows = here(champion_folder(of))["answers"](source.read_bytes())
        printed = pd.DataFrame(rows, columns=header)
    assert list(printed) == list(found)
    _, inputs = load_rows(str(source), model.preprocessing)
    expected = by_evaluator(of, inputs)
    if model.task == "classification":
        assert printed["prediction"].tolist() == found["prediction"].tolist()
        assert np.allclose(found.iloc[:, 1:], expected, atol=1e-5)
        assert np.allclose(printed.iloc[:, 1:], expected, atol=1e-5)
    else:
        assert np.allclose(found["prediction"], expected, rtol=1e-5)
        assert np.allclose(printed["prediction"], expected, rtol=1e-5)
    return model


def odd_rows(path: Path, table: Path) -> Path:
    frame = pd.read_csv(table, dtype=str, keep_default_na=False).head(8)
    frame.loc[0, "age"], frame.loc[1, "age"], frame.loc[2, "age"] = "?", "1e400", " 7 "
    frame.loc[0, "job"], frame.loc[1, "job"] = "never seen", "NA"
    frame.loc[0, "day"], frame.loc[1, "day"] = "", "2024-02-29T13:45"
    frame = frame[
        ["kind", "day", "member", "job", "price", "age"]
    ]  # another order, and columns that are not needed
    frame.to_csv(path, index=False)
    return path


def test_a_table_with_categories_dates_and_gaps(classifier: Search, table: Path, tmp_path: Path) -> None:
    model = check_three_ways(classifier, odd_rows(tmp_path / "rows.csv", table))
    assert model.classes == ("<b>x</b>", "y|z")
    assert {type(layer) for layer in model.module} <= {nn.Linear, nn.Dropout, nn.Tanh, nn.ReLU, nn.ELU,
                                                       nn.GELU, nn.SiLU, nn.Sigmoid}  # fmt: skip


def test_a_regression(regressor: Search, table: Path, tmp_path: Path) -> None:
    model = check_three_ways(regressor, odd_rows(tmp_path / "rows.csv", table))
    with pytest.raises(DataError, match="no probabilities"):
        model.predict_proba(pd.read_csv(table))


@pytest.mark.filterwarnings('default:"age" has a decimal comma here')
@pytest.mark.parametrize(
    ("separator", "decimal", "encoding"), [(";", ",", "utf-8-sig"), ("\t", ".", "cp1252")]
)
def test_other_kinds_of_text_tables(
    regressor: Search, table: Path, tmp_path: Path, separator: str, decimal: str, encoding: str
) -> None:
    path = tmp_path / "rows.csv"
    pd.read_csv(table).head(20).to_csv(path, sep=separator, decimal=decimal, encoding=encoding, index=False)
    check_three_ways(regressor, path, isolated=False)


def test_images_as_columns_of_a_table(digits: Search, tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    images = load_digits().images[:9]
    path = tmp_path / "rows.csv"
    pd.DataFrame(images.reshape(9, -1)).add_prefix("p").to_csv(path, index=False)
    model = check_three_ways(digits, path)
    assert model.predict(images).tolist() == model.predict_table(str(path))["prediction"].tolist()
    np.savez(tmp_path / "rows.npz", x=images)
    assert model.predict_table(str(tmp_path / "rows.npz")).equals(model.predict_table(str(path)))


def test_real_data(real_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "adult.csv"
    pd.read_csv(real_data / "tabular" / "adult.csv").head(600).to_csv(path, index=False)
    check_three_ways(search(str(path), "income", tmp_path / "run").run(evaluations=2), path, isolated=False)


def test_model_py_as_a_module(classifier: Search, table: Path) -> None:
    folder = champion_folder(classifier)
    code = (
        "import csv, sys, torch; sys.path.insert(0, sys.argv[1]); from model import load, network, predict, predict_proba\n"
        "net = load(); rows = list(csv.DictReader(open(sys.argv[2], encoding='utf-8')))[:3]\n"
        "assert isinstance(net, torch.nn.Sequential) and not net.training and len(net) == len(network())\n"
        "assert predict(rows) == predict(rows, net) and len(predict([])) == 0\n"
        "assert abs(sum(predict_proba(rows)[0].values()) - 1) < 1e-9\n"
        "print(predict(rows))"
    )
    command = [sys.executable, "-I", "-B", "-c", code, str(folder), str(table)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == repr(load_model(folder).predict(pd.read_csv(table).head(3)).tolist())


def test_model_py_says_what_is_wrong(
    classifier: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("age,job\n1,2\n")
    main = here(champion_folder(classifier))["main"]
    for arguments, code, message in [
        ([str(rows)], 65, "error: columns missing: 'day', 'member'; the table has age, job"),
        ([str(tmp_path / "none.csv")], 65, "error: [Errno 2] No such file or directory"),
        (["--help"], 2, "usage: python model.py rows.csv"),
        ([], 2, "usage: python model.py rows.csv"),
    ]:
        monkeypatch.setattr(sys, "argv", ["model.py", *arguments])
        assert main() == code
        assert capsys.readouterr().err.startswith(message)


def test_model_py_is_written_out(classifier: Search) -> None:
    text = (champion_folder(classifier) / "model.py").read_text()
    top = text[: text.index("def load")]
    model = load_model(champion_folder(classifier))
    widths = [layer for layer in model.module if isinstance(layer, nn.Linear)]
    assert all(f"        nn.Linear({layer.in_features}, {layer.out_features}),\n" in top for layer in widths)
    assert "speciate" not in {
        line.split()[1].split(".")[0] for line in text.splitlines() if line[:6] in ("import", "from s")
    }
    compile(text, "model.py", "exec")


def test_json_round_trip(classifier: Search, regressor: Search, digits: Search) -> None:
    for of in (classifier, regressor, digits):
        file = champion_folder(of) / "model.json"
        description = read_description(file)
        assert isinstance(description, LayersDescription)
        assert description.to_text() == file.read_text()
        assert description.networks[0].genome.to_json() == json.loads(file.read_text())["genome"]
        assert of.champion is not None
        assert (description.scores.valid, description.scores.test) == (
            of.champion.valid_score,
            of.champion.test_score,
        )
        assert description.data.fingerprint == load_data_of(of)


def load_data_of(of: Search) -> str:
    assert isinstance(of.evaluator, SupervisedEvaluator)
    data = of.evaluator.data
    return load_data(data.source, target=data.target if "sklearn" not in data.source else None).fingerprint


def test_tensors_carry_historical_marks(classifier: Search) -> None:
    model = load_model(champion_folder(classifier))
    assert classifier.champion is not None
    assert classifier.folder is not None
    stored = classifier.folder.weights.load(str(classifier.champion.weights))
    found = model.tensors()
    assert {name: value.tolist() for name, value in found.items()} == {
        k: v.tolist() for k, v in stored.items()
    }
    module = build(model.genome, model.preprocessing.input_shape, 2, np.random.default_rng(0))
    module.load_state_dict({name: torch.from_numpy(value) for name, value in found.items()})


def test_a_run_folder_or_a_champion_folder(classifier: Search, tmp_path: Path) -> None:
    assert classifier.folder is not None
    first, second = load_model(classifier.folder.path), load_model(str(classifier.folder.champion))
    assert first.description == second.description
    with pytest.raises(DataError, match=r"there is no model\.safetensors"):
        load_model(tmp_path)
    (tmp_path / "run.sqlite").touch()
    with pytest.raises(DataError, match="no champion yet"):
        load_model(tmp_path)
