"""What a task is: it says what networks are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from speciate.neat.networks import Networks


@dataclass(frozen=True, eq=False)
class Scores:
    """What came of the networks of a generation, or of a slice of one.

    Attributes:
        fitness: (N,), greater is better; finite.
        solved: (N,), whether a network reached the task's goal.
        steps: (N,), steps of environments, or examples, that it took.
    """

    fitness: NDArray[np.float64]
    solved: NDArray[np.bool_]
    steps: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trace:
    """What a network did in one episode, for a picture.

    Attributes:
        columns: Names of what was recorded, with units.
        rows: (steps, columns).
        seconds: Between two rows; None where time means nothing.
        outcome: What came of it, in a few words.
    """

    columns: tuple[str, ...]
    rows: NDArray[np.float64]
    seconds: float | None
    outcome: str


class Task(ABC):
    """Something that networks can be good at.

    What a network scores depends on the network, the task and the seed alone, never on the other networks beside it.

    Attributes:
        name: By which `task_by_name` finds it.
        inputs: Of a network, without the bias.
        outputs: Of a network.
        output_activation: What suits the output nodes: "tanh" where outputs are from -1 to 1, "sigmoid" for 0 to 1, "linear".
        recurrent: Whether a network needs a memory.
        goal: The fitness at which a network may count as a solution; None where there is no such thing.
        fitness: What the fitness is, in one sentence.
        names: Of the inputs, then of the outputs, where they have names.
        random: Whether what a network scores depends on the seed, so that a champion is chosen on other seeds.
        brood: How many networks are scored at a time, unless somebody says otherwise; part of what a run is, so it must never
            depend on the machine.
        slow: Whether to score takes so long that worker processes pay.
    """

    name: str
    inputs: int
    outputs: int
    output_activation: Literal["tanh", "sigmoid", "linear"] = "tanh"
    recurrent: bool = False
    goal: float | None = None
    fitness: str
    names: tuple[str, ...] = ()
    random: bool = False
    brood: int = 1000
    slow: bool = False

    @abstractmethod
    def evaluate(self, networks: Networks, seed: int) -> Scores:
        """The fitness of every network.

        Args:
            networks: With the task's inputs and outputs.
            seed: Decides the starts of episodes, if they are random.
        """

    def confirm(self, networks: Networks, seed: int) -> NDArray[np.bool_]:
        """Whether networks that `evaluate` found solved are solutions.

        This is the long test that the literature makes for the champion of a generation alone, and it does not count as an
        evaluation. Without one, they are.

        Args:
            networks: Usually one.
            seed: The run's.

        Returns:
            (N,).
        """
        return np.ones(networks.size, np.bool_)

    @abstractmethod
    def verify(self, networks: Networks, seed: int) -> dict[str, float]:
        """How the first of some networks does where it has not been before: other starts, fresh episodes, sealed rows.

        Args:
            networks: Usually one, the champion.
            seed: The run's.

        Returns:
            Numbers by what they are.
        """

    def choose(self, networks: Networks, seed: int) -> float:
        """The score by which a champion is chosen among the best of a search: fitness on other seeds, unless there is better.

        Args:
            networks: One.
            seed: Another than that of the search.
        """
        return float(self.evaluate(networks, seed).fitness[0])

    def trace(self, networks: Networks, seed: int) -> Trace | None:
        """What the first of some networks does in one episode; None where there are no episodes."""
        return None

    def forms(self) -> dict[str, dict[str, Any]]:
        """How observations become inputs and outputs actions, as `speciate.champion.standalone.policy` does it, as JSON."""
        return {"observations": {"kind": "plain"}, "actions": {"kind": "plain"}}

    def table(self) -> dict[str, Any] | None:
        """What it takes to predict for raw rows, as JSON, where the task is a table."""
        return None

    def settings(self) -> dict[str, Any]:
        """What `task_by_name(name, **settings)` needs to make this task again, as JSON."""
        return {}
