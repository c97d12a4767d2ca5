"""Data, code or versions that changed between stop and resume, populations of copies, first generations that all fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris
from tests.inside import shown, speciate

from speciate.algorithms import AgingEvolution, Algorithm, GenerationalTournament
from speciate.errors import ConfigurationError, EvaluationError
from speciate.evaluators import FunctionEvaluator
from speciate.records import Genome
from speciate.run.search import Search
from speciate.spaces import Choice, ParameterSpace
from speciate.testing import sphere, sphere_space
from speciate.versions import versions


def on_the_sphere(folder: Path, function: Any = sphere) -> Search:
    evaluator = FunctionEvaluator(function)
    return Search(sphere_space(), AgingEvolution(4), evaluator, store=folder, examples=1)


def plain(search: Search) -> list[Any]:
    return [(row.id, row.key, row.operator, row.parents, row.score) for row in search.rows]


@pytest.mark.fault(43)
def test_other_versions_are_refused_unless_they_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plain(on_the_sphere(tmp_path / "run").run(evaluations=8))
    other = {**versions(), "torch": "9.9"}
    monkeypatch.setattr("speciate.run.identity.versions", lambda: other)
    with pytest.raises(ConfigurationError, match="other versions") as caught:
        on_the_sphere(tmp_path / "run").run(evaluations=12)
    assert f"torch: was {versions()['torch']}, is 9.9" in caught.value.why
    assert "--accept-changes" in caught.value.hint
    accepting = on_the_sphere(tmp_path / "run")
    accepting.accept_changes = True
    assert plain(accepting.run(evaluations=12))[:8] == before
    assert accepting.store.get("repeatable") is False
    (event,) = [text for _, kind, text in accepting.store.events() if kind == "changed"]
    assert "is 9.9" in event
    assert len(plain(on_the_sphere(tmp_path / "run").run(evaluations=12))) == 12, (
        "accepted once, accepted for good"
    )


@pytest.mark.fault(43)
def test_a_function_that_does_something_else_is_refused(tmp_path: Path) -> None:
    def function(genome: Genome) -> float:
        return sphere(genome)

    on_the_sphere(tmp_path / "run", function).run(evaluations=4)
    on_the_sphere(tmp_path / "run", function).run(evaluations=6)
    before = function

    def function(genome: Genome) -> float:  # type: ignore[no-redef]
        return 2 * sphere(genome)

    assert function.__qualname__ == before.__qualname__
    with pytest.raises(ConfigurationError, match="the folder holds a run with other settings"):
        on_the_sphere(tmp_path / "run", function).run(evaluations=8)


@pytest.mark.fault(43)
def test_the_command_names_data_that_changed_and_can_be_told_to_accept_them(tmp_path: Path) -> None:
    bunch = load_iris(as_frame=True)
    table = bunch.frame
    table.to_csv(tmp_path / "iris.csv", index=False)
    settings = [
        "--population",
        "3",
        "--generations",
        "1",
        "--finalists",
        "0",
        "--examples",
        "200",
        "--final-examples",
        "200",
    ]
    done = speciate(
        "run", "iris.csv", "--target", "target", *settings, "--backend", "inline", "--name", "a", "--quiet", cwd=tmp_path
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first = shown("a", tmp_path)["scores"]
    table.iloc[::-1].to_csv(tmp_path / "iris.csv", index=False)
    more = ["resume", "a", "--generations", "2", "--quiet"]
    done = speciate(*more, cwd=tmp_path)
    assert done.returncode == 78
    assert "other data" in done.said
    assert "evaluator: was" in done.said
    done = speciate(*more, "--accept-changes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = shown("a", tmp_path)
    assert len(found["scores"]) == 6
    assert found["scores"][:3] == first
    assert "changed" in {event["kind"] for event in found["events"]}
    assert json.loads((tmp_path / "runs" / "a" / "manifest.json").read_text())["name"] == "a"


def twin(genome: Genome) -> float:
    return float(len(genome.to_json()["hyper"]))


@pytest.mark.fault(42)
@pytest.mark.parametrize("algorithm", [AgingEvolution(4, lag=1), GenerationalTournament(4, elites=1)])
def test_a_population_of_copies_gets_random_members_and_trains_nobody_twice(algorithm: Algorithm) -> None:
    space = ParameterSpace({"only": Choice(("one",))})
    search = Search(space, algorithm, FunctionEvaluator(twin), examples=1).run(evaluations=24)
    rows = search.rows
    assert sum(row.repeat_of is None for row in rows) == 1
    immigrants = [row for row in rows if row.operator == "immigrant"]
    assert 3 <= len(immigrants) <= 17
    assert all(row.parents == () and row.generation > 0 for row in immigrants)
    assert [kind for _, kind, _ in search.store.events()].count("collapsed") == 1


@pytest.mark.fault(42)
def test_a_population_that_collapsed_recovers() -> None:
    def deceptive(genome: Genome) -> float:
        return float({"a": 1, "b": 0, "c": 0, "d": 0, "e": 0, "f": 2}[genome.to_json()["hyper"]["x"]])

    space = ParameterSpace({"x": Choice(tuple("abcdef"))})
    algorithm = GenerationalTournament(4, elites=3, p=1.0)
    rows = Search(space, algorithm, FunctionEvaluator(deceptive), examples=1, seed=3).run(evaluations=80).rows
    assert max(row.score or 0 for row in rows) == 2


def always(genome: Genome) -> float:
    raise RuntimeError(f"no value for {genome.to_json()['hyper']['x0']}")


@pytest.mark.fault(4)
def test_a_first_generation_of_which_all_fail_stops_the_run(tmp_path: Path) -> None:
    """However small it is, and whatever each of them fails with."""
    with pytest.raises(
        EvaluationError, match="all 4 candidates of the first generation failed: 4 error"
    ) as caught:
        on_the_sphere(tmp_path / "run", always).run(evaluations=100)
    assert "RuntimeError: no value for" in caught.value.why
    assert caught.value.hint
    assert caught.value.exit_code == 70
    again = on_the_sphere(tmp_path / "run", always)
    with pytest.raises(EvaluationError, match="first generation"):
        again.run(evaluations=100)
    assert len(again.rows) < 16
