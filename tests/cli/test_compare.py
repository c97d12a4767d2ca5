"""A comparison: paired runs that differ in the algorithm alone, which can be interrupted like a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from speciate.compare import Comparison
from speciate.config import Setting, from_toml, load, remember
from speciate.errors import ConfigurationError
from speciate.report import comparison_lines, write_comparison
from speciate.store import RunFolder, RunSummary

from .conftest import shown, speciate

SETTINGS = [
    "--population",
    "3",
    "--generations",
    "2",
    "--examples",
    "60",
    "--finalists",
    "0",
    "--elites",
    "1",
    "--backend",
    "inline",
]


def test_a_comparison_and_going_on_with_it(tmp_path: Path) -> None:
    flags = ["--algorithms", "tournament,random", "--seeds", "2", "--name", "both"]
    done = speciate("compare", "sklearn:iris", *flags, *SETTINGS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "both"
    assert "4 runs" in done.stdout
    assert "against tournament" in done.stdout
    assert (folder / "comparison.html").is_file()
    before = {
        path.parent.name: shown(str(path.parent), tmp_path)["scores"] for path in folder.glob("*/run.sqlite")
    }
    assert sorted(before) == ["random-0", "random-1", "tournament-0", "tournament-1"]
    shutil.rmtree(folder / "random-1")
    done = speciate("resume", "both", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert "random, seed 1 (4 of 4)" in done.stderr
    assert "seed 0" not in done.stderr.replace("seeds 0", "")
    again = shown(str(folder / "random-1"), tmp_path)["scores"]
    assert [row["score"] for row in again] == [row["score"] for row in before["random-1"]]


def settings(**values: object) -> dict[str, Setting]:
    return {key: Setting(value) for key, value in values.items()}


def test_runs_differ_in_algorithm_and_seed_alone(tmp_path: Path) -> None:
    given = settings(
        data="d.csv", runs=str(tmp_path), name="c", elites=1, tournament_size=3, seed=7, examples=50
    )
    started = Comparison.start(given, ["tournament", "aging", "local"], 2)
    assert Comparison.open(tmp_path / "c").plan == started.plan
    plan = dict(started.plan)
    assert list(plan) == ["tournament-0", "aging-0", "local-0", "tournament-1", "aging-1", "local-1"]
    assert (plan["tournament-0"].elites, plan["aging-0"].elites, plan["aging-0"].tournament_size) == (
        1,
        None,
        3,
    )
    assert plan["local-0"].tournament_size is None
    allowed = {"algorithm", "seed", "elites", "tournament_size"}
    first = plan["tournament-0"].model_dump()
    for config in plan.values():
        different = {key for key, value in config.model_dump().items() if value != first[key]}
        assert different <= allowed
        assert (config.split_seed, config.final_examples) == (7, 50)


@pytest.mark.parametrize(
    ("algorithms", "seeds", "text"),
    [(["aging"], 2, "two or more"), (["aging", "aging"], 2, "two or more"), (["aging", "x"], 2, "no algorithm 'x'"), (["aging", "random"], 0, "at least 1")],
)  # fmt: skip
def test_comparisons_that_make_no_sense(algorithms: list[str], seeds: int, text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Comparison.start(settings(data="d.csv", runs=str(tmp_path)), algorithms, seeds)
    assert not list(tmp_path.iterdir())


def test_a_comparison_is_not_by_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not time"):
        Comparison.start(settings(data="d.csv", time="5m", runs=str(tmp_path)), ["aging", "random"], 1)


def test_a_run_of_a_comparison_can_be_resumed_by_itself(tmp_path: Path) -> None:
    started = Comparison.start(settings(data="d.csv", runs=str(tmp_path), name="c"), ["aging", "random"], 1)
    name, config = started.plan[0]
    folder = RunFolder(started.folder / name)
    folder.create()
    remember(config, folder)
    assert from_toml(folder.configuration) == config


def test_neat_beside_an_algorithm_that_trains(tmp_path: Path) -> None:
    """The same split, and the same number of examples shown."""
    values = settings(
        data="sklearn:iris", population=4, generations=2, examples=300, backend="inline", finalists=2, repeats=1,
        runs=str(tmp_path), name="n",
    )  # fmt: skip
    compared = Comparison.start(values, ["tournament", "neat"], 1)
    data = load(compared.config)
    compared.run(data)
    assert compared.finished == 2
    trained, evolved = (
        RunSummary.read(RunFolder(compared.folder / name)).to_json() for name in ("tournament-0", "neat-0")
    )
    assert trained["data"]["fingerprint"] == evolved["data"]["fingerprint"]
    spent = sum(row["examples_seen"] for row in evolved["scores"])
    assert spent <= 2 * 4 * 300 < spent + 3 * len(data.train)
    assert evolved["champion_trainings"] == []
    assert evolved["champion"]["test_rows"] == trained["champion"]["test_rows"] == 30
    page = write_comparison(compared.folder, compared.algorithms).read_text()
    assert "neat" in page
    assert "not a fair comparison" not in page
    words = " ".join(comparison_lines(compared.folder, compared.algorithms))
    assert "against tournament" in words
