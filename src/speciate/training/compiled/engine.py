"""The compiled engine: stacks of dense layers on the CPU, every network in one call of machine code, networks in parallel."""

from __future__ import annotations

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
from speciate.training.compiled import activations, loop, optimizers
from speciate.training.dense import DenseLayer, layers_of
from speciate.training.jobs import Engine, Job, Outcome, order_of, outcome_of, streams


class CompiledEngine(Engine):
    """Every network is trained by one thread, so its result does not depend on how many there are.

    Args:
        threads: How many networks are trained at the same time; by default the cores that this process may use.
        memory_bytes: What the networks that are trained at the same time may need together; one network always goes.
    """

    name = "compiled"

    def __init__(self, threads: int | None = None, memory_bytes: int = 2**30) -> None:
        self.threads, self.memory_bytes = threads or available_threads(), memory_bytes

    def misfit(self, job: Job, x: Tensor) -> str:
        """It takes stacks of dense layers in single precision, on the CPU."""
        if x.device.type != "cpu" or x.dtype != torch.float32:
            return f"examples of {x.dtype} on {x.device.type}"
        return "" if layers_of(job.module) else "not a stack of dense layers"

    @cached_property
    def _blas(self) -> ThreadpoolController:
        return ThreadpoolController()

    def _pool(self) -> ThreadPoolExecutor:
        """Threads for one brood: those that were kept would be missing after a fork, and waited for without end."""
        # Per thread: denormal numbers slow some processors down a hundredfold.
        return ThreadPoolExecutor(self.threads, initializer=torch.set_flush_denormal, initargs=(True,))

    def train(self, jobs: Sequence[Job], x: Tensor, y: Tensor, weight: Tensor | None = None) -> list[Outcome]:
        """Train the networks, as many at a time as there are threads.

        Raises:
            KeyboardInterrupt: It was interrupted; the networks are left half trained.
        """
        given = np.ascontiguousarray(x.numpy().reshape(len(x), -1)), y.numpy(), _weights_of(weight)
        stop = np.zeros(1, np.int64)
        with self._blas.limit(limits=1, user_api="blas"), self._pool() as pool:
            outcomes: list[Outcome] = []
            for group in self._groups(jobs):
                # Machine code cannot be interrupted, but waiting for another thread can.
                futures = [pool.submit(self._one, job, *given, stop) for job in group]
                try:
                    outcomes += [future.result() for future in futures]
                except BaseException:
                    stop[0] = 1
                    wait(futures)
                    raise
        return outcomes

    def _groups(self, jobs: Sequence[Job]) -> list[Sequence[Job]]:
        """All jobs together, or as few at a time as the memory allows where that is fewer than there are threads."""
        at_once = max(1, self.memory_bytes // max(map(bytes_needed, jobs), default=1))
        size = len(jobs) if at_once >= self.threads else at_once
        return [jobs[i : i + size] for i in range(0, len(jobs), max(1, size))]

    def _one(self, job: Job, x: np.ndarray, y: np.ndarray, weight: np.ndarray, stop: np.ndarray) -> Outcome:
        started = time.perf_counter()
        recipe, layers = job.recipe, layers_of(job.module)
        assert layers is not None
        rng, masks = streams(job)
        hidden = layers[:-1]
        drops = [layer.dropout for layer in hidden]
        weights = _flat(layers)
        losses = np.empty(recipe.steps)
        regression = recipe.loss == "mse"
        begun = loop.train(
            weights,
            np.array(
                [layers[0].linear.in_features, *(layer.linear.out_features for layer in layers)], np.int64
            ),
            np.array([activations.CODES[layer.activation] for layer in hidden], np.int64),
            np.array([drop.threshold if drop else 0 for drop in drops], np.uint64),
            np.array([drop.scale if drop else 0 for drop in drops], np.float32),
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
        _write_back(weights, layers)
        return outcome_of(losses[:begun], recipe, self.name, time.perf_counter() - started)


NO_CLASSES, NO_VALUES = np.empty(0, np.int64), np.empty(0, np.float32)


def available_threads() -> int:
    """How many cores this process may use, or fewer if OMP_NUM_THREADS says so, as it does in worker processes."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(available_cores(), int(asked)) if asked.isdigit() and int(asked) > 0 else available_cores()


def bytes_needed(job: Job) -> int:
    """What the training of one network takes: weights, gradient, two moments, average; activations, slopes, errors; the order."""
    layers = layers_of(job.module) or []
    weights = sum(layer.linear.weight.numel() + layer.linear.bias.numel() for layer in layers)
    widths = [layer.linear.out_features for layer in layers]
    batch = layers[0].linear.in_features + 2 * sum(widths) + 2 * max(widths)
    copies = 5 if job.recipe.ema else 4
    return 4 * (copies * weights + job.recipe.batch_size * batch) + 8 * job.recipe.examples


def _weights_of(weight: Tensor | None) -> np.ndarray:
    return np.empty(0, np.float32) if weight is None else weight.numpy()


def _flat(layers: Sequence[DenseLayer]) -> np.ndarray:
    """All parameters, layer by layer: the matrix (inputs, units), then the bias."""
    parts = [
        part
        for layer in layers
        for part in (layer.linear.weight.detach().numpy().T.ravel(), layer.linear.bias.detach().numpy())
    ]
    return np.concatenate(parts)


def _write_back(weights: np.ndarray, layers: Sequence[DenseLayer]) -> None:
    at = 0
    for layer in layers:
        matrix, bias = layer.linear.weight.detach().numpy(), layer.linear.bias.detach().numpy()
        units, inputs = matrix.shape
        matrix[:] = weights[at : at + matrix.size].reshape(inputs, units).T
        bias[:] = weights[at + matrix.size : at + matrix.size + units]
        at += matrix.size + units
