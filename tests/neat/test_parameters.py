"""The parameters: those that the paper prints, and what is refused."""

from __future__ import annotations

from dataclasses import fields

import pytest

from speciate.errors import ConfigurationError
from speciate.neat.evolvers import Neat
from speciate.neat.parameters import PAPER, PAPER_LARGE, NeatParameters


def test_the_papers_values() -> None:
    """Page 112, section 4.1."""
    assert (PAPER.c1, PAPER.c2, PAPER.c3, PAPER.compatibility_threshold) == (1.0, 1.0, 0.4, 3.0)
    assert (PAPER.mutate_weights, PAPER.replace_weight, PAPER.inherit_disabled) == (0.8, 0.1, 0.75)
    assert (PAPER.mutation_only, PAPER.interspecies) == (0.25, 0.001)
    assert (PAPER.add_node, PAPER.add_connection, PAPER.stagnation, PAPER.elite_above) == (0.03, 0.05, 15, 5)
    assert (PAPER_LARGE.c3, PAPER_LARGE.compatibility_threshold, PAPER_LARGE.add_connection) == (
        3.0,
        4.0,
        0.3,
    )


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        NeatParameters(
            survival=1.5, weight_power=-1.0, activations=("sigmoid", "step"), add_node=0.9, add_connection=0.2
        )
    assert [word in caught.value.what for word in ("survival", "weight_power", "'step'", "together")] == [
        True
    ] * 4
    with pytest.raises(ConfigurationError, match="nan"):
        NeatParameters(c3=float("nan"))
    with pytest.raises(ConfigurationError, match="empty"):
        NeatParameters(activations=())


def test_every_number_is_checked() -> None:
    others = {"recurrent", "structure_alone", "activations", "output_activation"}
    for field in fields(NeatParameters):
        if field.name not in others:
            with pytest.raises(ConfigurationError, match=f"{field.name} = -1"):
                PAPER.but(**{field.name: -1})


def test_a_population_has_two_genomes_at_least() -> None:
    with pytest.raises(ConfigurationError, match="1 genomes"):
        Neat(2, 1, 1)
