"""Makes a run without gradients of a configuration: the task, the evolver, the search, its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.config.building import remember
from speciate.config.checking import Setting, configured
from speciate.config.neuro import OF_NEAT, OF_OTHERS, OF_TABLE, OF_TASK, NeuroConfig
from speciate.config.reporting import report
from speciate.config.settings import IN_MEMORY
from speciate.errors import ConfigurationError
from speciate.store import check_name, new_folder

if TYPE_CHECKING:  # what evolves is imported where a search is built
    from speciate.backends import Backend
    from speciate.neat.evolvers import Evolver
    from speciate.neat.tasks import Task
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search


def neuroevolve(task: str | Task, *, callbacks: Iterable[Callback] = (), **settings: Any) -> Search:
    """Evolve the weights and the topology of networks for a task, without gradients, in a run folder of its own.

    Args:
        task: The name of a task, the id of a Gymnasium environment, `table:` and a data set; or a `Task` of your own.
        callbacks: What watches.
        settings: The fields of `NeuroConfig`.

    Returns:
        The finished search; `champion` and `folder`, with its report.html, are the first things to look at.

    Raises:
        ConfigurationError: A setting cannot be used; names all of them.
        UsageError: There is no such task, or what it needs is not installed.
        CreationError: The run's folder cannot be made.
    """
    named = isinstance(task, str)
    values = {"task": task if named else IN_MEMORY, **settings}
    config = configured(NeuroConfig, {key: Setting(value) for key, value in values.items()})
    config, search = start(config, callbacks, None if isinstance(task, str) else task)
    search.run(**config.limits)
    report(search)
    return search


def start(
    config: NeuroConfig, callbacks: Iterable[Callback] = (), task: Task | None = None
) -> tuple[NeuroConfig, Search]:
    """The configuration and a search in a new run folder with its run.toml, ready to run to its limits."""
    check_name(Path(config.runs), config.name)
    config = resolved(config)
    task = make_task(config) if task is None else task
    config.build(None, (), task)  # what does not fit is said before there is a folder
    folder = new_folder(Path(config.runs), config.name)
    remember(config, folder)
    return config, config.build(folder.path, callbacks, task)


def resolved(config: NeuroConfig) -> NeuroConfig:
    """The configuration with the place of its data filled in, so that the run can go on from anywhere."""
    from speciate.config.building import absolute

    kind, colon, source = config.task.partition(":")
    if kind != "table" or not colon:
        return config
    return config.model_copy(update={"task": f"table:{absolute(source)}"})


def make_task(config: NeuroConfig) -> Task:
    """The task with the settings that are given.

    Raises:
        UsageError: There is no such task, or what it needs is not installed.
        ConfigurationError: It does not have a setting, or it was given in Python.
    """
    from speciate.neat.tasks.registry import task_by_name

    if config.task == IN_MEMORY:
        raise ConfigurationError(
            "the run's task was given in Python and is not in its folder",
            hint="start the run again in Python",
        )
    names = OF_TABLE if config.is_table else OF_TASK
    given = {key: getattr(config, key) for key in names if getattr(config, key) is not None}
    if config.is_table:
        given["seed"] = given.pop("split_seed", config.seed)
    return task_by_name(config.task, **given)


def build_search(
    config: NeuroConfig, folder: Path | None, callbacks: Iterable[Callback], task: Task | None = None
) -> Search:
    """Join the six nouns as a configuration says."""
    from speciate.neat.evaluator import TaskEvaluator
    from speciate.neat.generations import Generations
    from speciate.neat.space import PolicySpace
    from speciate.run.search import Search

    task = make_task(config) if task is None else task
    make, options = evolver(config, task)
    make(config.seed)  # what does not fit is said before the run
    size = min(config.brood or task.brood, config.population)
    return Search(
        PolicySpace(task.inputs, task.outputs, {"recurrent": task.recurrent}),
        Generations(
            config.algorithm, make, config.population, brood=size, options=options, go_on=config.go_on
        ),
        TaskEvaluator(task, config.seed, refine=config.refine),
        store=folder,
        seed=config.seed,
        examples=1,
        backend=build_backend(config, task),
        finalists=config.finalists,
        repeats=config.repeats,
        callbacks=callbacks,
    )


def evolver(config: NeuroConfig, task: Task) -> tuple[Callable[[int], Evolver], dict[str, Any]]:
    """What makes the evolver of a run from its seed, and what decides what it does, as JSON.

    Raises:
        ConfigurationError: A setting is out of its range.
    """
    from speciate.neat.evolvers.registry import evolver_by_name
    from speciate.neat.parameters import PRESETS

    names = ("preset", *OF_NEAT) if config.algorithm == "neat" else tuple(OF_OTHERS)
    given = {key: getattr(config, key) for key in names if getattr(config, key) is not None}
    options = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    if config.algorithm == "neat":  # another version's presets would be another run
        known = asdict(PRESETS[config.preset or "tuned"])
        options["preset"] = {k: list(v) if isinstance(v, tuple) else v for k, v in known.items()}
    elif config.algorithm == "genetic" and config.population < 20:
        given.setdefault("parents", max(1, config.population // 5))
    return partial(_made, config.algorithm, task, config.population, given, evolver_by_name), options


def _made(
    name: str, task: Task, population: int, given: dict[str, Any], make: Callable[..., Evolver], seed: int
) -> Evolver:
    return make(name, task, population, seed, **given)


def build_backend(config: NeuroConfig, task: Task) -> Backend:
    """The backend: this process where a generation is scored sooner than a worker process starts."""
    from speciate.backends import InlineBackend, ProcessBackend, RayBackend

    if config.backend == "ray":
        return RayBackend(config.address, config.workers)
    chosen = config.backend == "processes" or config.workers is not None
    if chosen or (config.backend == "auto" and task.slow):
        return ProcessBackend(config.workers)
    return InlineBackend()
