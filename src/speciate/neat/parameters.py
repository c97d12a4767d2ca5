"""NEAT's parameters: the paper's names and values, and a tuned preset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class NeatParameters:
    """Stanley & Miikkulainen 2002, section 4.1; the defaults are the paper's.

    Attributes:
        c1: Weight of excess genes in the compatibility distance.
        c2: Weight of disjoint genes.
        c3: Weight of the mean difference of matching genes' weights.
        small_genome: Genomes with fewer genes than this are not normalized by their size.
        compatibility_threshold: delta_t, below which a genome belongs to a species.
        species_target: How many species the threshold is steered to; None leaves it where it is.
        species_limit: Most species there may be; genomes that fit nowhere go to the nearest one.
        mutate_weights: Chance that a child's weights are mutated.
        replace_weight: Chance that a weight is then drawn anew instead of perturbed.
        weight_power: Greatest perturbation.
        weight_range: Greatest new weight.
        first_range: Greatest weight in the first generation.
        inherit_disabled: Chance that a gene is disabled in the child if it is in either parent.
        mutation_only: Share of children with one parent.
        mate_only: Share of the children of two parents that are not mutated.
        mate_average: Share of the children of two parents that have the mean weight in matching genes.
        interspecies: Chance that the second parent is of another species.
        add_node: Chance of a new node.
        add_connection: Chance of a new connection.
        structure_alone: Whether a child with a new node or connection keeps its weights for now.
        split_later: In genomes with fewer genes than `split_genome`, the chance that an enabled connection is passed over in
            favor of a younger one when a node is added; 1 makes all equally likely.
        split_genome: See `split_later`.
        tries: How many pairs of nodes are looked at for a new connection.
        survival: Share of each species that may have children, from the fittest down.
        elite_above: Species with more members than this keep their champion unchanged.
        stagnation: Generations without progress after which a species may not reproduce.
        population_stagnation: Generations without progress of the whole population after which only the two best
            species reproduce.
        recurrent: Whether connections may lead back.
        activations: Of hidden nodes.
        output_activation: Of outputs.
        mutate_activation: Chance that a hidden node gets another activation.
    """

    c1: float = 1.0
    c2: float = 1.0
    c3: float = 0.4
    small_genome: int = 20
    compatibility_threshold: float = 3.0
    species_target: int | None = None
    species_limit: int | None = None
    mutate_weights: float = 0.8
    replace_weight: float = 0.1
    weight_power: float = 2.5
    weight_range: float = 2.5
    first_range: float = 1.0
    inherit_disabled: float = 0.75
    mutation_only: float = 0.25
    mate_only: float = 0.0
    mate_average: float = 0.0
    interspecies: float = 0.001
    add_node: float = 0.03
    add_connection: float = 0.05
    structure_alone: bool = False
    split_later: float = 0.3
    split_genome: int = 15
    tries: int = 20
    survival: float = 0.2
    elite_above: int = 5
    stagnation: int = 15
    population_stagnation: int = 20
    recurrent: bool = False
    activations: tuple[str, ...] = ("sigmoid",)
    output_activation: str = "sigmoid"
    mutate_activation: float = 0.0

    def but(self, **changes: Any) -> NeatParameters:
        """The same with some changes."""
        return replace(self, **changes)


PAPER = NeatParameters()
"""The paper's parameters for populations of 150."""

TUNED = NeatParameters(
    species_target=15, species_limit=30, add_connection=0.3, weight_power=1.0, mate_only=0.2
)
"""What is used unless something else is asked for."""

PRESETS = {"paper": PAPER, "tuned": TUNED}
"""Presets by name."""
