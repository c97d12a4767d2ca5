"""Picks for every network the fastest engine that fits it, and trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from torch import Tensor

from speciate.training.jobs import Engine, Job, Outcome
from speciate.training.reference import ReferenceEngine
from speciate.training.stacked.engine import StackedEngine

ACCELERATORS = ("cuda", "mps")
"""Types of devices on which networks are trained as stacks; on the CPU, one by one is faster."""

PER_THREAD, STACK = 4, 64
"""Networks a thread, and on an accelerator."""


@cache
def engines(machine_code: str = "all") -> tuple[Engine, ...]:
    """The engines of this process, the fastest first.

    Args:
        machine_code: Which networks may be trained as machine code: "all" that can be, "stacks" of dense layers alone, or "none".
    """
    found: list[Engine] = []
    try:
        from speciate.training.compiled.engine import CompiledEngine

        found += [CompiledEngine(stacks_only=machine_code == "stacks")] if machine_code != "none" else []
    except ImportError:  # a Python or a processor that Numba does not know yet
        pass
    return (*found, StackedEngine(devices=ACCELERATORS), ReferenceEngine())


def group_size(device: str) -> int:
    """How many networks are best trained in one call on a device such as "cpu" or "cuda".

    On the CPU several for every thread, so that none waits long for the last network; where one thread does all, one at
    a time, which is seen and kept as soon as it is done. An accelerator needs many to be busy at all.
    """
    if device != "cpu":
        return STACK
    threads = max((getattr(engine, "threads", 1) for engine in engines()), default=1)
    return 1 if threads == 1 else PER_THREAD * threads


def choose(job: Job, x: Tensor, machine_code: str = "all") -> Engine:
    """The first engine that fits. It depends on the network and the examples alone, never on the number of workers."""
    return next(engine for engine in engines(machine_code) if not engine.misfit(job, x))


def train(
    jobs: Sequence[Job],
    x: Tensor,
    y: Tensor,
    weight: Tensor | None = None,
    machine_code: str = "all",
    until: float = math.inf,
) -> list[Outcome]:
    """Train different networks in place, each by the engine that suits it.

    Args:
        jobs: The networks.
        x: Examples, shape (n, *shape), float32.
        y: Class indices, shape (n,), int64; or standardized values, shape (n,), float32.
        weight: What each example counts in the loss, shape (n,), float32, with a mean of 1; None if all count the same.
        machine_code: Which networks may be trained as machine code; see `engines`.
        until: When they stop at their next step, in seconds of `time.monotonic`.

    Returns:
        What came of each, in order.
    """
    chosen = [choose(job, x, machine_code) for job in jobs]
    outcomes: dict[int, Outcome] = {}
    for engine in engines(machine_code):
        places = [i for i, one in enumerate(chosen) if one is engine]
        if places:
            found = engine.train([jobs[i] for i in places], x, y, weight, until)
            outcomes.update(zip(places, found, strict=True))
    return [outcomes[i] for i in range(len(jobs))]
