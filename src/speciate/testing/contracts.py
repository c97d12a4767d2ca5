"""What every algorithm, evaluator and backend must do, as suites that a test class inherits and pytest runs.

class TestMine(AlgorithmContract):
    def make(self) -> Algorithm:
        return MyAlgorithm(population_size=10)
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence

from speciate.algorithms import Algorithm
from speciate.backends import Backend
from speciate.evaluators import Evaluator, FunctionEvaluator
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, Space
from speciate.testing.problems import sphere, sphere_space


def _evaluate(candidate: Candidate) -> Evaluation:
    """The sphere, with a failure here and there."""
    if candidate.id % 7 == 3:
        return Evaluation(candidate, Status.DIVERGED)
    return Evaluation(candidate, Status.OK, sphere(candidate.genome))


def drive(algorithm: Algorithm, count: int, room: int = 1, shuffle: int | None = None) -> list[Candidate]:
    """Ask and tell until `count` candidates were asked for; with `shuffle`, results come back in a random order."""
    order = random.Random(shuffle)
    asked: list[Candidate] = []
    running: list[Candidate] = []
    while len(asked) < count:
        new = algorithm.ask(min(room - len(running), count - len(asked))) if len(running) < room else []
        asked += new
        running += new
        if not running:
            break
        if not new or len(running) == room:
            at = order.randrange(len(running)) if shuffle is not None else 0
            algorithm.tell([_evaluate(running.pop(at))])
    return asked


def remade(
    algorithm: Algorithm, candidates: Sequence[Candidate], evaluations: Sequence[Evaluation]
) -> list[Candidate]:
    """What an algorithm proposes if it is asked and told as a recorded run of it was.

    Args:
        algorithm: The algorithm, started as the run's was.
        candidates: What the run asked for, in order of id.
        evaluations: What came of it, in the order in which it did.
    """
    made: list[Candidate] = []
    told = 0
    for candidate in candidates:
        assert candidate.known is not None
        algorithm.tell(evaluations[told : candidate.known])
        told = max(told, candidate.known)
        made += algorithm.ask(1)
    return made


class AlgorithmContract(ABC):
    """Runs on every algorithm that searches."""

    count = 60

    @abstractmethod
    def make(self) -> Algorithm:
        """A fresh algorithm with a population of at most 20."""

    def space(self) -> Space:
        """The space to search."""
        return sphere_space()

    def start(self, seed: int = 0) -> Algorithm:
        """The algorithm, started on the sphere."""
        return self.make().start(self.space(), seed=seed, budget=Budget(1))

    def test_ids_seeds_and_generations_follow_from_the_order(self) -> None:
        asked = drive(self.start(), self.count)
        assert [c.id for c in asked] == list(range(self.count))
        assert len({c.seed for c in asked}) == self.count
        size = self.make().population_size
        assert [c.generation for c in asked] == [i // size for i in range(self.count)]
        assert all(c.phase is Phase.SEARCH and c.budget == Budget(1) for c in asked)

    def test_every_candidate_is_in_the_space_and_its_parents_came_before(self) -> None:
        space = self.space()
        for c in drive(self.start(), self.count):
            assert isinstance(c.genome, NetworkGenome)
            assert not space.problems(c.genome)
            assert all(0 <= parent < c.id for parent in c.parents)

    def test_failures_have_no_children(self) -> None:
        parents = {parent for c in drive(self.start(), self.count) for parent in c.parents}
        assert not [parent for parent in parents if parent % 7 == 3]

    def test_the_same_seed_gives_the_same_run_and_another_seed_another(self) -> None:
        first = drive(self.start(), self.count)
        assert drive(self.start(), self.count) == first
        assert [c.genome for c in drive(self.start(seed=1), self.count)] != [c.genome for c in first]

    def test_neither_workers_nor_the_order_of_results_matter(self) -> None:
        first = drive(self.start(), self.count)
        for room, shuffle in ((2, None), (3, 1), (8, 2), (50, 3)):
            assert drive(self.start(), self.count, room, shuffle) == first

    def test_a_replay_goes_on_as_if_nothing_had_happened(self) -> None:
        whole = drive(self.start(), self.count)
        for stop in (0, 1, self.count // 3, self.count // 2):
            resumed = self.start()
            resumed.replay(whole[:stop], [_evaluate(c) for c in whole[:stop]])
            assert drive(resumed, self.count - stop) == whole[stop:]

    def test_no_room_means_no_candidates(self) -> None:
        assert self.start().ask(0) == []

    def test_if_everything_fails_it_goes_on_asking(self) -> None:
        algorithm = self.start()
        for _ in range(self.count):
            algorithm.tell([Evaluation(c, Status.ERROR) for c in algorithm.ask(1)])
        assert algorithm.asked == self.count

    def test_starting_does_not_change_the_original(self) -> None:
        original = self.make()
        before = dict(vars(original))
        drive(original.start(self.space(), seed=0, budget=Budget(1)), self.count)
        assert vars(original) == before


class AsynchronousContract(ABC):
    """Runs on every algorithm that can be asynchronous."""

    count = 60

    @abstractmethod
    def make(self) -> Algorithm:
        """A fresh asynchronous algorithm with a population of 4 to 20."""

    def start(self) -> Algorithm:
        """The algorithm, started on the sphere."""
        return self.make().start(sphere_space(), seed=0, budget=Budget(1))

    def recorded(self, seed: int, room: int = 4) -> tuple[list[Candidate], list[Evaluation]]:
        """A run in which candidates finish in a random order."""
        algorithm, order = self.start(), random.Random(seed)
        asked: list[Candidate] = []
        running: list[Candidate] = []
        told: list[Evaluation] = []
        while len(told) < self.count:
            new = algorithm.ask(min(room - len(running), self.count - len(asked)))
            asked, running = asked + new, running + new
            order.shuffle(running)
            count = min(len(running), order.choice((1, 1, 2)))
            done = [_evaluate(running.pop()) for _ in range(count)]
            algorithm.tell(done)
            told += done
        return asked, told

    def test_the_record_says_how_every_candidate_was_made(self) -> None:
        for seed in range(5):
            asked, told = self.recorded(seed)
            assert [c.known for c in asked] == sorted(c.known or 0 for c in asked)
            assert remade(self.start(), asked, told) == asked

    def test_another_order_is_another_run(self) -> None:
        assert self.recorded(0)[0] != self.recorded(1)[0]

    def test_a_replay_goes_on_as_if_nothing_had_happened(self) -> None:
        asked, told = self.recorded(0)
        for stop in range(0, self.count, 7):
            resumed, known = self.start(), asked[stop].known or 0
            resumed.replay(asked[:stop], told[:known])
            later: list[Candidate] = []
            for candidate in asked[stop:]:
                resumed.tell(told[known : candidate.known])
                known = candidate.known or 0
                later += resumed.ask(1)
            assert later == asked[stop:]

    def test_parents_have_finished_before(self) -> None:
        asked, told = self.recorded(2)
        place = {e.candidate.id: i for i, e in enumerate(told)}
        assert any(c.parents for c in asked)
        assert all(place[parent] < (c.known or 0) for c in asked for parent in c.parents)

    def test_nothing_waits_for_a_slow_candidate(self) -> None:
        algorithm = self.start()
        slow, *others = algorithm.ask(4)
        for _ in range(self.count):
            algorithm.tell([_evaluate(others.pop(0))])
            others += algorithm.ask(1)
        assert algorithm.asked == 4 + self.count
        assert slow.id not in {parent for c in others for parent in c.parents}

    def test_it_does_not_run_ahead_of_all_results(self) -> None:
        algorithm = self.start()
        assert len(algorithm.ask(1000)) == algorithm.population_size


class EvaluatorContract(ABC):
    """Runs on every evaluator."""

    @abstractmethod
    def make(self) -> Evaluator:
        """A fresh evaluator."""

    @abstractmethod
    def candidates(self) -> list[Candidate]:
        """A few candidates it can evaluate."""

    @abstractmethod
    def hopeless(self) -> Candidate:
        """A candidate that cannot be evaluated."""

    def test_one_evaluation_a_candidate_in_the_same_order(self) -> None:
        candidates = self.candidates()
        assert [e.candidate for e in self.make().evaluate(candidates)] == candidates
        assert self.make().evaluate([]) == []

    def test_the_same_candidate_gets_the_same_score(self) -> None:
        candidates = self.candidates()
        first, again = (self.make().evaluate(c) for c in (candidates, candidates[::-1]))
        assert [e.score for e in first] == [e.score for e in again][::-1]

    def test_what_cannot_be_evaluated_is_a_record_and_does_not_disturb_the_others(self) -> None:
        candidates = self.candidates()
        alone = self.make().evaluate(candidates)
        mixed = self.make().evaluate([self.hopeless(), *candidates])
        assert mixed[0].status is not Status.OK
        assert [e.score for e in mixed[1:]] == [e.score for e in alone]


class BackendContract(ABC):
    """Runs on every backend, with an evaluator that returns at once."""

    @abstractmethod
    def make(self) -> Backend:
        """A fresh backend."""

    def candidates(self, count: int) -> list[Candidate]:
        """Random points of the sphere."""
        from speciate.algorithms import RandomSearch

        return drive(RandomSearch(10).start(sphere_space(), seed=0, budget=Budget(1)), count)

    def test_everything_comes_back_once(self) -> None:
        backend, candidates = self.make(), self.candidates(20)
        try:
            backend.start(FunctionEvaluator(sphere))
            assert backend.idle
            assert backend.free > 0
            backend.submit(candidates)
            done: list[Evaluation] = []
            while not backend.idle:
                done += backend.wait()
        finally:
            backend.close()
        assert sorted(e.candidate.id for e in done) == list(range(20))
        assert all(e.score == sphere(e.candidate.genome) for e in done)

    def test_it_can_be_closed_twice_and_with_work_left(self) -> None:
        backend = self.make()
        backend.start(FunctionEvaluator(sphere))
        backend.submit(self.candidates(8))
        backend.close()
        backend.close()
        assert backend.idle
