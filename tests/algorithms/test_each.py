"""What is particular to each algorithm, worked by hand."""

from __future__ import annotations

import pytest

from speciate.algorithms import (
    AgingEvolution,
    Algorithm,
    DoublingTraining,
    Final,
    GenerationalTournament,
    GuidedEvolution,
    LocalSearch,
    RandomSearch,
)
from speciate.errors import ConfigurationError
from speciate.evaluators import FunctionEvaluator
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.testing import sphere, sphere_space


def start(algorithm: Algorithm) -> Algorithm:
    return algorithm.start(sphere_space(), seed=0, budget=Budget(1))


def told(candidate: Candidate, score: float | None) -> Evaluation:
    return Evaluation(candidate, Status.DIVERGED if score is None else Status.OK, score)


def run(algorithm: Algorithm, count: int) -> list[Evaluation]:
    evaluator, done = FunctionEvaluator(sphere), []
    while len(done) < count and (asked := algorithm.ask(1)):
        done += evaluator.evaluate(asked)
        algorithm.tell(done[-1:])
    return done


def test_the_tournament_keeps_its_elites_unchanged_and_waits_for_whole_generations() -> None:
    algorithm = start(GenerationalTournament(5, elites=2))
    first = algorithm.ask(100)
    assert [c.operator for c in first] == ["sample"] * 5
    scores = [0.1, 0.5, None, 0.9, 0.3]
    algorithm.tell([told(c, s) for c, s in zip(first[1:], scores[1:], strict=True)])
    assert algorithm.ask(100) == []  # one result is missing
    algorithm.tell([told(first[0], scores[0])])
    second = algorithm.ask(100)
    assert len(second) == 5
    assert [c.operator for c in second[:2]] == ["elite", "elite"]
    assert [c.genome for c in second[:2]] == [first[3].genome, first[1].genome]
    assert all(c.parents and c.operator != "elite" for c in second[2:])
    assert 2 not in {parent for c in second for parent in c.parents}


def test_aging_lets_the_oldest_die_whatever_its_score() -> None:
    algorithm = start(AgingEvolution(3, sample_size=3, lag=1))
    best = algorithm.ask(1)[0]
    algorithm.tell([told(best, 100.0)])
    for _ in range(2):
        algorithm.tell([told(algorithm.ask(1)[0], 0.0)])
    child = algorithm.ask(1)[0]
    assert child.parents == (best.id,)  # the sample is the whole population, so its best is the parent
    algorithm.tell([told(child, 1.0)])
    grandchild = algorithm.ask(1)[0]
    assert grandchild.parents == (child.id,)  # by now the best of all has died of age


def test_aging_depends_on_all_results_but_the_last_few() -> None:
    algorithm = start(AgingEvolution(10, lag=4))
    first = algorithm.ask(100)
    assert len(first) == 10
    algorithm.tell([told(c, 0.0) for c in first[:6]])
    assert algorithm.ask(100) == []
    algorithm.tell([told(first[6], 0.0)])
    assert [c.id for c in algorithm.ask(100)] == [10]


def test_local_search_moves_to_better_neighbors_only_and_restarts_when_stuck() -> None:
    algorithm = start(LocalSearch(starts=2, patience=3, lag=1))
    a, b = algorithm.ask(1)[0], None
    algorithm.tell([told(a, 1.0)])
    b = algorithm.ask(1)[0]
    algorithm.tell([told(b, 2.0)])
    better = algorithm.ask(1)[0]
    assert better.parents == (b.id,)
    algorithm.tell([told(better, 3.0)])
    for score in (2.5, None, 3.0):  # worse, failed, equal: three failures
        child = algorithm.ask(1)[0]
        assert child.parents == (better.id,)
        algorithm.tell([told(child, score)])
    fresh = [algorithm.ask(1)[0]]
    algorithm.tell([told(fresh[0], 0.1)])
    fresh += algorithm.ask(1)
    algorithm.tell([told(fresh[1], 0.2)])
    assert [c.operator for c in fresh] == ["sample", "sample"]
    assert algorithm.ask(1)[0].parents == (fresh[1].id,)


def test_random_search_never_waits() -> None:
    assert len(start(RandomSearch(10)).ask(500)) == 500


@pytest.mark.parametrize("kind", [AgingEvolution, GenerationalTournament, LocalSearch, GuidedEvolution])
def test_selection_beats_random_search(kind: type[Algorithm]) -> None:
    def best(algorithm: Algorithm) -> float:
        return max(e.fitness for e in run(start(algorithm), 400))

    assert best(kind(20)) > best(RandomSearch(20))


def test_nothing_is_proposed_twice_but_elites() -> None:
    for algorithm in (AgingEvolution(10), GenerationalTournament(10), LocalSearch(10), GuidedEvolution(10)):
        asked = [e.candidate for e in run(start(algorithm), 200)]
        made = [c.genome.phenotype for c in asked if c.operator != "elite"]
        assert len(set(made)) == len(made)


def test_the_final_trains_every_finalist_with_every_seed() -> None:
    finalists = start(RandomSearch(10)).ask(3)
    final = Final(finalists, 2).start(sphere_space(), seed=0, budget=Budget(7), first_id=50)
    asked = final.ask(100)
    assert [c.id for c in asked] == [50, 51, 52, 53, 54, 55]
    assert [c.parents for c in asked] == [(0,), (1,), (2,)] * 2
    assert len({c.seed for c in asked}) == 6
    assert all(c.phase is Phase.FINAL and c.budget == Budget(7) for c in asked)
    final.tell([told(c, 0.0) for c in asked])
    assert final.ask(100) == []


def test_growth_doubles_until_two_trainings_bring_nothing() -> None:
    champion = start(RandomSearch(10)).ask(1)[0]
    growth = DoublingTraining(champion, 100, 10**6).start(sphere_space(), seed=0, budget=Budget(1))
    scores = {100: 0.5, 200: 0.6, 400: 0.55, 800: 0.7, 1600: 0.7, 3200: 0.65, 6400: 0.9}
    seen = []
    while asked := growth.ask(8):
        seen += [c.budget.examples for c in asked]
        growth.tell([told(c, scores[c.budget.examples]) for c in asked])
    # The training after the second failure was already under way: two run at a time.
    assert seen == [100, 200, 400, 800, 1600, 3200, 6400]
    single = DoublingTraining(champion, 300, 300).start(sphere_space(), seed=0, budget=Budget(1))
    assert [c.budget.examples for c in single.ask(8)] == [300]
    assert single.ask(8) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: GenerationalTournament(1),
        lambda: GenerationalTournament(4, tournament_size=5),
        lambda: GenerationalTournament(4, elites=4),
        lambda: GenerationalTournament(4, p=0),
        lambda: AgingEvolution(1),
        lambda: AgingEvolution(4, sample_size=5),
        lambda: AgingEvolution(4, lag=0),
        lambda: LocalSearch(patience=0),
        lambda: LocalSearch(starts=0),
        lambda: GuidedEvolution(lag=0),
        lambda: GuidedEvolution(children=0),
        lambda: GuidedEvolution(strangers=-1),
        lambda: GuidedEvolution(crossover=1.5),
    ],
)
def test_settings_out_of_range_are_refused(make: object) -> None:
    with pytest.raises(ConfigurationError, match=r"must be .* got"):
        make()  # type: ignore[operator]
