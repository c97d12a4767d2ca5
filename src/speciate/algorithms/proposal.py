"""What an algorithm proposes, and whether it may be proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from speciate.errors import EvaluationError
from speciate.records import Budget, Candidate, Genome, Phase
from speciate.spaces import NetworkGenome


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an algorithm proposes, before the shell makes a candidate of it.

    Attributes:
        genome: The genome.
        parents: Ids of the candidates it was made from.
        operator: Name of the operator that made it.
        budget: What its evaluation may spend, where it differs from the run's.
        like: A candidate whose ancestors it has, instead of having its parents as ancestors.
        fold: Which rows it is scored on; see `Candidate`.
    """

    genome: Genome
    parents: tuple[int, ...] = ()
    operator: str = "sample"
    budget: Budget | None = None
    like: Candidate | None = None
    fold: int = 0


def genome_of(candidate: Candidate) -> NetworkGenome:
    """The candidate's genome. Records accept any kind; the algorithms here work on those of `speciate.spaces`."""
    return cast(NetworkGenome, candidate.genome)


def checked(proposal: Any, algorithm: Any, number: int) -> Proposal | None:
    """What `_ask` has given, if it is what it may give; None where the algorithm is finished.

    Args:
        proposal: What it has given.
        algorithm: What was asked.
        number: The id that the candidate would have.

    Raises:
        EvaluationError: It is something else.
    """
    name = f"{type(algorithm).__name__}._ask"
    if proposal is None and not algorithm.asked and algorithm.phase is Phase.SEARCH:
        raise EvaluationError(f"{name} proposes nothing", hint="return a Proposal; None ends the search")
    if proposal is None:
        return None
    if not isinstance(proposal, Proposal):
        raise EvaluationError(
            f"{name} gives a {type(proposal).__name__}, not a Proposal",
            hint="return speciate.Proposal(genome, parents), or what self._sample and self._child give",
        )
    earlier = number if algorithm.phase is Phase.SEARCH else float("inf")
    if not all(type(parent) is int and parent < earlier for parent in proposal.parents):
        raise EvaluationError(
            f"{name} names parents {proposal.parents!r:.80}", hint="parents are the ids of earlier candidates"
        )
    return proposal
