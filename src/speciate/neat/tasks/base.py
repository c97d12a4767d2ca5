"""What a task is: it says what a network is worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from speciate.neat.networks import BoolArray, FloatArray, IntArray, Networks


@dataclass(frozen=True, eq=False)
class Scores:
    """What came of evaluating N networks.

    Attributes:
        fitness: (N,) higher is better.
        solved: (N,) whether the network does what the task asks for.
        steps: (N,) steps of the environment, or examples.
    """

    fitness: FloatArray
    solved: BoolArray
    steps: IntArray


class Task(ABC):
    """What networks are evolved for.

    Attributes:
        name: Its name on the command line.
        inputs: What a network is given.
        outputs: What it answers.
        recurrent: Whether a network needs a memory.
        goal: The fitness at which the task counts as solved, if there is one.
    """

    name: str
    inputs: int
    outputs: int
    recurrent: bool
    goal: float | None

    @abstractmethod
    def evaluate(self, networks: Networks, seed: int) -> Scores:
        """Score all networks; a network's score depends on it, the task and the seed, never on its neighbors."""

    def verify(self, networks: Networks, seed: int) -> dict[str, float]:
        """What a champion, the first of the networks, does in fresh cases; nothing where there are none."""
        return {}
