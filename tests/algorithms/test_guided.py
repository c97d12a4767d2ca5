"""Guided evolution: distances, expectations and updates by hand and against slow twins; what it proposes, and after a restart."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from torch import nn

from speciate.algorithms import GuidedEvolution
from speciate.algorithms.surrogate import knowledge as knowledge_of
from speciate.algorithms.surrogate.coordinates import Coordinates, distances
from speciate.algorithms.surrogate.process import (
    Outlook,
    Process,
    evidence,
    expected_improvement,
    fitted,
    normal_scores,
)
from speciate.errors import EvaluationError
from speciate.layers import LAYERS, LayerType
from speciate.mutation import mutate
from speciate.records import Budget, Candidate, Cost, Evaluation, Status
from speciate.spaces import Choice, Gene, Integer, NetworkGenome, NetworkSpace, ParameterSpace, Real, Space
from speciate.store import beliefs
from speciate.testing import sphere_space
from speciate.testing.contracts import drive

GRAPH = NetworkSpace.graph(input_shape=(6,), rows=1000, outputs=2)
SMALL = ParameterSpace({"rate": Real(0.01, 1.0, log=True), "kind": Choice(("a", "b", "c"))})


def some(space: Space, count: int, seed: int = 0) -> list[NetworkGenome]:
    """Random genomes, and children of each."""
    rng = np.random.default_rng(seed)
    genomes = [space.sample(rng) for _ in range(count // 2)]
    return genomes + [mutate(genome, space, rng)[0] for genome in genomes]


def points(space: Space, genomes: list[NetworkGenome]) -> Any:
    return Coordinates(space).points([(genome, 0.0) for genome in genomes], new=True)


def logs(space: Space, rng: np.random.Generator | None = None) -> np.ndarray:
    """Logarithms of weights and noise: the usual ones, or random ones."""
    usual = np.log(np.append(Coordinates(space).usual, 0.1))
    return usual if rng is None else usual + rng.normal(size=len(usual))


def test_genes_say_where_a_value_stands() -> None:
    assert Real(0.01, 1.0, log=True).coordinates(0.1) == {"": pytest.approx(0.0)}
    assert Real(0.0, 4.0).coordinates(3.0) == {"": pytest.approx(0.25)}
    assert Integer(2, 10).coordinates(2) == {"": -0.5}
    assert Choice((8, 16, 64), ordered=True).coordinates(64) == {"": 0.5}
    assert Choice((8, 16), ordered=True).coordinates(8) == {"8": 0.5}
    assert Choice(("a", "b", "c")).coordinates("b") == {"'b'": 0.5}


def test_distances_are_worked_by_hand() -> None:
    one, two = (
        NetworkGenome(hyper=(("kind", kind), ("rate", rate))) for kind, rate in (("a", 0.01), ("b", 0.1))
    )
    found = distances(points(SMALL, [one, two]), points(SMALL, [one, two]), 3)
    assert [name for name, _ in Coordinates(SMALL).groups] == ["kind", "rate", "inherited training"]
    assert found[0, 1].tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert not found[0, 0].any()


def slow_distances(space: Space, one: NetworkGenome, other: NetworkGenome) -> np.ndarray:
    coordinates = Coordinates(space)
    a, b = (coordinates._of(genome, 0.0) for genome in (one, other))
    found = np.zeros(len(coordinates.groups))
    for name in {*a, *b}:
        found[name[0]] += abs(a.get(name, 0.0) - b.get(name, 0.0))
    return found


@pytest.mark.parametrize("space", [GRAPH, NetworkSpace.conv(input_shape=(1, 8, 8), rows=1000, outputs=2)])
def test_distances_are_those_of_a_slow_twin(space: Space) -> None:
    genomes = some(space, 12)
    coordinates = Coordinates(space)
    known = coordinates.points([(genome, 0.0) for genome in genomes[:5]], new=True)
    found = distances(
        coordinates.points([(genome, 0.0) for genome in genomes]), known, len(coordinates.groups)
    )
    slow = [[slow_distances(space, one, other) for other in genomes[:5]] for one in genomes]
    assert found == pytest.approx(np.array(slow))
    assert found[:5] == pytest.approx(found[:5].transpose(1, 0, 2))


def test_a_layer_is_compared_with_the_one_of_the_same_mark() -> None:
    rng = np.random.default_rng(0)
    genome = next(g for g in iter(lambda: GRAPH.sample(rng), None) if len(g.layers) == 2)
    coordinates = Coordinates(GRAPH)
    names = {
        name[1]
        for name in coordinates._of(genome, 0.0)
        if coordinates.groups[name[0]] == ("which layers", "structure")
    }
    assert names == {node.mark for node in genome.layers}


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_is_positive_definite_whatever_the_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    process = Process(3 * logs(GRAPH, rng), points(GRAPH, some(GRAPH, 30, seed)), 30)
    assert np.linalg.eigvalsh(process.kernel).min() > -1e-9


def test_sums_of_distances_do_not_depend_on_their_order() -> None:
    genomes, weights = some(GRAPH, 10), np.exp(logs(GRAPH, np.random.default_rng(0))[:-1])
    forward = points(GRAPH, genomes).weighted(weights)
    found = distances(forward, forward)
    assert (found == found.transpose(1, 0, 2)).all()


def test_normal_scores_are_worked_by_hand() -> None:
    third = NormalDist().inv_cdf(1 / 6)
    assert normal_scores(np.array([3.0, -np.inf, 1.0])) == pytest.approx([-third, third, 0.0])
    tied = (NormalDist().inv_cdf(1 / 8) + NormalDist().inv_cdf(3 / 8)) / 2
    assert normal_scores(np.array([5.0, 5.0, 6.0, 7.0]))[:2] == pytest.approx([tied, tied])


def test_expected_improvement_is_worked_by_hand_and_an_integral() -> None:
    found = expected_improvement(np.array([1.0, 2.0]), np.array([0.5, 1e-9]), 1.0)
    assert found == pytest.approx([0.5 / math.sqrt(2 * math.pi), 1.0])
    x = np.linspace(-10, 10, 200_001)
    gain = np.maximum(0.3 + 0.7 * x - 1.0, 0.0) * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    assert expected_improvement(np.array([0.3]), np.array([0.7]), 1.0)[0] == pytest.approx(
        gain.sum() * (x[1] - x[0])
    )


def test_evidence_is_worked_by_hand() -> None:
    scores, usual, gap = np.array([1.0, -1.0]), np.log([0.5, 0.1]), np.zeros((2, 2, 1))
    gap[0, 1] = gap[1, 0] = 2.0
    near, noise = math.exp(-0.5 * 2.0), 0.1
    fit = (2 / (1 + noise - near)) / 2  # the scores are the eigenvector of 1 + noise - near
    log_root = 0.5 * (math.log(1 + noise - near) + math.log(1 + noise + near))
    assert evidence(usual, gap, scores, usual) == pytest.approx(-math.log(fit) - log_root)
    off = np.array([0.2, 0.3])  # one standard deviation of a weight is 1, of noise 1.5
    assert evidence(usual, gap, scores, usual - off) == pytest.approx(
        -math.log(fit) - log_root - 0.5 * (0.04 + 0.04)
    )


def test_weights_are_fitted_to_what_matters() -> None:
    rng = np.random.default_rng(0)
    space = ParameterSpace({"matters": Real(0.0, 1.0), "other": Real(0.0, 1.0)})
    genomes = [space.sample(rng) for _ in range(60)]
    scores = normal_scores(np.array([dict(genome.hyper)["matters"] for genome in genomes]))
    found = fitted(logs(space), points(space, genomes), scores, logs(space), 60, rng)
    assert found[0] > found[1] + 1
    assert found[-1] < math.log(0.1)


def test_growing_by_a_point_is_inverting_anew() -> None:
    genomes = some(GRAPH, 24)
    whole = points(GRAPH, genomes)
    process = Process(logs(GRAPH), whole.at(np.arange(10)), 12)  # there is too little room
    for place in range(10, 24):
        process.include(whole.at(np.array([place])))
    anew = Process(logs(GRAPH), whole, 24)
    assert (process.kernel == anew.kernel).all()
    assert process.inverse == pytest.approx(anew.inverse, abs=1e-10)


def test_unknown_scores_count_as_what_is_expected() -> None:
    whole = points(GRAPH, some(GRAPH, 20))
    scores = normal_scores(np.random.default_rng(0).normal(size=20))
    unknown = np.array([3, 17, 18])
    known = np.delete(np.arange(20), unknown)
    expected, counts = Process(logs(GRAPH), whole, 20).expected(
        np.where(np.isin(np.arange(20), unknown), np.nan, scores)
    )
    without = Process(logs(GRAPH), whole.at(known), 17)
    alone, fewer = without.expected(scores[known])
    assert counts[known] == pytest.approx(fewer)
    assert not counts[unknown].any()
    assert expected[known] == pytest.approx(alone)
    assert expected[unknown] == pytest.approx(without.near(whole.at(unknown)) @ fewer)


def test_an_outlook_that_grows_is_one_that_is_worked_out_anew() -> None:
    coordinates, genomes = Coordinates(GRAPH), some(GRAPH, 20)
    known = coordinates.points([(genome, 0.0) for genome in genomes[:14]], new=True)
    pool = coordinates.points([(genome, 0.0) for genome in genomes[8:]])
    scores = np.append(normal_scores(np.random.default_rng(1).normal(size=12)), [np.nan, np.nan])
    growing = Outlook(Process(logs(GRAPH), known.at(np.arange(9)), 14), pool)
    for place in range(9, 14):
        growing.include(known.at(np.array([place])))
    whole = Process(logs(GRAPH), known, 14)
    found = growing.improvements(scores)
    assert found == pytest.approx(Outlook(whole, pool).improvements(scores))

    near, inverse = whole.near(pool), np.linalg.inv(whole.kernel + 0.1 * np.eye(14))  # all of it by the book
    small = np.linalg.inv(whole.kernel[:12, :12] + 0.1 * np.eye(12))
    counts = small @ scores[:12]
    deviation = np.sqrt(scores[:12] @ counts / 12 * (1 - np.einsum("ij,jk,ik->i", near, inverse, near)))
    best = (whole.kernel[:, :12] @ counts).max()
    assert found == pytest.approx(expected_improvement(near[:, :12] @ counts, deviation, best), rel=1e-6)


def score(candidate: Candidate) -> Evaluation:
    """Networks of three layers of many units are best; some fail."""
    if candidate.id % 11 == 5:
        return Evaluation(candidate, Status.DIVERGED)
    genome: Any = candidate.genome
    value = -abs(len(genome.layers) - 3) + math.log10(genome.hyper_parameters["learning_rate"])
    return Evaluation(candidate, Status.OK, value, weights=f"{candidate.id:064x}", cost=Cost(examples_seen=1))


def test_a_run_goes_on_alike_wherever_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also between two that share a pool, after weights were fitted between them, and where only some results are known."""
    monkeypatch.setattr(knowledge_of, "MOST", 40)
    monkeypatch.setattr(knowledge_of, "KEPT", 20)
    monkeypatch.setattr(knowledge_of, "FITTED", 16)
    space = NetworkSpace.mlp(features=6, rows=1000, outputs=2)
    algorithm = GuidedEvolution(12, lag=4, children=8, strangers=8).start(space, seed=3, budget=Budget(1))
    whole: list[Candidate] = []
    while len(whole) < 64:
        whole += algorithm.ask(1)
        algorithm.tell([score(whole[-1])])
    assert len(algorithm.knowledge.fits) > 8
    assert len({c.genome.phenotype for c in whole}) == len(whole)
    for stop in range(13, 63):
        resumed = algorithm.start(space, seed=3, budget=Budget(1))
        resumed.replay(whole[:stop], [score(c) for c in whole[:stop]])
        (again,) = resumed.ask(1)
        assert again == whole[stop]
    for known in algorithm.knowledge.fits[-2:]:
        assert len(known.base) == 20


