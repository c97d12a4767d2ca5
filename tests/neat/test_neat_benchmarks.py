"""The benchmarks of NEAT on tiny settings: what they measure is there, and what they show follows from it."""

from __future__ import annotations

import pytest
from benchmarks import neat_speed, neat_xor


def test_the_power_of_the_population_is_fitted() -> None:
    linear = {"10": {"all": 5.0}, "100": {"all": 5.0}, "1000": {"all": 5.0}}
    assert neat_speed.exponent(linear, "all") == pytest.approx(1.0)
    quadratic = {"10": {"all": 1.0}, "100": {"all": 10.0}}
    assert neat_speed.exponent(quadratic, "all") == pytest.approx(2.0)


def test_every_step_of_the_loop_is_measured() -> None:
    found = neat_speed.steps(50, 3, 0)
    assert all(found[step] > 0 for step in neat_speed.STEPS)
    assert "power of the population" in neat_speed.show_curve({"50": found, "100": found})


def test_rivals_are_measured_and_shown() -> None:
    pytest.importorskip("neat", reason="neat-python is in the bench extra")
    result = neat_speed.measure({"rounds": 1, "generations": 2, "most": 1_000}, lambda text: None)
    assert set(result["rivals"]["1000"]) == {"ours", "shipped", "matched"}
    assert "neat-python, shipped settings" in neat_speed.show(result)


def test_runs_on_xor_are_counted_and_shown(monkeypatch) -> None:
    monkeypatch.setattr(neat_xor, "PRESETS", {"tuned": ("tuned", {})})
    result = neat_xor.measure({"runs": 2, "generations": 40, "population": 60}, lambda text: None)
    assert [set(run) >= {"evaluations", "solved"} for run in result["runs"]["tuned"]] == [True, True]
    assert "100 of 100" in neat_xor.show(result)
    assert neat_xor.run("tuned", 10, 1, 0) == {"evaluations": 10, "solved": False}
