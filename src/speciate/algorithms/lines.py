"""Lines of inherited weights: who passed them on, and how many examples each of them was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from speciate.records import Ancestor, Evaluation


@dataclass(frozen=True, slots=True)
class Line:
    """A trained network with all those whose weights went into its own.

    Attributes:
        last: The network.
        examples: Examples that each member of the line was shown, the network included, by candidate id.
    """

    last: Ancestor
    examples: Mapping[int, int]


def line_of(evaluation: Evaluation, lines: Mapping[int, Line]) -> dict[int, Line]:
    """The line that ends with an evaluation, by its candidate's id; none where no weights were kept.

    Args:
        evaluation: The result.
        lines: The lines of everything before it.
    """
    candidate = evaluation.candidate
    if evaluation.weights is None:
        return {}
    if evaluation.repeat_of is not None:  # nothing was trained: the line is that of the equal candidate
        return {candidate.id: lines[evaluation.repeat_of]} if evaluation.repeat_of in lines else {}
    examples: dict[int, int] = {candidate.id: evaluation.cost.examples_seen}
    for ancestor in candidate.ancestors:
        if ancestor.id in lines:
            examples.update(lines[ancestor.id].examples)
    return {candidate.id: Line(Ancestor(candidate.id, candidate.genome, evaluation.weights), examples)}