def test_what_is_chosen_from_is_bred_once_for_two_proposals(monkeypatch: pytest.MonkeyPatch) -> None:
    algorithm = GuidedEvolution(20, lag=4).start(sphere_space(), seed=0, budget=Budget(1))
    bred: list[int] = []
    original = algorithm._bred
    monkeypatch.setattr(algorithm, "_bred", lambda first: bred.append(first) or original(first))
    drive(algorithm, 34)
    assert bred == [algorithm.starts + 2 * k for k in range(12)]
    assert algorithm.starts == 10  # a few parameters and no layers


def test_only_those_with_weights_in_use_have_children() -> None:
    algorithm = GuidedEvolution(12, inherits=True).start(GRAPH, seed=0, budget=Budget(1))
    used: set[str] = set()
    for _ in range(60):
        (candidate,) = algorithm.ask(1)
        assert {f"{parent:064x}" for parent in candidate.parents} <= used
        algorithm.tell([score(candidate)])
        used = algorithm.weights_in_use()
    assert len(used) < 40  # no more than the best


def test_who_inherits_has_more_children_and_fewer_strangers() -> None:
    for inherits, strangers in ((False, 60), (True, 20)):
        algorithm = GuidedEvolution(20, inherits=inherits).start(sphere_space(), seed=0, budget=Budget(1))
        drive(algorithm, 20)
        bred = [proposal for proposal, _ in algorithm._bred(20)]
        assert (len(bred), sum(not proposal.parents for proposal in bred)) == (100, strangers)


