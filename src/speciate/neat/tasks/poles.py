"""Balancing one or two poles on a cart: the benchmark of neuroevolution.

Physics: `speciate.neat.compiled.cart` (two hinged poles of 1.0 and 0.1 m, fourth-order Runge-Kutta with steps of 0.01 s). A force
from -10 to 10 N acts every 0.02 s. An attempt ends when the cart leaves the track (2.4 m to either side) or a pole leans by more
than 36 degrees, 12 for the single pole. It begins with everything at rest but the (long) pole, which leans by `start` degrees.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat.compiled import balancing, cart
from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.base import Scores, Task, Trace, task

LONG = 100_000
"""Steps for which a solution balances: 2,000 s."""
SHORT = 1_000
"""Steps of Gruau's fitness, and of an attempt in the generalization test."""
GENERAL = 200
"""Starts of the generalization test that a solution without velocities must balance."""
BLOCK = 8
"""Networks between two chances for Ctrl-C."""
TRACED = 1_000
"""Steps in a trace."""


class PoleTask(Task):
    """Balance one or two poles.

    With velocities, fitness is the number of steps balanced from the start state, up to 100,000, which solves the task.

    Without, fitness is Gruau's (Gruau, Whitley and Pyeatt, "A comparison between cellular encoding and direct encoding for genetic
    neural networks", GP 1996; Stanley and Miikkulainen 2002, section 4.3.2) over at most 1,000 steps: 0.1 t / 1000 + 0.9 s, where t
    is the number of steps balanced and s is 0 if t < 100, else 0.75 / (the sum of |x| + |x'| + |a1| + |a1'| over the last 100
    steps), which penalizes wiggling. A network that balances all 1,000 steps may be a solution; it is one if it also balances
    100,000 steps from the start state and passes the generalization test: 1,000 steps from at least 200 of 625 starts. These are
    all combinations of 0.05, 0.25, 0.5, 0.75 and 0.95 of the ranges +-2.16 m, +-1.35 m/s, +-3.6 and +-8.6 degrees(/s) of x, x', a1
    and a1', with the short pole upright.

    Args:
        start: The first angle of the (long) pole, in degrees; by default that of the literature.

    Attributes:
        poles: One or two.
        velocities: Whether a network sees them.
        degrees: The default start.

    Raises:
        ConfigurationError: `start` is not within the angle at which an attempt ends.
    """

    poles: int = 2
    velocities: bool = True
    degrees: float = 1.0

    def __init__(self, start: float | None = None) -> None:
        poles, velocities = self.poles, self.velocities
        self.start = float(self.degrees if start is None else start)
        self.lean = math.radians(12.0 if poles == 1 else 36.0)
        if not abs(math.radians(self.start)) < self.lean:
            raise ConfigurationError(
                f"start must be between {-math.degrees(self.lean):g} and {math.degrees(self.lean):g} degrees, got {start}",
                where=f"task {self.name}",
            )
        self.inputs = (1 + poles) * (1 + velocities)
        self.outputs, self.output_activation = 1, "tanh"
        self.names = (*_quantities(poles, velocities), "force")
        self.recurrent = not velocities
        self.goal = float(LONG) if velocities else None
        self.fitness = (
            f"steps of 0.02 s balanced from {self.start:g} degrees, at most {LONG:,}"
            if velocities
            else f"Gruau's: 0.1 t / {SHORT:,} + 0.9 * 0.75 / restlessness of the last 100 steps, from {self.start:g} degrees"
        )

    def forms(self) -> dict[str, dict[str, Any]]:
        """Positions (m, rad) and, with velocities, speeds (1/s) are scaled; an output from -1 to 1 is a force of -10 to 10 N."""
        halves = [4.8, 2.0, *(0.52, 2.0) * self.poles]
        half = halves if self.velocities else halves[::2]
        force = {"kind": "span", "low": [-10.0], "high": [10.0], "bounded": [True]}
        return {
            "observations": {"kind": "scaled", "middle": [0.0] * len(half), "half": half},
            "actions": force,
        }

    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """The fitness of every network; there is nothing random in it."""
        done, restless = self._attempts(networks, self._starts(), LONG if self.velocities else SHORT)
        steps, restless = done[:, 0], restless[:, 0]
        if self.velocities:
            return Scores(steps.astype(np.float64), steps >= LONG, steps)
        steady = np.where(steps < balancing.RECENT, 0.0, 0.75 / np.maximum(restless, 1e-12))
        return Scores(0.1 * steps / SHORT + 0.9 * steady, steps >= SHORT, steps)

    def confirm(self, networks: TableNetworks, seed: int) -> NDArray[np.bool_]:
        """With velocities there is nothing more to show; without, 100,000 steps and the generalization test."""
        if self.velocities:
            return super().confirm(networks, seed)
        long, _ = self._attempts(networks, self._starts(), LONG)
        passed = long[:, 0] >= LONG
        for network in np.flatnonzero(passed):
            passed[network] = self.generalization(networks, int(network)) >= GENERAL
        return passed

    def verify(self, networks: TableNetworks, seed: int) -> dict[str, float]:
        """Steps from the start state, and how many of the 625 starts are balanced for 1,000 steps."""
        long, _ = self._attempts(networks, self._starts(), LONG, np.array([0]))
        return {
            f"steps balanced, of {LONG}": float(long[0, 0]),
            "starts balanced, of 625": float(self.generalization(networks, 0)),
        }

    def generalization(self, networks: TableNetworks, network: int) -> int:
        """How many of the 625 starts a network balances for 1,000 steps."""
        done, _ = self._attempts(networks, generalization_starts(), SHORT, np.array([network]))
        return int((done >= SHORT).sum())

    def trace(self, networks: TableNetworks, seed: int) -> Trace:
        """The first 1,000 steps of the first network from the start state."""
        rows = np.zeros((TRACED, 3 + 2 * self.poles))
        done, _ = balancing.attempt(
            networks.plan, 0, self._starts()[0], self.poles, self.velocities, self.lean, LONG, self.inputs,
            np.zeros(networks.slots), rows,
        )  # fmt: skip
        units = ("m", "m/s", *("rad", "rad/s") * self.poles)
        shown = zip(_quantities(self.poles), units, strict=True)
        names = ["force, N", *(f"{name}, {unit}" for name, unit in shown)]
        outcome = f"balanced for {done:,} steps" + (" (the end of the test)" if done >= LONG else "")
        return Trace(
            tuple(names), rows[: min(done + 1, TRACED)], cart.SECONDS * cart.STEPS_AN_ACTION, outcome
        )

    def _starts(self) -> NDArray[np.float64]:
        starts = np.zeros((1, cart.STATE))
        starts[0, 2] = math.radians(self.start)
        return starts

    def _attempts(
        self,
        networks: TableNetworks,
        starts: NDArray[np.float64],
        steps: int,
        which: NDArray[np.intp] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `balancing.attempts`."""
        chosen = np.arange(networks.size) if which is None else which
        parts = [
            balancing.attempts(
                networks.plan, chosen[at : at + BLOCK], starts, self.poles, self.velocities, self.lean, steps,
                self.inputs, networks.slots,
            )
            for at in range(0, len(chosen), BLOCK)
        ]  # fmt: skip
        done, restless = zip(*parts, strict=True)
        return np.concatenate(done), np.concatenate(restless)


@task
class SinglePole(PoleTask):
    """One pole, with velocities."""

    name, poles = "single-pole", 1


@task
class DoublePole(PoleTask):
    """Two poles, with velocities."""

    name = "double-pole"


@task
class DoublePoleWithoutVelocities(PoleTask):
    """Two poles; networks do not see velocities and need a memory."""

    name, velocities, degrees = "double-pole-without-velocities", False, 4.0


def _quantities(poles: int, velocities: bool = True) -> list[str]:
    """The variables of a state, in their order."""
    kinds = ["pole"] if poles == 1 else ["long pole", "short pole"]
    return [f"{name}{dash}" for name in ("x", *kinds) for dash in ("", "'")[: 1 + velocities]]


def generalization_starts() -> NDArray[np.float64]:
    """(625, 6) start states of the generalization test."""
    spans = np.array([2.16, 1.35, 0.06283152, 0.15009752])  # 3.6 degrees, 8.6 degrees a second
    shares = itertools.product((0.05, 0.25, 0.5, 0.75, 0.95), repeat=4)
    starts = np.zeros((625, cart.STATE))
    starts[:, :4] = (2.0 * np.array(list(shares)) - 1.0) * spans
    return starts
