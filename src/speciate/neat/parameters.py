"""NEAT's parameters: the paper's names and values, and a tuned preset."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from speciate.errors import ConfigurationError
from speciate.neat.genome import ACTIVATIONS

Chance = float
"""A number from 0 to 1."""

SIZES = ("int", "float", "int | None")
"""How the other numbers are declared: they are not negative."""


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

    Raises:
        ConfigurationError: Values are out of range; all of them are named.
    """

    c1: float = 1.0
    c2: float = 1.0
    c3: float = 0.4
    small_genome: int = 20
    compatibility_threshold: float = 3.0
    species_target: int | None = None
    species_limit: int | None = None
    mutate_weights: Chance = 0.8
    replace_weight: Chance = 0.1
    weight_power: float = 2.5
    weight_range: float = 2.5
    first_range: float = 1.0
    inherit_disabled: Chance = 0.75
    mutation_only: Chance = 0.25
    mate_only: Chance = 0.0
    mate_average: Chance = 0.0
    interspecies: Chance = 0.001
    add_node: Chance = 0.03
    add_connection: Chance = 0.05
    structure_alone: bool = False
    split_later: Chance = 0.3
    split_genome: int = 15
    tries: int = 20
    survival: Chance = 0.2
    elite_above: int = 5
    stagnation: int = 15
    population_stagnation: int = 20
    recurrent: bool = False
    activations: tuple[str, ...] = ("sigmoid",)
    output_activation: str = "sigmoid"
    mutate_activation: Chance = 0.0

    def __post_init__(self) -> None:
        wrong = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "Chance" and not 0 <= value <= 1:
                wrong.append(f"{field.name} = {value} is not a chance from 0 to 1")
            if field.type in SIZES and value is not None and not 0 <= value < float("inf"):
                wrong.append(f"{field.name} = {value} is negative or no number")
        unknown = {*self.activations, self.output_activation} - set(ACTIVATIONS)
        wrong += [f"{name!r} is no activation" for name in unknown]
        if self.add_node + self.add_connection > 1:
            wrong.append("add_node and add_connection together are more than 1")
        if not self.activations:
            wrong.append("activations is empty")
        if wrong:
            raise ConfigurationError(
                "; ".join(wrong), where="NeatParameters", hint=f"activations are {', '.join(ACTIVATIONS)}"
            )

    def but(self, **changes: Any) -> NeatParameters:
        """The same with some changes."""
        return replace(self, **changes)


PAPER = NeatParameters()
"""The paper's parameters for populations of 150."""

PAPER_LARGE = PAPER.but(c3=3.0, compatibility_threshold=4.0, add_connection=0.3)
"""The paper's parameters for double pole balancing without velocities, population 1,000."""

TUNED = NeatParameters(
    c3=1.0,
    species_target=15,
    species_limit=30,
    replace_weight=0.03,
    weight_power=0.5,
    mate_only=0.2,
    add_connection=0.3,
    stagnation=30,
    population_stagnation=100,
    activations=("tanh",),
)
"""What is used unless something else is asked for."""

PRESETS = {"tuned": TUNED, "paper": PAPER, "paper-large": PAPER_LARGE}
"""Presets by name."""


def preset_of(name: str) -> NeatParameters:
    """The parameters of a preset.

    Raises:
        ConfigurationError: There is none of this name.
    """
    if name not in PRESETS:
        raise ConfigurationError(f"there is no preset {name!r:.60}", hint=f"one of {', '.join(PRESETS)}")
    return PRESETS[name]