def test_a_space_that_is_used_up_does_not_stop_it() -> None:
    space = ParameterSpace({"kind": Choice(range(15))})
    asked = drive(GuidedEvolution(10).start(space, seed=0, budget=Budget(1)), 30)
    assert len({c.genome.phenotype for c in asked[:15]}) >= 14
    assert len(asked) == 30


def test_where_all_scores_are_equal_the_first_has_children() -> None:
    algorithm = GuidedEvolution(4, lag=1).start(sphere_space(), seed=0, budget=Budget(1))
    for _ in range(8):
        (candidate,) = algorithm.ask(1)
        algorithm.tell([Evaluation(candidate, Status.OK, 1.0)])
    assert candidate.parents == (0,)


def test_children_of_two_parents() -> None:
    asked = drive(GuidedEvolution(10, crossover=1.0).start(sphere_space(), seed=0, budget=Budget(1)), 40)
    assert {c.operator for c in asked if c.parents} >= {"crossover"}


@dataclass(frozen=True)
class Angle(Gene):
    """A direction: 350 degrees are next to 10."""

    broken: bool = False

    def sample(self, rng: np.random.Generator) -> int:
        return int(rng.integers(360))

    def step(self, value: Any, rng: np.random.Generator) -> int:
        return int(value + rng.integers(1, 20)) % 360

    def __contains__(self, value: object) -> bool:
        return type(value) is int and 0 <= value < 360

    def coordinates(self, value: Any) -> Mapping[str, float]:
        if self.broken:
            return {"": math.nan}
        return {"x": math.cos(math.radians(value)) / 4, "y": math.sin(math.radians(value)) / 4}

    def to_json(self) -> dict[str, Any]:
        return {"type": "angle"}


