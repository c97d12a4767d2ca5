"""The benchmarks of NEAT's tasks on tiny settings: runs are counted, kept and shown."""

import pytest
from benchmarks import neat_cartpole, neat_control, neat_poles, neat_runs, places

from speciate.neat.evolvers import evolver_by_name
from speciate.neat.tasks import task_by_name


def test_a_run_ends_with_a_confirmed_solution_or_at_the_limit():
    task = task_by_name("double-pole")
    found = neat_runs.solve(task, evolver_by_name("neat", task, 150, 0), 0, 15_000)
    assert found["solved"]
    assert found["evaluations"] == 150 * found["generations"] <= 15_000
    assert found["verify"]["steps balanced, of 100000"] == 100_000
    stopped = neat_runs.solve(task, evolver_by_name("genetic", task, 10, 0), 0, 25)
    assert (stopped["solved"], stopped["evaluations"]) == (False, 20)


def test_a_candidate_that_is_not_confirmed_is_no_solution(monkeypatch):
    task = task_by_name("double-pole")
    monkeypatch.setattr(task, "confirm", lambda networks, seed: [False] * networks.size)
    assert not neat_runs.solve(task, evolver_by_name("neat", task, 150, 0), 0, 3_000)["solved"]


def test_poles_are_shown(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "CACHE", tmp_path)
    cases = {case: {**about, "population": 20, "limit": 60} for case, about in neat_poles.CASES.items()}
    monkeypatch.setattr(neat_poles, "CASES", cases)
    result = neat_poles.measure({"runs": 2, "hidden_runs": 1, "rival_runs": 1}, lambda text: None)
    page = neat_poles.show(result)
    assert page.count("| neat |") == 4
    assert page.count("| cma-es |") == 2
    assert result["seconds"] > 0
    assert neat_poles.measure({"runs": 2, "hidden_runs": 1, "rival_runs": 1}, lambda text: None) == result


def test_control_is_shown(monkeypatch, tmp_path):
    pytest.importorskip("Box2D")
    monkeypatch.setattr(places, "CACHE", tmp_path)
    monkeypatch.setattr(
        neat_control, "TASKS", {"CartPole-v1": {"episodes": 1, "population": 10, "limit": 20}}
    )
    result = neat_control.measure({"seeds": 1, "lander_seeds": 1}, lambda text: None)
    assert set(result["runs"]["CartPole-v1"]) == set(neat_control.EVOLVERS)
    assert "| CartPole-v1 | openai-es |" in neat_control.show(result)


def test_steps_a_second_are_measured_on_equal_terms():
    pytest.importorskip("neat", reason="neat-python is in the bench extra")
    pytest.importorskip("gymnasium")
    result = neat_cartpole.measure({"rounds": 1, "population": 12, "generations": 2}, lambda text: None)
    assert len(result["notes"]) == 5
    assert "neat-python, vector, shipped settings" in neat_cartpole.show(result)
