"""Weights that pass from parents to children: whose, at what cost, and that nothing else depends on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.interrupting import StopAfter

from speciate.algorithms import ALGORITHMS, AgingEvolution, Algorithm, GenerationalTournament
from speciate.backends import InlineBackend, ProcessBackend
from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.mutation import PRESERVING
from speciate.records import Ancestor, Budget, Phase
from speciate.run.callbacks import Callback
from speciate.run.search import Search
from speciate.spaces import NetworkSpace
from speciate.store import Row, WeightFolder


def search(folder: Path | None = None, inherit: str = "preserve", **settings: Any) -> Search:
    chosen: dict[str, Any] = {
        "algorithm": GenerationalTournament(8, crossover=0.3),
        "backend": InlineBackend(),
        "finalists": 2,
        "repeats": 2,
        **settings,
    }
    return Search(
        NetworkSpace.mlp(features=4, rows=90, units=(4, 16), operators=PRESERVING),
        evaluator=SupervisedEvaluator(load_data("sklearn:iris"), inherit=inherit),
        store=folder,
        examples=300,
        final_examples=600,
        **chosen,
    )


def results(run: Search) -> list[tuple[Any, ...]]:
    return [
        (r.id, r.phase, r.key, r.operator, r.parents, r.score, r.lineage_examples, r.weights)
        for r in run.rows
    ]


def original(row: Row, rows: list[Row]) -> Row:
    return row if row.repeat_of is None else rows[row.repeat_of]


def line(row: Row, rows: list[Row]) -> set[int]:
    """Ids of everybody who was trained on the way to a row's weights."""
    found = {row.id}
    for number, _, _ in row.ancestors:
        found |= line(original(rows[number], rows), rows)
    return found


@pytest.mark.parametrize(
    "algorithm", [GenerationalTournament(8, crossover=0.3), AgingEvolution(8, lag=2, crossover=0.3)]
)
def test_every_example_of_the_lineage_is_counted_once(algorithm: Algorithm) -> None:
    rows = search(algorithm=algorithm).run(generations=5).rows
    children = [row for row in rows if row.ancestors]
    assert {row.operator for row in children} > {"crossover"}
    assert all(
        len(row.ancestors) == len(row.parents)
        for row in children
        if row.phase == Phase.SEARCH and row.operator != "elite"
    )
    for row in rows:
        if row.status == "ok" and row.repeat_of is None:
            assert row.lineage_examples == sum(rows[i].examples_seen for i in line(row, rows))
    assert max(row.lineage_examples for row in rows) > 1200


def test_an_elite_is_a_repeat_and_its_children_inherit_from_it() -> None:
    rows = search().run(generations=4).rows
    elites = [row for row in rows if row.operator == "elite"]
    assert elites
    assert all(row.repeat_of is not None for row in elites)
    assert all(row.weights == rows[row.repeat_of].weights for row in elites if row.repeat_of is not None)


def test_the_final_begins_where_the_finalists_began_and_the_champion_where_it_ended() -> None:
    run = search().run(generations=4)
    rows = run.rows
    for row in rows:
        if row.phase == Phase.FINAL:
            assert row.ancestors == rows[row.parents[0]].ancestors
        if row.phase == Phase.CHAMPION:
            winner = rows[row.parents[0]]
            assert [(number, weights) for number, _, weights in row.ancestors] == [
                (winner.id, winner.weights)
            ]
            assert row.lineage_examples == winner.lineage_examples + 600


@pytest.mark.parametrize("inherit", ["common", "preserve"])
def test_workers_change_nothing(tmp_path: Path, inherit: str) -> None:
    plain = search(tmp_path / "a", inherit).run(generations=4)
    for workers in (1, 2):
        other = search(tmp_path / str(workers), inherit, backend=ProcessBackend(workers)).run(generations=4)
        assert results(other) == results(plain)
        assert other.champion == plain.champion


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """One that nothing happens to."""
    return search(tmp_path_factory.mktemp("plain") / "a").run(generations=4)


@pytest.mark.fault(32)
@pytest.mark.parametrize("count", [5, 20, 33, 37])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(plain: Search, tmp_path: Path, count: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "b", callbacks=[StopAfter(count)]).run(generations=4)
    resumed = search(tmp_path / "b").run(generations=4)
    assert results(resumed) == results(plain)
    assert resumed.champion == plain.champion


class CountFiles(Callback):
    def __init__(self, folder: Path) -> None:
        self.folder, self.most = folder, 0

    def on_told(self, search: Search, evaluations: object) -> None:
        self.most = max(self.most, len(list(self.folder.glob("weights/*.safetensors"))))


def test_weights_that_nobody_can_inherit_are_deleted(tmp_path: Path) -> None:
    count = CountFiles(tmp_path)
    run = search(tmp_path, callbacks=[count]).run(generations=12)
    assert len({row.weights for row in run.rows if row.weights}) > 60
    assert count.most < 40
    # The champion's, and those of the last two generations, from which the search could go on.
    assert len(list(tmp_path.glob("weights/*.safetensors"))) < 25


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.parametrize("repeats", [0, 2])
def test_a_finished_run_can_be_prolonged(tmp_path: Path, algorithm: str, repeats: int) -> None:
    """As if it had been that long from the start; twice, because the second time it has been tidied up twice."""
    settings = {"algorithm": ALGORITHMS[algorithm](population_size=6), "finalists": repeats}  # type: ignore[call-arg]
    plain = search(tmp_path / "a", **settings).run(evaluations=40)
    for evaluations in (13, 27, 40):
        prolonged = search(tmp_path / "b", **settings).run(evaluations=evaluations)
    assert results(prolonged) == results(plain)
    assert prolonged.champion == plain.champion


def test_without_inheritance_nobody_has_ancestors() -> None:
    rows = search(inherit="none").run(generations=3).rows
    assert not any(row.ancestors or row.inherited_examples for row in rows)
    assert all(row.weights is None for row in rows if row.phase == Phase.SEARCH)


def test_a_child_that_only_changes_how_it_is_trained_starts_as_its_parent(tmp_path: Path) -> None:
    evaluator = search().evaluator
    assert isinstance(evaluator, SupervisedEvaluator)
    evaluator.weights = WeightFolder(tmp_path)
    parent = replace(random_candidates(1)[0], budget=Budget(100))
    weights = evaluator.evaluate([parent])[0].weights
    assert weights is not None
    hyper = {**parent.genome.hyper_parameters, "learning_rate": 1e-3}
    genome = replace(parent.genome, hyper=tuple(hyper.items()))
    ancestor = Ancestor(parent.id, parent.genome, weights)
    trial = evaluator._trial(replace(parent, genome=genome, seed=5, ancestors=(ancestor,)))
    assert trial.job is not None
    tensors = evaluator.weights.load(weights)
    assert all(np.array_equal(v.numpy(), tensors[name]) for name, v in trial.job.module.state_dict().items())


def random_candidates(count: int) -> list[Any]:
    from speciate.algorithms import RandomSearch

    return RandomSearch(4).start(NetworkSpace.mlp(), seed=0, budget=Budget(10)).ask(count)