class Turned(LayerType):
    kind = "turned"
    genes = ("angle",)

    def shape(self, genes: Any, inputs: Any) -> Any:
        return inputs[0]

    def module(self, genes: Any, inputs: Any, rng: Any) -> Any:
        return nn.Identity()


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAYERS._things, "turned", Turned())


def test_a_layer_and_a_gene_from_outside_take_part(turned: None) -> None:
    space = NetworkSpace(
        (1, 3), {"turned": {"angle": Angle()}}, {"learning_rate": Real(0.001, 1.0, log=True)}
    )
    algorithm = GuidedEvolution(10, lag=1).start(space, seed=0, budget=Budget(1))

    def aimed(candidate: Candidate) -> float:
        (angle, *_) = (dict(node.genes)["angle"] for node in candidate.genome.layers)  # type: ignore[attr-defined]
        return math.cos(math.radians(angle - 5))

    found = []
    for _ in range(40):
        (candidate,) = algorithm.ask(1)
        assert candidate.genome in space
        found.append(aimed(candidate))
        algorithm.tell([Evaluation(candidate, Status.OK, found[-1])])
    assert ("angle", "layer by layer") in algorithm.knowledge.coordinates.groups
    assert "angle (layer by layer)" in {name for name, _ in algorithm.beliefs()["matters"]}
    assert np.mean(found[30:]) > np.mean(found[:10]) + 0.5


