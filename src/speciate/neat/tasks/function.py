"""A plain function as a task: fitness of one network at a time."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.base import Scores, Task


class CallableNetwork:
    """One network as a function of its inputs.

    Args:
        networks: Several networks.
        index: Which of them.
    """

    def __init__(self, networks: TableNetworks, index: int) -> None:
        self.inputs, self.outputs, self.steps = networks.inputs, networks.outputs, 0
        self._networks, self._index = networks, index
        self.reset()

    def reset(self) -> None:
        """Forget what was seen; it makes a difference to recurrent networks alone."""
        self._running = self._networks.start(np.array([self._index]))

    def __call__(self, x: Any) -> NDArray[np.float64]:
        """What the network makes of its inputs.

        Args:
            x: (inputs,), or (n, inputs) for many: to a recurrent network these are n steps in time, which go on from the last call.

        Returns:
            (outputs,), or (n, outputs).

        Raises:
            ValueError: x has another shape.
        """
        given = np.asarray(x, np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != self.inputs:
            raise ValueError(f"expected ({self.inputs},) or (n, {self.inputs}) inputs, got {given.shape}")
        rows = given.reshape(-1, self.inputs)
        self.steps += len(rows)
        if self._networks.recurrent:
            found = np.array([self._running.step(row[:, None])[:, 0].copy() for row in rows])
        else:
            found = self._networks.start(np.full(len(rows), self._index)).step(rows.T).T
        return np.ascontiguousarray(found.reshape(*given.shape[:-1], self.outputs))


class FunctionTask(Task):
    """Be good at what a function measures.

    Args:
        function: From a network (see `CallableNetwork`) to a number; it depends on the network alone. A network for which it raises
            an error or gives no finite number counts as worse than all others.
        inputs: Of a network.
        outputs: Of a network.
        minimize: Whether a smaller number is better.
        recurrent: Whether networks have a memory.
        goal: The number at which the search is over.
        output_activation: "tanh" (outputs from -1 to 1), "sigmoid" (from 0 to 1) or "linear".

    Raises:
        ConfigurationError: There are no inputs or outputs, or the activation is another one.
    """

    slice_size = 10

    def __init__(
        self,
        function: Callable[[CallableNetwork], float],
        inputs: int,
        outputs: int,
        *,
        minimize: bool = False,
        recurrent: bool = False,
        goal: float | None = None,
        output_activation: Literal["tanh", "sigmoid", "linear"] = "tanh",
    ) -> None:
        if inputs < 1 or outputs < 1:
            raise ConfigurationError(f"inputs and outputs must be at least 1, got {inputs} and {outputs}")
        if output_activation not in ("tanh", "sigmoid", "linear"):
            raise ConfigurationError(
                f"output_activation must be tanh, sigmoid or linear, got {output_activation!r}"
            )
        self.function, self.inputs, self.outputs = function, inputs, outputs
        self.minimize, self.recurrent, self.output_activation = minimize, recurrent, output_activation
        self._sign = -1.0 if minimize else 1.0
        self.goal = None if goal is None else self._sign * goal
        written = getattr(function, "__name__", type(function).__name__)
        self.name = "function" if written == "<lambda>" else written
        self.fitness = f"{'minus ' * minimize}what {self.name} gives"

    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """What the function gives for each network; nothing is drawn, so the seed does not matter."""
        fitness, steps, failure = np.full(networks.size, np.nan), np.zeros(networks.size, np.int64), ""
        for index in range(networks.size):
            network = CallableNetwork(networks, index)
            try:
                fitness[index] = self._sign * float(self.function(network))
            except Exception:
                failure = failure or traceback.format_exc()
            steps[index] = network.steps
        solved = fitness >= (np.inf if self.goal is None else self.goal)
        return Scores(fitness, solved, steps, failure)
