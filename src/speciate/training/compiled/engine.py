"""The compiled engine: networks of vectors on the CPU, every network in one call of machine code, networks in parallel."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cached_property

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

from speciate.jit import available_cores
from speciate.training.compiled import loop, optimizers
from speciate.training.compiled.arrays import arrays_of, statistics_of, weights_of, write_back
from speciate.training.jobs import Engine, Job, Outcome, order_of, outcome_of, streams
from speciate.training.recipe import Recipe
from speciate.training.tape import tape_of


class CompiledEngine(Engine):
    """Every network is trained by one thread, so its result does not depend on how many there are.

    Args:
        threads: How many networks are trained at the same time; by default the cores that this process may use.
        memory_bytes: What the networks that are trained at the same time may need together; one network always goes.
        stacks_only: Whether it leaves anything but stacks of dense layers to other engines.
    """

    name = "compiled"

    def __init__(
        self, threads: int | None = None, memory_bytes: int = 2**30, stacks_only: bool = False
    ) -> None:
        self.threads, self.memory_bytes = threads or available_threads(), memory_bytes
        self.stacks_only = stacks_only

    def misfit(self, job: Job, x: Tensor) -> str:
        """It takes what can be written as a tape, in single precision, on the CPU."""
        if x.device.type != "cpu" or x.dtype != torch.float32:
            return f"examples of {x.dtype} on {x.device.type}"
        tape = tape_of(job.module, _width(x))
        if tape is None or (self.stacks_only and not tape.is_stack):
            return "not a stack of dense layers" if self.stacks_only else "not made of operations on vectors"
        return ""

    @cached_property
    def _blas(self) -> ThreadpoolController:
        return ThreadpoolController()

    def _pool(self) -> ThreadPoolExecutor:
        """Threads for one brood: those that were kept would be missing after a fork, and waited for without end."""
        # Per thread: denormal numbers slow some processors down a hundredfold.
        return ThreadPoolExecutor(self.threads, initializer=torch.set_flush_denormal, initargs=(True,))

    def train(
        self,
        jobs: Sequence[Job],
        x: Tensor,
        y: Tensor,
        weight: Tensor | None = None,
        until: float = math.inf,
    ) -> list[Outcome]:
        """Train the networks, as many at a time as there are threads.

        Raises:
            KeyboardInterrupt: It was interrupted; the networks are left half trained.
        """
        given = np.ascontiguousarray(x.numpy().reshape(len(x), -1)), y.numpy(), _weights_of(weight)
        stop = np.zeros(1, np.int64)
        with self._blas.limit(limits=1, user_api="blas"), self._pool() as pool:
            outcomes: list[Outcome] = []
            for group in self._groups(jobs, _width(x)):
                # Machine code cannot be interrupted, but waiting for another thread can.
                futures = [pool.submit(self._one, job, *given, stop) for job in group]
                try:
                    if until < math.inf:
                        wait(futures, max(0.0, until - time.monotonic()))
                        stop[0] = int(time.monotonic() >= until)
                    outcomes += [future.result() for future in futures]
                except BaseException:
                    stop[0] = 1
                    wait(futures)
                    raise
        return outcomes

    def _groups(self, jobs: Sequence[Job], inputs: int) -> list[Sequence[Job]]:
        """All jobs together, or as few at a time as the memory allows where that is fewer than there are threads."""
        at_once = max(1, self.memory_bytes // max((bytes_needed(job, inputs) for job in jobs), default=1))
        size = len(jobs) if at_once >= self.threads else at_once
        return [jobs[i : i + size] for i in range(0, len(jobs), max(1, size))]

    def _one(self, job: Job, x: np.ndarray, y: np.ndarray, weight: np.ndarray, stop: np.ndarray) -> Outcome:
        started = time.perf_counter()
        recipe, tape = job.recipe, tape_of(job.module, x.shape[1])
        assert tape is not None
        arrays = arrays_of(tape, recipe.batch_size)
        rng, masks = streams(job)
        weights, statistics = weights_of(tape), statistics_of(tape)
        losses = np.empty(recipe.steps)
        regression = recipe.loss == "mse"
        begun = loop.train(
            arrays.records,
            arrays.reads,
            weights,
            statistics,
            arrays.room,
            masks.key,
            x,
            NO_CLASSES if regression else y,
            y if regression else NO_VALUES,
            weight,
            order_of(len(x), recipe, rng),
            recipe.batch_size,
            optimizers.CODES[recipe.optimizer],
            recipe.learning_rates,
            recipe.weight_decays,
            float(recipe.beta2),
            float(recipe.label_smoothing),
            recipe.averaging,
            losses,
            stop,
        )
        write_back(tape, weights, statistics, _several(recipe, begun))
        stopped = bool(stop[0])  # maybe in its last step
        return outcome_of(losses[:begun], recipe, self.name, time.perf_counter() - started, stopped)


NO_CLASSES, NO_VALUES = np.empty(0, np.int64), np.empty(0, np.float32)


def available_threads() -> int:
    """How many cores this process may use, or fewer if OMP_NUM_THREADS says so, as it does in worker processes."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(available_cores(), int(asked)) if asked.isdigit() and int(asked) > 0 else available_cores()


def bytes_needed(job: Job, inputs: int) -> int:
    """What the training of one network takes: weights, gradient, two moments, average; values, slopes, errors; the order."""
    tape = tape_of(job.module, inputs)
    assert tape is not None
    weights = sum(p.numel() for p in job.module.parameters())
    room = arrays_of(tape, job.recipe.batch_size).room
    return 4 * ((5 if job.recipe.ema else 4) * weights + room) + 8 * job.recipe.examples


def _width(x: Tensor) -> int:
    return math.prod(x.shape[1:])


def _several(recipe: Recipe, begun: int) -> int:
    """How many of the steps that were begun had several examples: norms count those alone."""
    sizes = [min(recipe.batch_size, recipe.examples - k * recipe.batch_size) for k in (0, begun - 1)]
    return begun - 1 + (sizes[1] > 1) if sizes[0] > 1 else 0


def _weights_of(weight: Tensor | None) -> np.ndarray:
    return np.empty(0, np.float32) if weight is None else weight.numpy()
