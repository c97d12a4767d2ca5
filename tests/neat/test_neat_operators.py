"""Each rule of variation by hand; pages are those of Stanley & Miikkulainen 2002, Evolutionary Computation 10(2), 99-127."""

from __future__ import annotations

import numpy as np
import pytest
from cases import FIRST, SECOND, changed, genome, known, randomness, read, roomy, row_of, the_rates

from speciate.neat.compiled.crossover import cross
from speciate.neat.compiled.innovations import Innovations, connection_mark
from speciate.neat.compiled.mutation import add_connection, add_node, mutate_activation, mutate_weights
from speciate.neat.compiled.table import empty
from speciate.neat.genome import ConnectionGene, NeatGenome

LINE = genome([(0, 0, 2, 0.7, True), (1, 1, 2, -0.4, True)], inputs=1)
"""One input and the bias, straight to the output."""


def test_a_split_connection_is_disabled_and_keeps_its_weight_behind_the_new_node() -> None:
    """Page 108: the connection into the new node weighs 1, the one out of it as much as the old one (figure 3)."""
    after = changed(LINE, add_node, split_later=0.0)
    assert after.connections == (
        ConnectionGene(0, 0, 2, 0.7, False),
        ConnectionGene(1, 1, 2, -0.4, True),
        ConnectionGene(2, 0, 3, 1.0, True),
        ConnectionGene(3, 3, 2, 0.7, True),
    )
    assert [(node.node, node.position) for node in after.nodes] == [(2, 1.0), (3, 0.5)]


def test_the_bias_and_what_is_disabled_are_not_split() -> None:
    silent = genome([(0, 0, 2, 0.7, False), (1, 1, 2, -0.4, True)], inputs=1)
    assert all(changed(silent, add_node, seed) == silent for seed in range(20))


def test_in_small_genomes_old_connections_are_split_first() -> None:
    """Not in the paper: from the authors' program, where it is what makes XOR never fail."""
    before = genome([(0, 0, 3, 0.1, True), (1, 1, 3, 0.2, True), (2, 2, 3, 0.3, True)])
    split = [[g.enabled for g in changed(before, add_node, s).connections[:3]] for s in range(400)]
    shares = [np.mean([not enabled[at] for enabled in split]) for at in range(3)]
    assert shares == [pytest.approx(0.7, abs=0.07), pytest.approx(0.21, abs=0.06), 0.0]  # 2 is the bias
    alike = [
        [g.enabled for g in changed(before, add_node, s, split_later=1.0).connections[:3]] for s in range(400)
    ]
    assert np.mean([not enabled[0] for enabled in alike]) == pytest.approx(0.5, abs=0.07)


def test_a_connection_is_added_between_two_nodes_that_are_not_connected() -> None:
    """Page 107: a single new connection gene with a random weight; here only one is possible (figure 3)."""
    before = genome([(0, 0, 3, 0.7, True), (1, 2, 3, -0.4, True)])
    after = changed(before, add_connection, tries=100)
    assert after.connections[:2] == before.connections
    new = after.connections[2]
    assert (new.innovation, new.source, new.target, new.enabled) == (2, 1, 3, True)
    assert -2.5 <= new.weight < 2.5
    assert changed(after, add_connection, tries=100) == after  # now there is nothing left to connect


def test_connections_lead_back_only_where_networks_may_be_recurrent() -> None:
    forward = [changed(SECOND, add_connection, seed) for seed in range(100)]
    assert not any(after.recurrent for after in forward)
    back = [changed(SECOND, add_connection, seed, recurrent=True) for seed in range(100)]
    ends = {(after.connections[-1].source, after.connections[-1].target) for after in back if after.recurrent}
    assert {(3, 3), (4, 4), (5, 5), (5, 4), (3, 4), (3, 5)} <= ends


def test_the_same_change_has_the_same_mark_in_every_genome() -> None:
    """Page 108: else each would get a number of its own; the list is kept for the whole run."""
    innovations = known([LINE])
    table = roomy([LINE, LINE])
    for row in (0, 1):
        add_node(row_of(table, row), innovations.marks, randomness(row), the_rates(1, split_later=0.0))
    assert [g.innovation for g in read(table, 0, 1).connections] == [
        g.innovation for g in read(table, 1, 1).connections
    ]
    assert connection_mark(innovations.marks, 3, 2) == 3
    assert connection_mark(innovations.marks, 2, 3) == 4


def test_a_connection_split_twice_by_one_genome_makes_two_nodes() -> None:
    innovations, table = known([LINE]), roomy([LINE])
    row = row_of(table)
    add_node(row, innovations.marks, randomness(), the_rates(1, split_later=0.0))
    row.connections["enabled"] = [True, True, False, False, *[False] * 6]
    add_node(row, innovations.marks, randomness(), the_rates(1, split_later=0.0))
    assert [node.node for node in read(table, inputs=1).nodes] == [2, 3, 4]
    assert innovations.marks.nodes[: innovations.nodes].tolist() == [[0, 0], [0, 1]]


