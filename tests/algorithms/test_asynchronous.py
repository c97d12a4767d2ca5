"""An asynchronous algorithm waits for nobody, and its record says how everything came about."""

from __future__ import annotations

from typing import Any

import pytest

from speciate.algorithms import AgingEvolution, Algorithm, GuidedEvolution
from speciate.config import RunConfig, Setting, configure
from speciate.config.building import build_algorithm
from speciate.errors import ConfigurationError
from speciate.records import Budget, Evaluation, Status
from speciate.testing import AsynchronousContract, sphere_space


class TestAging(AsynchronousContract):
    def make(self) -> Algorithm:
        return AgingEvolution(10, asynchronous=True)


class TestAgingWithCrossover(AsynchronousContract):
    def make(self) -> Algorithm:
        return AgingEvolution(8, crossover=0.5, asynchronous=True)


class TestGuided(AsynchronousContract):
    def make(self) -> Algorithm:
        return GuidedEvolution(8, asynchronous=True)


def test_a_child_is_made_of_what_has_finished_and_age_counts_from_then() -> None:
    algorithm = AgingEvolution(3, sample_size=3, asynchronous=True).start(
        sphere_space(), seed=0, budget=Budget(1)
    )
    a, b, c = algorithm.ask(3)
    scores = {a.id: 1.0, b.id: 3.0, c.id: 2.0}

    def told(candidate: Any, score: float) -> None:
        algorithm.tell([Evaluation(candidate, Status.OK, score)])

    told(c, scores[c.id])
    (d,) = algorithm.ask(1)  # c is all there is
    assert (d.parents, d.known) == ((c.id,), 1)
    told(b, scores[b.id])
    (e,) = algorithm.ask(1)
    assert (e.parents, e.known) == ((b.id,), 2)
    told(d, 0.0)
    told(a, scores[a.id])  # c, which finished first, is the oldest and dies, though a was asked for before it
    assert algorithm.ask(1)[0].known == 4
    assert [member.candidate.id for member in algorithm.population] == [b.id, d.id, a.id]


def test_what_is_not_asynchronous_does_not_say_so() -> None:
    plain = AgingEvolution(4).start(sphere_space(), seed=0, budget=Budget(1))
    assert [c.known for c in plain.ask(4)] == [None] * 4
    assert "asynchronous" not in plain.settings()  # as in runs that were made before there was such a thing
    assert AgingEvolution(4, asynchronous=True).settings()["asynchronous"] is True


def configured(**settings: Any) -> RunConfig:
    return configure({key: Setting(value) for key, value in {"data": "d.csv", **settings}.items()})


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"algorithm": "tournament"},
            'only algorithm = "aging" or "guided" has it, algorithm is "tournament"',
        ),
        ({"algorithm": "local"}, 'only algorithm = "aging" or "guided" has it, algorithm is "local"'),
        ({"algorithm": "random"}, 'only algorithm = "aging" or "guided" has it, algorithm is "random"'),
        ({"backend": "inline"}, "trains one after another: there is nothing to wait for"),
    ],
)
def test_what_cannot_be_asynchronous_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        configured(asynchronous=True, **settings)


def test_the_setting_reaches_the_algorithm() -> None:
    for wanted in (True, False):
        built = build_algorithm(configured(asynchronous=wanted))
        assert isinstance(built, GuidedEvolution)
        assert built.asynchronous is wanted


def test_what_the_default_lacks_is_for_the_algorithm_that_takes_it() -> None:
    assert isinstance(build_algorithm(configured(tournament_size=3)), AgingEvolution)
    assert isinstance(build_algorithm(configured(crossover=0.3)), GuidedEvolution)
    with pytest.raises(
        ConfigurationError, match='only algorithm = "tournament" has it, algorithm is "guided"'
    ):
        configured(elites=1)
    assert build_algorithm(configured(inherit="common")).settings()["inherits"] is True
