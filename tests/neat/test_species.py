"""Each rule of speciation and selection by hand; pages are those of Stanley & Miikkulainen 2002."""

from __future__ import annotations

import numpy as np
import pytest
from cases import FIRST, SECOND, genome, roomy, row_of, state, the_rates

from speciate.neat import species as kinds
from speciate.neat.compiled import reproduction
from speciate.neat.compiled.distance import assign, distance, spread
from speciate.neat.compiled.reproduction import Selection
from speciate.neat.evolvers import Neat
from speciate.neat.parameters import PAPER
from speciate.neat.species import Species


def measured(**settings) -> list[float]:
    """The distance of figure 4's parents, both ways."""
    found, table = [], roomy([FIRST, SECOND])
    for a, b in ((0, 1), (1, 0)):
        dense = np.full(20, np.nan)
        spread(dense, row_of(table, b))
        found.append(distance(row_of(table, a), row_of(table, b), dense, the_rates(**settings)))
    return found


def test_distance_of_figure_4() -> None:
    """Page 110, equation 1: 3 disjoint genes, 2 excess; matching weights differ by 1, 2, 0, 0, 0.5: 0.7 on average."""
    assert measured(c1=1, c2=0, c3=0) == [2.0, 2.0]
    assert measured(c1=0, c2=1, c3=0) == [3.0, 3.0]
    assert measured(c1=0, c2=0, c3=1) == [pytest.approx(0.7)] * 2
    assert measured() == [pytest.approx(5 + 0.4 * 0.7)] * 2  # N = 1: both have fewer than 20 genes
    assert measured(small_genome=9) == [pytest.approx(5 / 9 + 0.4 * 0.7)] * 2  # N = 9, the larger one


def line(weight: float):
    return genome([(0, 0, 2, weight, True)], inputs=1)


def test_a_genome_joins_the_first_species_that_is_near_enough() -> None:
    """Page 110: the species do not overlap; who fits nowhere founds a new one. Distances are differences of weights."""
    table = roomy([line(w) for w in (1.9, 0.1, 5.0, 5.4, 2.0)])
    representatives = roomy([line(0.0), line(2.5)])
    belongs, founders = np.empty(5, np.int32), np.empty(5, np.int64)
    rules = the_rates(1, c3=1.0)
    dense = np.full(1, np.nan)
    founded = assign(table, representatives, 2.0, 5, dense, rules, belongs, founders)
    assert belongs.tolist() == [0, 0, 2, 2, 1]  # 1.9 is nearer to the second, but the first is near enough
    assert founded == 1
    assert founders[0] == 2
    assert np.isnan(dense).all()


def test_large_populations_are_divided_block_by_block_as_if_in_one() -> None:
    """Species 0 has its representative; the others are founded by the first of their kind, whatever block it is in."""
    weights = np.random.default_rng(0).permutation(np.repeat([0.0, 10.0, 20.0, 30.0], 700))
    weights[:1500][weights[:1500] == 30.0] = 10.0  # none of the last kind in the first block
    belongs, founders = np.empty(2800, np.int32), np.empty(2800, np.int64)
    table, dense = roomy([line(w) for w in weights]), np.full(1, np.nan)
    founded = assign(table, roomy([line(0.0)]), 3.0, 9, dense, the_rates(1), belongs, founders)
    firsts = sorted(int(np.flatnonzero(weights == w)[0]) for w in (10.0, 20.0, 30.0))
    assert founders[:founded].tolist() == firsts
    home = {0.0: 0} | {weights[row]: 1 + k for k, row in enumerate(firsts)}
    assert belongs.tolist() == [home[w] for w in weights]


def test_where_no_more_species_may_be_founded_the_nearest_takes_all() -> None:
    table = roomy([line(w) for w in (9.0, -9.0, 1.0)])
    belongs, founders = np.empty(3, np.int32), np.empty(3, np.int64)
    representatives = roomy([line(0.0), line(2.5)])
    dense = np.full(1, np.nan)
    assert assign(table, representatives, 0.5, 2, dense, the_rates(1), belongs, founders) == 0
    assert belongs.tolist() == [1, 0, 0]


def test_fitness_is_shared_within_a_species() -> None:
    """Page 110, equation 2: each member's fitness is divided by the size of its species."""
    belongs, sizes = np.array([0, 0, 0, 1]), np.array([3, 1])
    assert kinds.shares(np.array([3.0, 6.0, 9.0, 2.0]), belongs, sizes).tolist() == [6.0, 2.0]
    assert kinds.shares(np.array([-3.0, 0.0, 3.0, 2.0]), belongs, sizes).tolist() == [3.0, 5.0]


