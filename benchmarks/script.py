"""What one would write instead: a script of Optuna and PyTorch that trains and scores networks of the article's space.

Three ways to use several cores, each as its library offers it: torch's own threads, Optuna's `n_jobs`, and a pool of worker
processes that is asked and told. The networks are handed in, so that it evaluates what another search has evaluated.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import optuna
import torch
from torch import Tensor

from benchmarks import idiomatic

ACTIVATIONS = ("linear", "tanh", "relu", "sigmoid", "elu")
OPTIMIZERS = ("sgd", "adam", "adadelta", "rmsprop")


@dataclass(frozen=True)
class Task:
    """What to learn, and how long.

    Attributes:
        source: What `load_data` takes.
        seed: Of the split.
        examples: Training examples a network.
        batch: Examples in a step.
    """

    source: str
    seed: int
    examples: int
    batch: int = 64


@dataclass(frozen=True)
class Tables:
    """The data as tensors: flat examples and classes."""

    x: Tensor
    y: Tensor
    valid_x: Tensor
    valid_y: Tensor


def read(task: Task) -> Tables:
    """The rows that a search of the same seed trains on and is scored on."""
    from speciate.data import load_data

    data = load_data(task.source, seed=task.seed)
    splits = (data.train, data.valid)
    found = Tables(*(t for s in splits for t in (torch.from_numpy(s.x).flatten(1), torch.from_numpy(s.y))))
    warm_up(found)
    return found


def warm_up(data: Tables) -> None:
    """A step of every optimizer: the first of a process imports for a second."""
    genes = {"units": 8, "activation": "tanh", "dropout": 0.1}
    for name in OPTIMIZERS:
        hyper = {"optimizer": name, "learning_rate": 1e-3, "weight_decay": 0.0}
        genome = {"nodes": [{"kind": "dense", "genes": genes}], "hyper": hyper}
        network = idiomatic.build(genome, data.x.shape[1], int(data.y.max()) + 1)
        idiomatic.train(network, hyper, data.x, data.y, examples=32, batch=32)


def parameters(genome: dict[str, Any]) -> dict[str, Any]:
    """A genome as Optuna's parameters."""
    layers = [node["genes"] for node in genome["nodes"] if node["kind"] == "dense"]
    named = {f"{name}{i}": value for i, genes in enumerate(layers) for name, value in genes.items()}
    return {"layers": len(layers), **named, **genome["hyper"]}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """A network of the article's space, in the form of a genome."""
    layers = [
        {
            "units": trial.suggest_int(f"units{i}", 128, 1024, log=True),
            "activation": trial.suggest_categorical(f"activation{i}", ACTIVATIONS),
            "dropout": trial.suggest_float(f"dropout{i}", 0.0, 0.7),
        }
        for i in range(trial.suggest_int("layers", 1, 4))
    ]
    hyper = {
        "optimizer": trial.suggest_categorical("optimizer", OPTIMIZERS),
        "learning_rate": trial.suggest_float("learning_rate", 5e-4, 0.2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 5e-5, 2e-3, log=True),
    }
    return {"nodes": [{"kind": "dense", "genes": genes} for genes in layers], "hyper": hyper}


def evaluate(genome: dict[str, Any], task: Task, data: Tables) -> float:
    """Train a network and score it on the validation rows."""
    network = idiomatic.build(genome, data.x.shape[1], int(data.y.max()) + 1)
    idiomatic.train(network, genome["hyper"], data.x, data.y, examples=task.examples, batch=task.batch)
    return idiomatic.accuracy(network, data.valid_x, data.valid_y)


@dataclass(frozen=True)
class Spent:
    """What a run of the script took and found.

    Attributes:
        seconds: From reading the data to the last score.
        evaluating: Of it without reading the data and starting processes.
        scores: Validation accuracy of every network, in order.
    """

    seconds: float
    evaluating: float
    scores: list[float]


def run(way: str, genomes: Sequence[dict[str, Any]], task: Task, cores: int) -> Spent:
    """Evaluate networks.

    Args:
        way: A name in `WAYS`.
        genomes: The networks in canonical JSON form.
        task: What they learn.
        cores: How many to use.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    started = time.perf_counter()
    study = optuna.create_study(direction="maximize")
    for genome in genomes:
        study.enqueue_trial(parameters(genome))
    ready, ended = WAYS[way](study, len(genomes), task, cores)
    return Spent(ended - started, ended - ready, [float(trial.value) for trial in study.trials])


Times = tuple[float, float]
"""When everything was ready for the first network, and when the last had its score."""


def _threads_of_torch(study: optuna.Study, count: int, task: Task, cores: int) -> Times:
    return _optimize(study, count, task, jobs=1, threads=cores)


def _threads_of_optuna(study: optuna.Study, count: int, task: Task, cores: int) -> Times:
    return _optimize(study, count, task, jobs=cores, threads=1)


def _optimize(study: optuna.Study, count: int, task: Task, jobs: int, threads: int) -> Times:
    """`study.optimize` in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        data = read(task)
        ready = time.perf_counter()
        study.optimize(lambda trial: evaluate(suggest(trial), task, data), n_trials=count, n_jobs=jobs)
        return ready, time.perf_counter()
    finally:
        torch.set_num_threads(before)


_data: dict[Task, Tables] = {}
"""A worker's."""


def _processes(study: optuna.Study, count: int, task: Task, cores: int) -> Times:
    """A worker a core, with one thread of torch; this process asks and tells."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(cores)
    with ProcessPoolExecutor(cores, context, _start, (task, barrier)) as pool:
        for started in [pool.submit(_started) for _ in range(cores)]:
            started.result()
        ready = time.perf_counter()
        trials = [study.ask() for _ in range(count)]
        running = {pool.submit(_work, suggest(trial), task): trial for trial in trials}
        for done in as_completed(running):
            study.tell(running[done], done.result())
        ended = time.perf_counter()  # before the workers are gone
    return ready, ended


def _start(task: Task, barrier: Any) -> None:
    torch.set_num_threads(1)
    _data[task] = read(task)
    barrier.wait(timeout=300)


def _started() -> bool:
    return bool(_data)


def _work(genome: dict[str, Any], task: Task) -> float:
    return evaluate(genome, task, _data[task])


WAYS = {
    "torch's threads": _threads_of_torch,
    "Optuna's n_jobs": _threads_of_optuna,
    "worker processes": _processes,
}
"""How to use several cores, by name."""
