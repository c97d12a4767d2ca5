"""What a task is: it says what networks are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from speciate.data import Data
from speciate.errors import ConfigurationError
from speciate.evaluators.intervals import Interval
from speciate.neat.networks import TableNetworks
from speciate.registry import Registry, own_source
from speciate.signatures import settings_of


@dataclass(frozen=True, eq=False)
class Scores:
    """What came of the networks of a generation, or of a slice of one.

    Attributes:
        fitness: (N,), greater is better; what is not a finite number counts as worse than everything else.
        solved: (N,), whether a network reached the task's goal.
        steps: (N,), steps of environments, or examples, that it took.
        failure: What went wrong with the first network that could not be scored, with the traceback; empty if nothing did.
    """

    fitness: NDArray[np.float64]
    solved: NDArray[np.bool_]
    steps: NDArray[np.int64]
    failure: str = ""

    @property
    def size(self) -> int:
        """How many networks there were."""
        return len(self.fitness)


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

    What a network scores depends on the network, the task and the seed alone, never on the other networks beside it. The arguments
    of the constructor are the task's settings; it keeps each in an attribute of the same name.

    Attributes:
        name: By which it is chosen; that of the class in lower case unless it says otherwise.
        inputs: Of a network, without the bias.
        outputs: Of a network.
        output_activation: What suits the output nodes: "tanh" where outputs are from -1 to 1, "sigmoid" for 0 to 1, "linear".
        recurrent: Whether a network needs a memory.
        goal: The fitness at which a network may count as a solution; None where there is no such thing.
        fitness: What the fitness is, in one sentence.
        names: Of the inputs, then of the outputs, where they have names.
        random: Whether what a network scores depends on the seed, so that a champion is chosen on other seeds.
        slice_size: How many networks are scored at a time by default; part of what a run is, so it must never depend on the machine.
        slow: Whether to score takes so long that worker processes pay.
        data: What there is to learn from by gradient; None where there is no such thing.
    """

    name: str
    inputs: int
    outputs: int
    output_activation: Literal["tanh", "sigmoid", "linear"] = "tanh"
    recurrent: bool = False
    goal: float | None = None
    fitness: str = "fitness"
    names: tuple[str, ...] = ()
    random: bool = False
    slice_size: int = 1000
    slow: bool = False
    data: Data | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" not in vars(cls):
            cls.name = cls.__name__.lower()

    @abstractmethod
    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """The fitness of every network.

        Args:
            networks: With the task's inputs and outputs.
            seed: Decides the starts of episodes, if they are random.
        """

    def confirm(self, networks: TableNetworks, seed: int) -> NDArray[np.bool_]:
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

    def verify(self, networks: TableNetworks, seed: int) -> dict[str, float]:
        """How the first of some networks does where it has not been before: other starts, fresh episodes, sealed rows.

        Args:
            networks: Usually one, the champion.
            seed: The run's.

        Returns:
            Numbers by what they are; none where there is nothing new.
        """
        return {}

    def choose(self, networks: TableNetworks, seed: int) -> float:
        """The score by which a champion is chosen among the best of a search: fitness on other seeds, unless there is better.

        Args:
            networks: One.
            seed: Another than that of the search.
        """
        return float(self.evaluate(networks, seed).fitness[0])

    def test(self, networks: TableNetworks) -> Interval | None:
        """The first network's score on sealed rows, which this opens; None where there are none."""
        return None

    def trace(self, networks: TableNetworks, seed: int) -> Trace | None:
        """What the first of some networks does in one episode; None where there are no episodes."""
        return None

    def forms(self) -> dict[str, dict[str, Any]]:
        """How observations become inputs and outputs actions, as `speciate.champion.standalone.connections` does it, as JSON."""
        return {"observations": {"kind": "plain"}, "actions": {"kind": "plain"}}

    def table(self) -> dict[str, Any] | None:
        """What it takes to predict for raw rows, as JSON, where the task is a table."""
        return None

    def settings(self) -> dict[str, Any]:
        """What `task_by_name(name, **settings)` needs to make this task again, as JSON."""
        return settings_of(self)

    def source(self) -> dict[str, str]:
        """What a change of its code is noticed by, where that does not belong to the package; see `speciate.registry.own_source`."""
        return own_source(self)


Maker = Callable[..., Task]
"""Makes a task of its settings; `prefix:ARGUMENT` names one that takes an argument by position too."""

TASKS: Registry[Maker] = Registry("speciate.tasks", "task", ("speciate.neat.tasks",))
"""What makes each task, by name."""

task = TASKS.decorator("task")


def refuse_unknown(what: str, settings: Collection[str], known: Collection[str]) -> None:
    """Name settings that a task or an evolver does not have.

    Raises:
        ConfigurationError: There are some.
    """
    if unknown := sorted(set(settings) - set(known)):
        raise ConfigurationError(
            f"{what} has no {' and no '.join(unknown)}",
            hint=f"it has {', '.join(known)}" if known else "it has no settings: leave that out",
        )
