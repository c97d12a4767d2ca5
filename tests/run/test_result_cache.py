from __future__ import annotations

from dataclasses import replace

import pytest

from speciate.algorithms import RandomSearch
from speciate.records import Budget, Candidate, Cost, Evaluation, Phase, Status
from speciate.run.result_cache import ResultCache
from speciate.testing import sphere_space


@pytest.fixture
def three() -> list[Candidate]:
    """Two equal candidates and another one."""
    a, b, c = RandomSearch(5).start(sphere_space(), seed=0, budget=Budget(10)).ask(3)
    return [a, replace(b, genome=a.genome), c]


def ok(candidate: Candidate) -> Evaluation:
    return Evaluation(candidate, Status.OK, 0.5, {"loss": 1.0}, Cost(10, 30, 2.0), 7, "reference")


def test_a_repeat_waits_for_the_first_and_gets_its_result_for_nothing(three: list[Candidate]) -> None:
    cache = ResultCache()
    assert cache.sort(three) == ([three[0], three[2]], [])
    assert cache.answer([ok(three[2])]) == ([], [])
    fresh, known = cache.answer([ok(three[0])])
    assert fresh == []
    assert known == [replace(ok(three[1]), cost=Cost(0, 30, 0.0), engine="repeat", repeat_of=0)]


def test_a_known_result_is_given_at_once(three: list[Candidate]) -> None:
    cache = ResultCache()
    cache.sort(three[:1])
    cache.answer([ok(three[0])])
    fresh, known = cache.sort(three[1:])
    assert fresh == [three[2]]
    assert [e.repeat_of for e in known] == [0]


@pytest.mark.parametrize("status", [Status.CRASHED, Status.TIMEOUT, Status.OOM, Status.ERROR])
def test_what_may_have_been_an_accident_is_tried_again(three: list[Candidate], status: Status) -> None:
    cache = ResultCache()
    cache.sort(three)
    assert cache.answer([Evaluation(three[0], status)]) == ([three[1]], [])


def test_a_divergence_is_not(three: list[Candidate]) -> None:
    cache = ResultCache()
    cache.sort(three)
    _, known = cache.answer([Evaluation(three[0], Status.DIVERGED)])
    assert [(e.candidate.id, e.status, e.repeat_of) for e in known] == [(1, Status.DIVERGED, 0)]


def test_another_budget_and_another_phase_are_no_repeats(three: list[Candidate]) -> None:
    cache = ResultCache()
    longer = replace(three[1], budget=Budget(20))
    final = replace(three[1], id=9, phase=Phase.FINAL)
    assert cache.sort([three[0], longer, final]) == ([three[0], longer, final], [])
