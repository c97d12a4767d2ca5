"""Networks by hand: sums, activations, memory; a network's outputs do not depend on what is evaluated beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cases import FIRST, known, randomness, roomy, row_of, the_rates

from speciate.neat.compiled.mutation import add_node
from speciate.neat.evolvers import Neat
from speciate.neat.genome import ACTIVATIONS, ConnectionGene, NeatGenome, NodeGene
from speciate.neat.parameters import PAPER
from speciate.neat.population import Population
from speciate.neat.tasks import Xor


def linear(wires: list[tuple[int, int, float]], hidden: dict[int, float], inputs: int = 1) -> NeatGenome:
    """A genome of linear nodes with one output; hidden nodes by id with their places."""
    nodes = (
        NodeGene(inputs + 1, 1.0, "linear"),
        *(NodeGene(n, place, "linear") for n, place in hidden.items()),
    )
    connections = [ConnectionGene(i, source, target, w, True) for i, (source, target, w) in enumerate(wires)]
    return NeatGenome(inputs, 1, nodes, tuple(connections))


def answers(genome: NeatGenome, steps: list[list[float]]) -> list[float]:
    columns = Population.of([genome]).networks().start(np.array([0]))
    return [float(columns.step(np.array([step]).T)[0, 0]) for step in steps]


def test_a_network_by_hand() -> None:
    """FIRST of figure 4: hidden 4 hears 1 and 0, the output hears 0, the bias and 4; 1 to 3 is disabled."""
    (seen,) = answers(FIRST, [[0.3, -0.2]])
    hidden = 1 / (1 + math.exp(-4.9 * (0.3 - 0.2)))
    assert seen == pytest.approx(1 / (1 + math.exp(-4.9 * (0.3 + 1.0 + hidden))), rel=1e-12)


def test_xor_by_hand() -> None:
    """One hidden node as "and" is enough; fitness is the square of 4 less the errors."""
    nodes = (NodeGene(3, 1.0, "sigmoid"), NodeGene(4, 0.5, "sigmoid"))
    wires = [
        (0, 4, 20.0),
        (1, 4, 20.0),
        (2, 4, -30.0),
        (0, 3, 20.0),
        (1, 3, 20.0),
        (2, 3, -10.0),
        (4, 3, -60.0),
    ]
    genes = tuple(ConnectionGene(i, s, t, w, True) for i, (s, t, w) in enumerate(wires))
    scores = Xor().evaluate(Population.of([NeatGenome(2, 1, nodes, genes)]).networks(), 0)
    assert scores.solved.tolist() == [True]
    assert scores.fitness[0] == pytest.approx(16.0)
    nothing = NeatGenome(2, 1, nodes[:1], ())
    scores = Xor().evaluate(Population.of([nothing]).networks(), 0)  # 0.5 everywhere: four errors of a half
    assert scores.fitness.tolist() == [4.0]
    assert scores.solved.tolist() == [False]


def test_a_loop_remembers_the_step_before() -> None:
    echo = linear([(0, 2, 1.0), (2, 2, 0.5)], {})
    assert answers(echo, [[1.0], [1.0], [1.0], [0.0]]) == [1.0, 1.5, 1.75, 0.875]


def test_a_connection_back_is_delayed_and_one_up_is_not() -> None:
    """Hidden 3 hears the input and, late, the output; the output is twice the hidden node."""
    back = linear([(0, 3, 1.0), (3, 2, 2.0), (2, 3, 0.25)], {3: 0.5})
    assert answers(back, [[1.0], [0.0], [0.0]]) == [2.0, 1.0, 0.5]


def test_a_split_loop_keeps_its_delay() -> None:
    echo = linear([(0, 2, 1.0), (2, 2, 0.5)], {})
    innovations, table = known([echo]), roomy([echo])
    rules = the_rates(1, split_later=0.0, activations=("linear",))
    row_of(table).connections["enabled"][0] = False
    add_node(row_of(table), innovations.marks, randomness(), rules)
    row_of(table).connections["enabled"][0] = True
    split = Population(1, 1, table).genome(0)
    assert split.hidden == 1
    assert answers(split, [[1.0], [1.0], [1.0], [0.0]]) == [1.0, 1.5, 1.75, 0.875]


def test_what_leads_nowhere_is_not_computed() -> None:
    dead_end = linear([(0, 2, 1.0), (0, 3, 1.0), (3, 4, 1.0)], {3: 0.5, 4: 0.75})
    networks = Population.of([dead_end]).networks()
    assert networks.plan.first_node.tolist() == [0, 1]
    assert answers(dead_end, [[3.0]]) == [3.0]


@pytest.mark.parametrize(
    ("name", "above", "below"),
    [
        ("sigmoid", 1 / (1 + math.exp(-3.43)), 1 / (1 + math.exp(3.43))),
        ("tanh", math.tanh(0.7), -math.tanh(0.7)),
        ("relu", 0.7, 0.0),
        ("linear", 0.7, -0.7),
        ("sine", math.sin(0.7), -math.sin(0.7)),
        ("gaussian", math.exp(-0.49), math.exp(-0.49)),
        ("absolute", 0.7, 0.7),
        ("logistic", 1 / (1 + math.exp(-0.7)), 1 / (1 + math.exp(0.7))),
    ],
)
def test_activations(name: str, above: float, below: float) -> None:
    """At 0.7 and at -0.7; the paper's sigmoid is that of 4.9 times its sum (page 112)."""
    genome = NeatGenome(1, 1, (NodeGene(2, 1.0, name),), (ConnectionGene(0, 0, 2, 0.7, True),))
    assert answers(genome, [[1.0], [-1.0]]) == pytest.approx([above, below], rel=1e-12)


def test_every_activation_is_tested() -> None:
    marks = next(m for m in test_activations.pytestmark if m.name == "parametrize")
    assert [case[0] for case in marks.args[1]] == list(ACTIVATIONS)


@pytest.mark.parametrize("recurrent", [False, True])
def test_a_network_answers_alike_in_any_company(recurrent: bool) -> None:
    evolver = Neat(
        2, 1, 30, seed=2, parameters=PAPER.but(add_node=0.4, add_connection=0.4, recurrent=recurrent)
    )
    for generation in range(8):
        evolver.tell(np.arange(30.0) % (generation + 3))
    rng, population = np.random.default_rng(0), evolver.ask()
    seen = rng.normal(size=(4, 2, 30))
    together = population.networks().start(np.arange(30))
    all_ = np.array([together.step(step) for step in seen])
    for row in range(30):
        alone = population.take([row]).networks().start(np.array([0]))
        assert [float(alone.step(step[:, [row]])[0, 0]) for step in seen] == all_[:, 0, row].tolist()
