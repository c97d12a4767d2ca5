"""`speciate check` says what becomes of data, in the words of a run's plan, without running."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from speciate.cli.main import command


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    kinds = rng.choice(["x", "y", ""], 60)
    rows = [
        f"{i},{9 + i % 7}.5 kg,{rng.normal():.2f},{kinds[i]},7,{('a', 'b', 'None')[i % 3]}" for i in range(60)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["id,weight,price,kind,same,y", *rows]) + "\n")
    return tmp_path / "t.csv"


def test_every_column_has_a_line_and_nothing_runs(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check", str(table), "--target", "y", "--categorical", "kind"]) == 0
    shown = capsys.readouterr().out
    lines = {
        line.split()[-2 if "columns" in line else 0]: line for line in shown.splitlines() if line.split()
    }
    assert "left out: it numbers the rows" in shown
    assert "number, in kg" in lines["weight"]
    assert "2 categories, " in lines["kind"]
    assert "missing" in lines["kind"]
    assert "left out: the same value in every row" in lines["same"]
    assert shown.index('"None" (20) is taken for a class') > shown.index(
        "note "
    )  # what to look at comes last
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert [path.name for path in table.parent.iterdir()] == ["t.csv"]


def test_json_has_every_column(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check", str(table), "--target", "y", "--ignore", "price", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {c["name"]: c["kind"] for c in found["columns"]} == {
        "id": None,
        "weight": "numeric",
        "price": None,
        "kind": "category",
        "same": None,
    }
    assert found["rows"] == {"train": 38, "valid": 10, "test": 12}
    assert found["target"] == "y"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--target", "z"], 65),
        (["--target", "y", "--ignore", "z"], 65),
        (["--test", "2"], 78),
        (["--tset", "1"], 2),
    ],
)
def test_exit_codes_are_those_of_a_run(
    table: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["check", str(table), *arguments]) == code == command(["run", str(table), *arguments])
    first, second = capsys.readouterr().err.split("error ")[-2:] if code != 2 else ("", "")
    assert first == second


def test_hundreds_of_columns_are_grouped(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = np.random.default_rng(0).normal(size=(50, 300)).round(3).astype(str)
    for i in range(40):
        cells[i, i] = ""
    names = [f"c{i}" for i in range(300)]
    rows = [",".join([*row, "ab"[i % 2]]) for i, row in enumerate(cells.tolist())]
    table.write_text("\n".join([",".join([*names, "y"]), *rows]) + "\n")
    assert command(["check", str(table), "--target", "y"]) == 0
    shown = capsys.readouterr().out
    assert "300 columns, number, 40 of them with up to 1 missing" in shown
    assert len(shown.splitlines()) < 20


def test_images_and_builtin_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check", "sklearn:digits"]) == 0
    assert "images of 8 x 8" in capsys.readouterr().out