def test_a_gene_that_fails_is_named() -> None:
    algorithm = GuidedEvolution(4).start(
        ParameterSpace({"angle": Angle(broken=True)}), seed=0, budget=Budget(1)
    )
    with pytest.raises(EvaluationError, match=r"Angle\.coordinates"):
        algorithm.ask(1)


def test_it_says_what_matters_and_where_it_was_wrong() -> None:
    space = ParameterSpace({"matters": Real(0.0, 1.0), "other": Real(0.0, 1.0)})
    algorithm = GuidedEvolution(12).start(space, seed=0, budget=Budget(1))
    assert algorithm.beliefs() == {}
    for number in range(40):
        (candidate,) = algorithm.ask(1)
        value = -1.0 if number == 30 else dict(candidate.genome.hyper)["matters"]  # type: ignore[attr-defined]
        algorithm.tell([Evaluation(candidate, Status.OK, value)])
    found = algorithm.beliefs()
    assert found["matters"][0][0] == "matters"
    assert sum(share for _, share in found["matters"]) == pytest.approx(1.0, abs=1e-3)
    assert found["networks"] == 36  # the last three were on their way for all that it knows
    assert found["rank_correlation"] > 0.5
    (expected,) = (expected for number, expected, place in found["surprises"] if (number, place) == (30, 36))
    assert expected < 20
    read = beliefs.Beliefs.of(json.loads(json.dumps(found)))
    assert read is not None
    assert (30, expected, 36) in read.surprises


def test_what_the_clock_has_cut_short_says_nothing() -> None:
    space = ParameterSpace({"matters": Real(0.0, 1.0), "other": Real(0.0, 1.0)})
    algorithm = GuidedEvolution(12).start(space, seed=0, budget=Budget(1))
    for _ in range(30):
        (candidate,) = algorithm.ask(1)
        value = dict(candidate.genome.hyper)["matters"]  # type: ignore[attr-defined]
        algorithm.tell([Evaluation(candidate, Status.OK, value)])
    for _ in range(12):
        algorithm.tell([Evaluation(candidate, Status.UNFINISHED) for candidate in algorithm.ask(1)])
    found = algorithm.beliefs()
    assert max(algorithm.knowledge.fits[-1].told) >= 30  # the last weights were fitted to such, too
    assert found["networks"] == 30
    assert all(number < 30 and place <= 30 for number, _, place in found["surprises"])
    assert found["rank_correlation"] > 0.5


@pytest.mark.parametrize(
    ("networks", "correlation", "tells"),
    [(20, 0.3, True), (19, 0.9, False), (200, 0.29, False), (200, None, False)],
)
def test_people_are_told_what_foretells_scores(networks: int, correlation: float | None, tells: bool) -> None:
    assert beliefs.Beliefs((("rate", 1.0),), networks, correlation, ()).tells is tells


def test_expectations_of_what_was_left_out_are_those_of_the_others() -> None:
    whole = points(GRAPH, some(GRAPH, 12))
    scores = normal_scores(np.random.default_rng(0).normal(size=12))
    process = Process(logs(GRAPH), whole, 12)
    left_out = scores - (process.inverse @ scores) / np.diag(process.inverse)
    others = np.arange(1, 12)
    _, counts = Process(logs(GRAPH), whole.at(others), 11).expected(scores[others])
    assert left_out[0] == pytest.approx(process.kernel[0, 1:] @ counts)


@pytest.mark.parametrize(
    "fact", [None, 7, {"matters": 3}, {"matters": [["a"], ["b", "c"], 4]}, {"matters": [["a", 1e300]]}]
)
def test_damaged_beliefs_are_harmless(fact: Any) -> None:
    found = beliefs.Beliefs.of(fact)
    assert found is None or not found.matters
