"""How much memory networks take when they are trained as one stack, and how they are cut into stacks that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from speciate.training.recipe import Recipe
from speciate.training.tape import Tape

PARAMETER_BYTES = 15 * 4
"""Bytes of a parameter: itself, its gradient twice, two moments, its average, and what the optimizer needs in passing; float32."""
UNIT_BYTES = 6 * 4
"""Bytes of a unit for one example: its sum, activation, mask, a copy sorted by function, and gradients; float32."""
MASK_BYTES = 6 * 8
"""Bytes that making a unit's mask takes in passing, one layer at a time; int64."""
STEP_BYTES = 4 * 4
"""Bytes of a step: its learning rate, its weight decay, how far averages move, and its loss."""
INDEX_BYTES = 8
"""Bytes of a row number, and of a few more such numbers."""


@dataclass(frozen=True, slots=True)
class StackSize:
    """The numbers that a network's memory depends on.

    Attributes:
        widths: Inputs, then the units of every layer, the head last.
        batch: Examples in a step.
        examples: Examples to show in all.
        steps: Steps to take.
    """

    widths: tuple[int, ...]
    batch: int
    examples: int
    steps: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum((inputs + 1) * units for inputs, units in pairwise(self.widths))

    @property
    def bytes(self) -> int:
        """An estimate from above of the memory that training takes, without the examples themselves."""
        inputs, *units = self.widths
        example = 4 * inputs + UNIT_BYTES * sum(units) + MASK_BYTES * max(units) + 4 * INDEX_BYTES
        return (
            PARAMETER_BYTES * self.parameters
            + example * self.batch
            + INDEX_BYTES * self.examples
            + STEP_BYTES * self.steps
        )


def size_of(tape: Tape, recipe: Recipe) -> StackSize:
    """The size of one network."""
    widths = tuple(tape.widths)
    return StackSize(widths, min(recipe.batch_size, recipe.examples), recipe.examples, recipe.steps)


def largest(sizes: Sequence[StackSize]) -> StackSize:
    """What each network of a stack is padded to; all have the same number of layers."""
    return reduce(_larger, sizes)


def _larger(a: StackSize, b: StackSize) -> StackSize:
    widths = tuple(map(max, a.widths, b.widths))
    return StackSize(widths, max(a.batch, b.batch), max(a.examples, b.examples), max(a.steps, b.steps))


def split(sizes: Sequence[StackSize], memory_bytes: int) -> list[list[int]]:
    """Cut networks with the same number of layers into stacks.

    Neighbors in size share a stack, so that there is little padding.

    Args:
        sizes: Of the networks.
        memory_bytes: What a stack of more than one network may take.

    Returns:
        The places in `sizes` of each stack's networks.
    """
    stacks: list[list[int]] = []
    padded = sizes[0]
    for place in sorted(range(len(sizes)), key=lambda i: sizes[i].bytes):
        size = _larger(padded, sizes[place]) if stacks else sizes[place]
        if stacks and size.bytes * (len(stacks[-1]) + 1) <= memory_bytes:
            stacks[-1].append(place)
            padded = size
        else:
            stacks.append([place])
            padded = sizes[place]
    return stacks
