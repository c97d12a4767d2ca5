"""A population that begins where the field stands: in a run, its settings, its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.interrupting import StopAfter

from speciate.backends import ProcessBackend
from speciate.compare import Comparison
from speciate.config import RunConfig, Setting, build, configure, load
from speciate.config.building import build_space
from speciate.config.starting import configuration
from speciate.config.toml import to_toml
from speciate.data import Data
from speciate.errors import ConfigurationError
from speciate.networks import hand_made
from speciate.report import report_data, write_report
from speciate.run.search import Search
from speciate.spaces import NetworkSpace
from speciate.store import RunFolder


@pytest.fixture(scope="module")
def wine() -> Data:
    return load(RunConfig(data="sklearn:wine"))


def search(wine: Data, folder: Path | None, *watchers: StopAfter, **settings: Any) -> Search:
    given = {
        "data": "sklearn:wine",
        "units": (4, 16),
        "population": 6,
        "examples": 200,
        "final_examples": 200,
        "finalists": 1,
    }
    config = configure({k: Setting(v) for k, v in {**given, "repeats": 1, **settings}.items()})
    return build(config, folder, watchers, source=wine)


def results(run: Search) -> list[tuple[Any, ...]]:
    return [(r.id, r.key, r.seed, r.operator, r.parents, r.score, r.metrics, r.weights) for r in run.rows]


def test_the_first_generation_holds_recipes_and_random_networks(wine: Data, tmp_path: Path) -> None:
    run = search(wine, tmp_path)
    run.run(generations=2)
    made = [row.operator for row in run.rows[:6]]
    names = list(run.space.recipes())
    assert made == [*(f"recipe: {name}" for name in names[:3]), "sample", "sample", "sample"]
    found = report_data(tmp_path).findings.recipes
    assert {entry.operator for entry, _ in found} == set(made[:3])
    assert [entry.score for entry, _ in found] == sorted((entry.score for entry, _ in found), reverse=True)
    children = [row for row in run.rows if row.phase == "search" and row.parents]
    assert 0 < sum(descendants for _, descendants in found) <= len(children)
    page = write_report(tmp_path).read_text()
    assert all(f"<td><bdi>recipe: {name}</bdi></td>" in page for name in names[:3])
    random = search(wine, None, start="random").run(generations=1)
    assert not any(row.operator.startswith("recipe") for row in random.rows)


def test_interrupted_or_on_several_workers_it_is_the_same_run(wine: Data, tmp_path: Path) -> None:
    whole = search(wine, tmp_path / "whole")
    whole.run(generations=2)
    for name, count in (("early", 2), ("late", 8)):
        with pytest.raises(KeyboardInterrupt):
            search(wine, tmp_path / name, StopAfter(count)).run(generations=2)
        assert results(search(wine, tmp_path / name).run(generations=2)) == results(whole)
    several = search(wine, tmp_path / "several")
    several.backend = ProcessBackend(2)
    assert results(several.run(generations=2)) == results(whole)


def test_a_run_with_recipes_does_not_go_on_without(wine: Data, tmp_path: Path) -> None:
    search(wine, tmp_path).run(generations=1)
    with pytest.raises(ConfigurationError, match="the folder holds a run with other settings"):
        search(wine, tmp_path, start="random").run(generations=2)


def test_tables_have_a_space_of_their_own_and_what_is_stored_keeps_its_own(
    wine: Data, tmp_path: Path
) -> None:
    auto = RunConfig(data="sklearn:wine")
    assert build_space(auto, wine).recipes()
    assert build_space(auto, wine).depth == (0, 4)
    digits = load(RunConfig(data="sklearn:digits"))
    assert build_space(RunConfig(data="sklearn:digits"), digits) == build_space(
        RunConfig(data="x", space="mlp"), digits
    )
    ancestor = NetworkSpace.table(features=13, rows=100, outputs=3).recipes()["hand-made"]
    assert build_space(auto, wine, ancestor).depth == (0, 4)
    assert build_space(auto, wine, hand_made()).depth == (1, 4)  # which has nothing that the simplest lacks

    folder = RunFolder(tmp_path)
    folder.configuration.write_text(to_toml(auto))
    known = configuration(folder)
    assert (known.space, known.start) == ("auto", "recipes")
    old = [line for line in to_toml(auto).splitlines() if not line.startswith(("space", "start", "bins"))]
    folder.configuration.write_text("\n".join(old))
    known = configuration(folder)
    assert (known.space, known.start, known.bins) == (None, "random", "none")
    mlp = RunConfig(data="x", space="mlp", bins="none")
    assert build_space(known, wine) == build_space(mlp, wine)
    assert configuration_again(known, tmp_path) == known


def configuration_again(config: RunConfig, folder: Path) -> RunConfig:
    (folder / "run.toml").write_text(to_toml(config))
    found = configuration(RunFolder(folder))
    assert isinstance(found, RunConfig)
    return found


def test_a_comparison_begins_at_random(tmp_path: Path) -> None:
    given = {"data": Setting("sklearn:iris"), "runs": Setting(str(tmp_path))}
    assert Comparison.start({**given, "name": Setting("a")}, ["aging", "random"], 1).config.start == "random"
    own = {**given, "name": Setting("b"), "start": Setting("recipes")}
    assert Comparison.start(own, ["aging", "random"], 1).config.start == "recipes"
    assert Comparison.open(tmp_path / "b").plan[0][1].start == "recipes"
    old = (tmp_path / "a" / "compare.toml").read_text().splitlines()
    kept = [line for line in old if not line.startswith(("space", "start", "bins"))]
    (tmp_path / "a" / "compare.toml").write_text("\n".join(kept))
    first = Comparison.open(tmp_path / "a").plan[0][1]
    assert (first.space, first.start, first.bins) == (None, "random", "none")
