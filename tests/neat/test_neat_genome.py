"""One genome by itself: its one JSON form, and what can be read off it."""

from __future__ import annotations

import json

from cases import FIRST, SECOND, genome

from speciate.neat.evolvers import Neat
from speciate.neat.genome import NeatGenome
from speciate.neat.parameters import PAPER


def test_a_genome_survives_json_to_the_last_bit() -> None:
    evolver = Neat(3, 2, 20, seed=1, parameters=PAPER.but(add_node=0.4, add_connection=0.4, recurrent=True))
    for generation in range(6):
        evolver.tell([float((row * 7 + generation) % 5) for row in range(20)])
    for row in range(20):
        one = evolver.ask().genome(row)
        again = NeatGenome.from_json(json.loads(json.dumps(one.to_json())))
        assert again == one
        assert again.key == one.key


def test_what_can_be_read_off() -> None:
    assert (FIRST.hidden, SECOND.hidden) == (1, 2)
    assert not SECOND.recurrent
    assert genome([(0, 0, 3, 1.0, True), (1, 3, 3, 1.0, True)]).recurrent
    assert not genome([(0, 0, 3, 1.0, True), (1, 3, 3, 1.0, False)]).recurrent
