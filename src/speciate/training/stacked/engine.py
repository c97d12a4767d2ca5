"""The stacked engine: stacks of dense layers on an accelerator, networks of equal depth as one."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from speciate.training.jobs import Engine, Job, Outcome, outcome_of
from speciate.training.stacked import loop
from speciate.training.stacked.networks import StackMember
from speciate.training.stacked.sizes import size_of, split
from speciate.training.tape import Tape, tape_of


class StackedEngine(Engine):
    """Stack with as many layers, as many outputs and the same loss are trained as one.

    Args:
        memory_bytes: What a stack of networks may take, by an estimate that leaves out the examples; a network that
            takes more is trained alone.
        devices: Types of devices that it works on, as `torch.device.type` has them; by default all.
    """

    name = "stacked"

    def __init__(self, memory_bytes: int = 2**30, devices: Sequence[str] | None = None) -> None:
        self.memory_bytes, self.devices = memory_bytes, devices

    def misfit(self, job: Job, x: Tensor) -> str:
        """It takes stacks of dense layers in single precision."""
        if x.dtype != torch.float32 or (self.devices is not None and x.device.type not in self.devices):
            return f"examples of {x.dtype} on {x.device.type}"
        return "" if _stack(job, x) else "not a stack of dense layers"

    def train(
        self,
        jobs: Sequence[Job],
        x: Tensor,
        y: Tensor,
        weight: Tensor | None = None,
        until: float = math.inf,
    ) -> list[Outcome]:
        """Train the networks, one stack after another."""
        members = [_member(job, x) for job in jobs]
        outcomes: dict[int, Outcome] = {}
        for places in self.stacks(members):
            found = self._train([members[i] for i in places], x.flatten(1), y, weight, until)
            outcomes.update(zip(places, found, strict=True))
        return [outcomes[i] for i in range(len(jobs))]

    def stacks(self, members: Sequence[StackMember]) -> list[list[int]]:
        """The places of the networks that are trained as one, those with the most steps first in every stack."""
        groups: dict[tuple[int, int, str], list[int]] = defaultdict(list)
        for place, member in enumerate(members):
            widths = member.size.widths
            groups[len(widths), widths[-1], member.job.recipe.loss].append(place)
        return [
            sorted((group[i] for i in stack), key=lambda place: -members[place].size.steps)
            for group in groups.values()
            for stack in split([members[place].size for place in group], self.memory_bytes)
        ]

    def _train(
        self, members: Sequence[StackMember], x: Tensor, y: Tensor, weight: Tensor | None, until: float
    ) -> list[Outcome]:
        started = time.perf_counter()
        losses = loop.train(members, x, y, weight, until)
        seconds = (time.perf_counter() - started) / len(members)
        return [
            outcome_of(_begun(row[: member.size.steps]), member.job.recipe, self.name, seconds)
            for row, member in zip(losses, members, strict=True)
        ]


def _stack(job: Job, x: Tensor) -> Tape | None:
    tape = tape_of(job.module, math.prod(x.shape[1:]))
    return tape if tape and tape.is_stack else None


def _member(job: Job, x: Tensor) -> StackMember:
    tape = _stack(job, x)
    assert tape is not None
    return StackMember(job, tape.operations, size_of(tape, job.recipe))


def _begun(losses: np.ndarray) -> np.ndarray:
    """The losses up to the first that is not finite."""
    (stops,) = np.nonzero(~np.isfinite(losses))
    return losses[: stops[0] + 1] if len(stops) else losses