def test_marks_survive_growth() -> None:
    rng, innovations, expected = np.random.default_rng(0), Innovations(), {}
    for _ in range(3000):
        pair = tuple(map(int, rng.integers(0, 60, 2)))
        innovations.make_room(1)
        mark = connection_mark(innovations.marks, *map(np.int64, pair))
        assert mark == expected.setdefault(pair, len(expected))
    again = Innovations(innovations.marks.connections[: innovations.connections])
    assert {p: connection_mark(again.marks, *map(np.int64, p)) for p in expected} == expected


def test_splitting_one_connection_again_and_again_ends_where_no_number_is_left_between() -> None:
    innovations, table = known([LINE]), roomy([LINE], 300)
    innovations.make_room(300)
    row = row_of(table)
    newest = 0
    for _ in range(120):
        row.connections["enabled"] = np.arange(len(row.connections)) == newest
        add_node(row, innovations.marks, randomness(), the_rates(1, split_later=0.0))
        newest = int(row.counts[0]) - 1  # what leads out of the newest node
    after = read(table, inputs=1)
    assert 50 < after.hidden < 60
    assert not after.recurrent


def test_weights_get_a_uniform_step_or_are_drawn_anew() -> None:
    """Page 112: each weight is perturbed with 90 % probability, and otherwise assigned a new value."""
    weights = {}
    for share in (0.0, 0.1, 1.0):
        rules = the_rates(replace_weight=share, weight_power=0.5, weight_range=2.0)
        table, state = roomy([genome([(i, 0, 3, 100.0, True) for i in range(5000)])], 0), randomness()
        mutate_weights(row_of(table), state, rules)
        weights[share] = table.connections["weight"][0]
    assert np.abs(weights[0.0] - 100.0).max() <= 0.5
    assert np.abs(weights[0.0] - 100.0).mean() == pytest.approx(0.25, rel=0.05)
    assert np.abs(weights[1.0]).max() <= 2.0
    assert np.abs(weights[1.0]).mean() == pytest.approx(1.0, rel=0.05)
    assert np.mean(weights[0.1] < 50.0) == pytest.approx(0.1, abs=0.015)


def test_an_activation_is_drawn_from_those_allowed() -> None:
    table = roomy([SECOND])
    rules = the_rates(activations=("tanh", "sine"))
    for seed in range(50):
        mutate_activation(row_of(table), randomness(seed), rules)
    nodes = read(table).nodes
    assert nodes[0].activation == "sigmoid"  # outputs keep theirs
    assert {node.activation for node in nodes[1:]} <= {"tanh", "sine"}


def children(mother: NeatGenome, father: NeatGenome, equal: bool, count: int, **settings) -> list[NeatGenome]:
    table, made = roomy([mother, father]), []
    rules, seen = the_rates(**settings), np.full(20, -1)
    for seed in range(count):
        child = empty(1, 20, 10)
        state = randomness(seed)
        cross(row_of(table, 0), row_of(table, 1), equal, row_of(child), state, rules, seen, seed)
        made.append(read(child))
    return made


def marks(of: NeatGenome) -> list[int]:
    return [gene.innovation for gene in of.connections]


def test_disjoint_and_excess_genes_come_from_the_fitter_parent() -> None:
    """Page 109, figure 4."""
    for mother, father in ((FIRST, SECOND), (SECOND, FIRST)):
        for child in children(mother, father, False, 30):
            assert marks(child) == marks(mother)
            assert child.nodes == mother.nodes


def test_of_equally_fit_parents_they_are_inherited_at_random() -> None:
    """Page 109, figure 4: in its example, fitnesses are equal."""
    made = children(FIRST, SECOND, True, 400)
    assert all({0, 1, 2, 3, 4} <= set(marks(child)) <= set(range(10)) for child in made)
    for mark in (5, 6, 7, 8, 9):
        assert np.mean([mark in marks(child) for child in made]) == pytest.approx(0.5, abs=0.1)
    for child in made:  # a hidden node is there if a gene speaks of it
        spoken = {end for gene in child.connections for end in (gene.source, gene.target)}
        assert {node.node for node in child.nodes} == {3} | (spoken & {4, 5})


def test_matching_genes_come_from_either_parent() -> None:
    """Page 109: at random."""
    made = children(FIRST, SECOND, False, 400)
    taken = [child.connections[0].weight for child in made]
    assert set(taken) == {1.0, 2.0}
    assert np.mean(taken) == pytest.approx(1.5, abs=0.08)
    averaged = children(FIRST, SECOND, False, 5, mate_average=1.0)
    assert all([g.weight for g in child.connections] == [1.5, 2.0, 1.0, 1.0, 0.75, 1.0] for child in averaged)


def test_a_gene_disabled_in_either_parent_is_probably_disabled() -> None:
    """Page 112: with a chance of 75 %. Gene 1 is disabled in both parents, gene 4 in one, the others in none."""
    made = children(FIRST, SECOND, False, 1000)
    enabled = np.mean([[gene.enabled for gene in child.connections] for child in made], axis=0)
    assert enabled.tolist() == [
        1.0,
        pytest.approx(0.25, abs=0.04),
        1.0,
        1.0,
        pytest.approx(0.25, abs=0.04),
        1.0,
    ]
    alone = children(SECOND, FIRST, False, 3, inherit_disabled=1.0)
    assert not any(child.connections[4].enabled for child in alone)
