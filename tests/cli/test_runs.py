"""Runs from the command: what they print, what they leave, and that they are the same however they were made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from speciate.config import from_toml

from .conftest import SETTINGS, results, shown, speciate

KEYS = {
    "name", "folder", "status", "seed", "space", "algorithm", "evaluations", "generations", "champion", "scores",
    "final", "champion_trainings", "baselines", "failures", "events", "metric", "data", "seconds",
}  # fmt: skip
ROW = {
    "id", "generation", "parents", "operator", "score", "status", "examples_seen", "lineage_examples", "seconds",
    "parameters", "genome", "description",
}  # fmt: skip
CHAMPION = {
    "id", "genome", "valid_score", "test_score", "parameters", "test_low", "test_high", "test_rows", "lineage_examples",
}  # fmt: skip


def test_show_as_json(first: dict[str, Any]) -> None:
    assert set(first) >= KEYS
    assert (first["name"], first["status"], first["seed"], first["algorithm"]) == (
        "first",
        "finished",
        0,
        "guided",
    )
    assert (first["evaluations"], first["generations"], len(first["scores"])) == (12, 2, 12)
    assert len(first["final"]) == 4
    assert [row["id"] for row in first["scores"]] == list(range(12))
    assert all(set(row) >= ROW and row["examples_seen"] in (0, 1500) for row in first["scores"])
    assert all((row["status"] == "ok") == (row["score"] is not None) for row in first["scores"])
    assert set(first["champion"]) >= CHAMPION
    assert first["champion"]["id"] in {row["id"] for row in first["scores"]}
    assert {row["name"] for row in first["baselines"]} == {"majority", "linear", "hand-made"}
    assert all(row["test_low"] <= row["test_score"] <= row["test_high"] for row in first["baselines"])


def test_a_run_says_what_it_does(runs: Path, first: dict[str, Any]) -> None:
    text = (runs / "first.txt").read_text()
    assert "\x1b" not in text
    for part in (
        "digits: 1,797 rows",
        "12 networks x 1,500 examples",
        "guided evolution",
        "inline, 1 worker",
        "runs/first",
    ):
        assert part in text
    plan, result = text.index("budget"), text.index("champion  ")
    assert plan < result
    assert first["champion"]["description"] in text[result:]
    rival = max(first["baselines"], key=lambda row: row["test_score"])
    assert rival["lead_low"] <= rival["lead"] <= rival["lead_high"]
    assert first["verdict"] in " ".join(text[text.index("result  ") :].split())
    assert rival["name"] in first["verdict"]
    assert "speciate predict first" in text


def test_a_run_that_starts_from_a_champion(runs: Path, first: dict[str, Any]) -> None:
    flags = ["--from", "first", "--freeze", "--backend", "inline", "--name", "grown"]
    done = speciate("run", *SETTINGS, *flags, cwd=runs)
    assert done.returncode == 0, done.stderr
    layers = first["champion"]["description"].split(" · ")[0]
    line = f"first: {layers}, 1,500 examples, frozen"
    assert line in done.stdout[: done.stdout.index("budget")]
    assert line in done.stdout[done.stdout.index("finished") :]
    assert line in speciate("show", "grown", cwd=runs).stdout
    grown = shown("grown", runs)
    assert (grown["ancestor"]["name"], grown["ancestor"]["examples"]) == ("first", 1500)
    assert grown["ancestor"]["frozen"]
    assert grown["ancestor"]["genome"] == first["champion"]["genome"]
    (ancestor,) = [row for row in grown["baselines"] if row["name"] == "ancestor"]
    for score in ("valid_score", "test_score", "test_low", "test_high", "parameters"):
        assert ancestor[score] == pytest.approx(first["champion"][score])
    page = (runs / "runs" / "grown" / "report.html").read_text()
    assert "ancestor" in page
    assert first["ancestor"] is None
    assert (first["champion"]["lineage_examples"], grown["champion"]["examples"]) == (1500, 1500)
    lines = [row["lineage_examples"] for row in grown["champion_trainings"]]
    assert grown["champion"]["lineage_examples"] == max(lines) >= 3000
    count = len(grown["ancestor"]["frozen"])
    card = (runs / "runs" / "grown" / "champion" / "README.md").read_text()
    assert f"* {count} layer{' of it was' if count == 1 else 's of it were'} frozen:" in card


def test_a_finished_run_that_has_more_than_is_asked_for_says_so(runs: Path, first: dict[str, Any]) -> None:
    done = speciate("resume", "first", "--generations", "1", cwd=runs)
    assert done.returncode == 0, done.stderr
    assert "nothing is added: the run has 12 networks in 2 generations already" in done.stdout
    assert results(shown("first", runs)) == results(first)
    assert from_toml(runs / "runs" / "first" / "run.toml").generations == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--from", "frist"], "did you mean first?"),
        (["--freeze"], "there is nothing to freeze without a network to start from"),
        (["--from", "first", "--inherit", "none"], "nothing can start from a network"),
        (["--from", "."], "there is no run '.'"),
    ],
)
def test_mistakes_about_what_to_start_from(
    runs: Path, first: dict[str, Any], flags: list[str], message: str
) -> None:
    done = speciate("run", *SETTINGS, *flags, "--name", "mistaken", cwd=runs)
    assert done.returncode in (74, 78)
    assert message in " ".join(done.stderr.split())
    assert not (runs / "runs" / "mistaken").exists()


def test_a_run_leaves_what_it_needs_to_go_on(runs: Path) -> None:
    config = from_toml(runs / "runs" / "first" / "run.toml")
    assert (config.data, config.population, config.generations, config.device) == (
        "sklearn:digits",
        6,
        2,
        "cpu",
    )
    assert (runs / "runs" / "first" / "report.html").is_file()


def test_workers_change_nothing_and_json_is_alone_on_standard_output(
    runs: Path, first: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "my.toml").write_text((runs / "runs" / "first" / "run.toml").read_text())
    flags = ["--backend", "auto", "--workers", "2", "--json"]
    done = speciate("run", "--config", "my.toml", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "generation 1 of 2" in done.stderr
    assert results(json.loads(done.stdout)) == results(first)


def test_a_run_of_a_file_can_be_prolonged_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    rows = "\n".join(f"{i},{i % 7},{'a' if i % 3 else 'b'}" for i in range(90))
    (tmp_path / "here" / "table.csv").write_text(f"x,y,kind\n{rows}\n")
    small = "--population 2 --generations 1 --examples 50 --finalists 0 --final-examples 50 --backend inline --quiet"
    done = speciate(
        "run", "table.csv", "--target", "kind", *small.split(), "--name", "t", cwd=tmp_path / "here"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    before = shown("here/runs/t", tmp_path)["scores"]
    done = speciate("resume", "here/runs/t", "--evaluations", "3", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    longer = shown("here/runs/t", tmp_path)
    assert longer["scores"][:2] == before
    assert (longer["evaluations"], longer["status"]) == (3, "finished")
    config = from_toml(tmp_path / "here" / "runs" / "t" / "run.toml")
    assert (config.generations, config.evaluations) == (None, 3)


@pytest.mark.fault(39)
@pytest.mark.parametrize("arguments", [["ls"], ["show", "first"]])
def test_screens_fit_in_40_columns_without_control_codes(
    arguments: list[str], runs: Path, first: dict[str, Any]
) -> None:
    done = speciate(*arguments, cwd=runs, COLUMNS="40", NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert max(len(line.rstrip()) for line in done.stdout.splitlines()) <= 40


def test_screens_are_not_folded_where_nobody_reads_columns(runs: Path, first: dict[str, Any]) -> None:
    assert first["champion"]["description"] in speciate("show", "first", cwd=runs).stdout


def test_ls(runs: Path, first: dict[str, Any]) -> None:
    assert re.search(r"first +finished +digits +guided", speciate("ls", cwd=runs).stdout)
    rows = json.loads(speciate("ls", "--json", cwd=runs).stdout)
    assert {row["name"]: row for row in rows}["first"]["test_score"] == first["champion"]["test_score"]


def test_predict(runs: Path, first: dict[str, Any]) -> None:
    done = speciate("predict", "first", "sklearn:digits", "--out", "out.csv", cwd=runs)
    assert done.returncode == 0, done.stderr
    lines = (runs / "out.csv").read_text().splitlines()
    assert len(lines) == 1 + 1797
    assert lines[0].startswith("prediction,probability_0,")


def test_doctor(tmp_path: Path) -> None:
    found = json.loads(speciate("doctor", "--json", cwd=tmp_path).stdout)
    assert {"python", "versions", "cores", "memory", "accelerator", "disk"} <= set(found)
    assert found["versions"]["torch"]