def test_children_are_apportioned_by_largest_remainders() -> None:
    """Page 110: in proportion to the sums of adjusted fitness."""
    assert kinds.apportion(np.array([6.0, 2.0]), 8).tolist() == [6, 2]
    assert kinds.apportion(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert kinds.apportion(np.array([5.0, 3.0, 0.0]), 5).tolist() == [3, 2, 0]  # 3.125 and 1.875
    assert kinds.apportion(np.zeros(2), 5).tolist() == [3, 2]


def some(best, improved) -> Species:
    count = len(best)
    return Species(np.arange(count), np.zeros(count, int), np.array(best, float), np.array(improved))


def test_a_species_without_progress_for_15_generations_may_not_reproduce() -> None:
    """Page 112; the species of the fittest individual, number 2, always may."""
    species = some([1.0, 2.0, 3.0, 4.0], [10, 5, 5, 6])
    assert kinds.fertile(species, 20, False, 2, PAPER).tolist() == [True, False, True, True]


def test_a_population_without_progress_is_left_to_its_two_best_species() -> None:
    """Page 110, footnote: after 20 generations."""
    species = some([1.0, 4.0, 3.0, 2.0], [0, 0, 0, 0])
    assert kinds.fertile(species, 21, True, 1, PAPER).tolist() == [False, True, True, False]
    evolver = Neat(2, 1, 20, parameters=PAPER)
    seen = [evolver._note_progress(1.0)]
    for generation in range(1, 45):
        evolver.generation = generation
        seen.append(evolver._note_progress(1.0))
    assert np.flatnonzero(seen).tolist() == [21, 42]  # the clock starts again


def a_selection(**rules) -> Selection:
    """Species 0 with seven members, species 1 with three; the fittest of all is row 9."""
    fitness = np.array([5.0, 4, 3, 2, 1, 6, 7, 8, 5, 9])
    belongs = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    return kinds.select(fitness, belongs, np.array([True, True]), PAPER.but(**rules))


def test_the_champion_of_a_species_with_more_than_five_networks_is_kept() -> None:
    """Page 112. The fittest individual of all is kept too."""
    selection = a_selection()
    assert selection.members.tolist() == [6, 5, 0, 1, 2, 3, 4, 9, 7, 8]
    assert selection.starts.tolist() == [0, 7]
    assert selection.quotas.tolist() == [4, 6]  # mean fitness 4 and 22 / 3
    assert selection.elites.tolist() == [1, 1]
    assert a_selection(elite_above=7).elites.tolist() == [0, 1]


def test_only_the_fittest_have_children() -> None:
    """Page 110: the lowest performing members are eliminated first."""
    assert a_selection(survival=0.2).survivors.tolist() == [2, 1]
    assert a_selection(survival=0.5).survivors.tolist() == [4, 2]


def paired(selection: Selection, fitness: np.ndarray, **rules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    children = int(selection.quotas.sum())
    mothers, fathers = np.empty(children, np.int64), np.empty(children, np.int64)
    changed = np.empty(children, np.bool_)
    reproduction.pair(selection, fitness, np.uint64(1), the_rates(**rules), mothers, fathers, changed)
    return mothers, fathers, changed


BIG = Selection(*(np.array(column) for column in ([3, 2, 1, 0, 5, 4], [0, 4], [3, 2], [2000, 2000], [1, 0])))
"""Rows 3, 2, 1, 0 are one species and 5, 4 the other; fitness is the row's number."""


def test_parents_are_survivors_and_the_fitter_one_is_the_mother() -> None:
    mothers, fathers, changed = paired(BIG, np.arange(6.0), interspecies=0.0)
    assert (mothers[0], fathers[0], changed[0]) == (3, -1, False)
    assert changed[1:].all()
    assert set(mothers[1:2000]) == {1, 2, 3}
    assert set(mothers[2000:]) == {4, 5}
    both = fathers >= 0
    assert (mothers[both] > fathers[both]).all()


def test_a_quarter_of_the_children_have_one_parent() -> None:
    """Page 112: 25 % come from mutation without crossover."""
    crowd = Selection(*(np.array(column) for column in ([*range(1000)], [0], [1000], [4000], [0])))
    _, fathers, _ = paired(crowd, np.zeros(1000))
    assert np.mean(fathers < 0) == pytest.approx(0.25, abs=0.02)


def test_species_mate_at_the_interspecies_rate() -> None:
    """Page 112: 0.001."""
    for rate, least, most in ((0.0, 0, 0), (0.1, 220, 380), (1.0, 2800, 3200)):
        mothers, fathers, _ = paired(BIG, np.arange(6.0), interspecies=rate)
        mixed = (fathers >= 0) & ((mothers >= 4) != (fathers >= 4))
        assert least <= mixed.sum() <= most
    assert PAPER.interspecies == 0.001


def test_champions_pass_unchanged_and_the_first_networks_are_minimal() -> None:
    """Page 111: no hidden nodes, every input connected to every output."""
    evolver = Neat(3, 2, 30, seed=4, parameters=PAPER)
    first = evolver.ask()
    assert first.hidden.max() == 0
    assert (first.connections == 8).all()
    assert all(np.abs([g.weight for g in first.genome(row).connections]).max() <= 1.0 for row in range(30))
    assert len({first.genome(row).key for row in range(30)}) == 30
    fitness = np.zeros(30)
    fitness[17] = 1.0
    evolver.tell(fitness)
    champion = first.genome(17)
    assert champion in [evolver.ask().genome(row) for row in range(30)]


def test_representatives_are_members_chosen_at_random() -> None:
    """Page 110: a random genome of the species in the previous generation."""
    chosen = np.array([_chosen(key) for key in range(600)])
    assert set(chosen[:, 0]) == {0, 1, 2, 3}
    assert set(chosen[:, 1]) == {4, 5}
    assert np.mean(chosen[:, 1] == 4) == pytest.approx(0.5, abs=0.07)


def _chosen(key: int) -> list[int]:
    chosen = np.empty(2, np.int64)
    reproduction.choose_representatives(BIG, np.array([4, 2]), np.uint64(key), chosen)
    return chosen.tolist()


def test_fitness_that_is_no_number_counts_as_the_worst() -> None:
    with_nan, with_low = (Neat(2, 1, 20, seed=3, parameters=PAPER) for _ in range(2))
    fitness = np.linspace(1.0, 2.0, 20)
    fitness[5] = np.nan
    with_nan.tell(fitness)
    fitness[5] = 0.0
    with_low.tell(fitness)
    assert state(with_nan) == state(with_low)


def test_a_part_of_a_population_is_a_population() -> None:
    evolver = Neat(2, 1, 10)
    part = evolver.ask().take(np.array([3, 1]))
    assert [part.genome(row) for row in (0, 1)] == [evolver.ask().genome(row) for row in (3, 1)]
