"""Runs without gradients in Python: broods, the long test, tables, refinement, tasks of one's own."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speciate import load_data, load_model, neuroevolve
from speciate.champion import ConnectionsModel
from speciate.config import NeuroConfig, Setting, build, configured, resume
from speciate.errors import ConfigurationError, EvaluationError, StorageError, UsageError
from speciate.neat.evaluator import TaskEvaluator, candidate_for_solution
from speciate.neat.evolvers import Neat
from speciate.neat.population import Population
from speciate.neat.refining import refined
from speciate.neat.tasks import Scores, Task
from speciate.neat.tasks.table import TableTask
from speciate.records import Budget, Candidate
from speciate.store import Store, generation_tables
from speciate.store.salvage import salvage


class Counting(Task):
    """Fitness is the number of connections; three or more may be a solution, if `passes` says so."""

    name, inputs, outputs, fitness = "counting", 2, 1, "connections"

    def __init__(self, passes: bool = True) -> None:
        self.passes, self.tried = passes, 0

    def evaluate(self, networks: Any, seed: int) -> Scores:
        owners = networks.start(np.arange(networks.size))
        answers = np.abs(owners.step(np.ones((2, networks.size)))[0])
        return Scores(np.round(answers, 3), answers > 0.5, np.ones(networks.size, np.int64))

    def confirm(self, networks: Any, seed: int) -> Any:
        self.tried += networks.size
        return np.full(networks.size, self.passes)

    def verify(self, networks: Any, seed: int) -> dict[str, float]:
        return {"answer": float(self.evaluate(networks, seed).fitness[0])}


def settings(**given: Any) -> NeuroConfig:
    return configured(NeuroConfig, {key: Setting(value) for key, value in given.items()})


@pytest.mark.parametrize("algorithm", ["neat", "genetic", "openai-es", "cma-es"])
def test_every_algorithm_runs_and_goes_on_as_if_it_had_never_stopped(algorithm: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"algorithm": algorithm, "population": 20, "brood": 7, "seed": 2, "go_on": True}
    whole = neuroevolve("xor", **given, generations=8, runs=str(tmp_path), name="whole")
    part = neuroevolve("xor", **given, generations=3, runs=str(tmp_path), name="part")
    assert part.folder is not None
    config = settings(task="xor", **given, generations=8)
    again = build(config, part.folder.path)
    again.run(**config.limits)
    assert again.champion == whole.champion
    first, second = (search.store.columns() for search in (whole, again))
    assert first.keys() == second.keys()
    for number, columns in first.items():
        for name, values in columns.items():
            assert values.tobytes() == second[number][name].tobytes(), (number, name)


def test_the_brood_is_part_of_a_run_and_the_backend_is_not(tmp_path: Path) -> None:
    search = neuroevolve(
        "xor", population=20, generations=2, brood=5, go_on=True, runs=str(tmp_path), name="r"
    )
    assert search.folder is not None
    config = settings(task="xor", population=20, generations=2, brood=10, go_on=True)
    with pytest.raises(ConfigurationError, match="other settings"):
        build(config, search.folder.path).run(**config.limits)


def test_what_a_generation_comes_to(tmp_path: Path) -> None:
    search = neuroevolve("xor", population=30, generations=3, brood=11, go_on=True, runs=str(tmp_path))
    tables = generation_tables(search.store.columns(), search.rows)
    assert [table.members for table in tables] == [30, 30, 30]
    assert search.store.evaluated() == 90
    columns = tables[0].columns
    assert (columns["connections"].tolist(), columns["hidden"].tolist()) == ([3] * 30, [0] * 30)
    rows = [row for row in search.rows if row.is_slice]
    assert max(row.score or 0.0 for row in rows) == max(float(t.columns["fitness"].max()) for t in tables)


def test_a_run_stops_at_a_confirmed_solution_and_only_then(tmp_path: Path) -> None:
    solved = neuroevolve(Counting(), population=20, generations=9, brood=10, runs=str(tmp_path), name="a")
    generations = {row.generation for row in solved.rows if row.is_slice}
    last = [row for row in solved.rows if row.is_slice and row.generation == max(generations)]
    assert any(row.metrics["solved"] for row in last)
    assert not any(row.metrics["solved"] for row in solved.rows if row.generation < max(generations))
    never = neuroevolve(Counting(False), population=20, generations=9, runs=str(tmp_path), name="b")
    assert len({row.generation for row in never.rows if row.is_slice}) == 9


def scores_of(fitness: list[float], goal: float) -> Scores:
    values = np.array(fitness)
    return Scores(values, values >= goal, np.ones(len(values), np.int64))


def test_the_fittest_that_reaches_the_goal_and_is_new_is_put_to_the_test() -> None:
    scores = scores_of([5.0, 9.0, 7.0, 6.0], 6.0)
    assert candidate_for_solution(scores, None, 0) == 1
    assert candidate_for_solution(scores, np.array([False, True, False, False]), 0) == 2
    assert candidate_for_solution(scores, np.array([False, True, True, True]), 0) is None
    assert candidate_for_solution(scores_of([5.0, 9.0], 10.0), None, 0) is None


def test_of_equals_another_one_is_tried_each_generation() -> None:
    scores = scores_of([1.0, 2.0, 2.0, 2.0], 2.0)
    assert [candidate_for_solution(scores, None, generation) for generation in range(4)] == [1, 2, 3, 1]


def test_one_that_fails_the_long_test_is_not_tested_again_as_a_copy(tmp_path: Path) -> None:
    tested: list[float] = []

    class Lucky(Counting):
        def confirm(self, networks: Any, seed: int) -> Any:
            tested.append(float(networks.start(np.zeros(1, int)).step(np.ones((2, 1)))[0, 0]))
            return np.zeros(1, np.bool_)

    neuroevolve(Lucky(), population=20, generations=9, runs=str(tmp_path))
    assert len(tested) > 1
    assert len(set(tested)) == len(tested)


def test_a_failing_task_is_a_result(tmp_path: Path) -> None:
    class Broken(Counting):
        def evaluate(self, networks: Any, seed: int) -> Scores:
            raise RuntimeError("the simulator is on fire")

    with pytest.raises(EvaluationError, match=r"failed in the same way|no candidate"):
        neuroevolve(Broken(), population=10, generations=9, brood=2, runs=str(tmp_path))


def test_a_table_is_predicted_as_in_the_search(tmp_path: Path) -> None:
    search = neuroevolve(
        "table:sklearn:iris", population=30, generations=4, refine=False, runs=str(tmp_path), name="t"
    )
    assert search.folder is not None
    assert search.champion is not None
    assert search.champion.test_rows == 30
    policy = load_model(search.folder.path)
    assert isinstance(policy, ConnectionsModel)
    task = TableTask(load_data("sklearn:iris", seed=0))
    genome = policy.description.genome.model_dump()
    found = policy.outputs(task.data.valid.x)
    from speciate.neat.genome import NeatGenome

    networks = Population.of([NeatGenome.from_json(genome)]).networks()
    powers = np.exp(found)
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(
        task.predict(networks, task.data.valid.x)
    )
    assert search.champion.valid_score == task.choose(networks, 0)
    table = policy.predict_table("sklearn:iris")
    assert next(iter(table)) == "prediction"
    assert len(table) == 150


def test_gradients_change_weights_and_nothing_else() -> None:
    data = load_data("sklearn:iris", seed=0)
    genome = Neat(4, 3, 5, seed=1).ask().genome(2).to_json()
    better, before, after, shown = refined(genome, data, seed=0)
    assert after > before
    assert shown % len(data.train) == 0
    assert better["nodes"] == genome["nodes"]
    ends = [
        [(g["source"], g["target"], g["enabled"]) for g in each["connections"]] for each in (better, genome)
    ]
    assert ends[0] == ends[1]
    assert refined(genome, data, seed=0)[0] == better
    networks = Population.of([_genome(better)]).networks()
    assert TableTask(data).choose(networks, 0) == pytest.approx(after)


def _genome(value: dict[str, Any]) -> Any:
    from speciate.neat.genome import NeatGenome

    return NeatGenome.from_json(value)


def test_refinement_is_kept_where_it_is_better(tmp_path: Path) -> None:
    search = neuroevolve("table:sklearn:wine", population=20, generations=2, runs=str(tmp_path))
    row = next(row for row in search.rows if row.phase == "champion")
    assert search.champion is not None
    assert row.metrics["better"] == 1.0
    assert search.champion.genome == row.best
    assert search.champion.valid_score == pytest.approx(row.score)


def test_workers_do_not_get_the_test_rows() -> None:
    import pickle

    task = pickle.loads(pickle.dumps(TaskEvaluator(TableTask(load_data("sklearn:iris")), 0))).task
    with pytest.raises(UsageError, match="test rows"):
        task.data.test.open()


def test_only_data_can_refine() -> None:
    with pytest.raises(ConfigurationError, match="refine needs data"):
        build(settings(task="xor", refine=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": "xor", "algorithm": "genetic", "add_node": 0.1}, 'only algorithm = "neat" has it'),
        ({"task": "xor", "hidden": "8"}, 'only algorithm = "cma-es", "genetic" or "openai-es" has it'),
        ({"task": "xor", "hidden": "8;9", "algorithm": "genetic"}, "numbers of units"),
        ({"task": "xor", "target": "y"}, 'only task = "table:DATA" has it, task is "xor"'),
        ({"task": "xor", "populaton": 3}, "did you mean population"),
        ({"task": "xor", "generations": 3, "evaluations": 4}, "not both"),
        ({}, "must be given, such as speciate neat CartPole-v1"),
    ],
)
def test_mistakes_are_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        settings(**given)


def test_unknown_tasks_and_settings_of_others_are_said() -> None:
    with pytest.raises(UsageError, match="no task"):
        build(settings(task="xro"))
    with pytest.raises(ConfigurationError, match='only task = "ENVIRONMENT" has it, task is "xor"'):
        settings(task="xor", episodes=3)


def test_evaluations_are_whole_generations() -> None:
    assert settings(task="xor", population=30, evaluations=100).limits["evaluations"] == 90
    assert settings(task="xor", population=30, evaluations=10).limits["evaluations"] == 30


def test_candidates_of_one_genome_are_scored_elsewhere() -> None:
    member = Neat(2, 1, 5, 0).ask().genome(1)
    evaluation = TaskEvaluator(Counting(), 0).evaluate([Candidate(3, member, 9, Budget(1))])[0]
    assert evaluation.ok
    assert evaluation.parameters == 3


@pytest.mark.fault(16)
def test_a_run_is_salvaged_with_all_its_members(tmp_path: Path) -> None:
    given: dict[str, Any] = {"population": 20, "brood": 7, "seed": 3, "go_on": True, "runs": str(tmp_path)}
    whole = neuroevolve("xor", **given, generations=6, name="whole")
    part = neuroevolve("xor", **given, generations=4, name="part")
    assert part.folder is not None
    saved, counts = salvage(part.folder)
    assert (counts["broods"], counts["members"]) == (12, 12 * 7)
    config, again = resume(saved, generations=6)
    again.run(**config.limits)
    assert again.champion == whole.champion
    ours, theirs = again.store.columns(), whole.store.columns()
    assert {c: {n: v.tolist() for n, v in columns.items()} for c, columns in ours.items()} == {
        c: {n: v.tolist() for n, v in columns.items()} for c, columns in theirs.items()
    }


@pytest.mark.fault(16)
def test_a_row_whose_key_was_damaged_is_left_out(tmp_path: Path) -> None:
    search = neuroevolve("xor", population=20, generations=3, runs=str(tmp_path), name="keys")
    assert search.folder is not None
    with closing(sqlite3.connect(search.folder.database)) as db:
        db.execute("UPDATE members SET name = x'00ff' WHERE candidate = 1 AND name = 'fitness'")
        db.commit()
    saved, counts = salvage(search.folder)
    assert counts["candidates"] == 3
    assert saved.exists


@pytest.mark.fault(16)
def test_a_damaged_database_is_not_written_to(tmp_path: Path) -> None:
    search = neuroevolve("xor", population=60, generations=12, go_on=True, runs=str(tmp_path), name="flip")
    assert search.folder is not None
    file = search.folder.database
    sound, refused = file.read_bytes(), 0
    for part in range(1, 40):
        content = bytearray(sound)
        content[part * len(content) // 40 // 4096 * 4096] ^= 0xFF  # the kind of a page
        file.write_bytes(content)
        try:
            Store(file).close()
        except StorageError:
            refused += 1
            assert file.read_bytes() == bytes(content)
    assert refused > 20
