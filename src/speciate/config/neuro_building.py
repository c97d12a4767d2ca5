"""Makes a run without gradients of a configuration: the task, the evolver, the search, its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.config.building import absolute, absolute_parts, build, ready
from speciate.config.checking import Setting, configured, in_keywords
from speciate.config.neuro import NeuroConfig
from speciate.config.settings import IN_MEMORY, handed_to
from speciate.config.starting import finished, start
from speciate.errors import ConfigurationError
from speciate.signatures import arguments

if TYPE_CHECKING:  # what evolves is imported where a search is built
    from speciate.backends import Backend
    from speciate.data import Data
    from speciate.neat.tasks import Task
    from speciate.networks.network import Network
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search


@in_keywords(NeuroConfig)
def neuroevolve(
    task: str | Task | None = None,
    *,
    fitness: Callable[..., float] | None = None,
    callbacks: Iterable[Callback] = (),
    **settings: Any,
) -> Search:
    """Evolve the weights and the topology of networks for a task, without gradients, in a run folder of its own.

    A run of a task of one's own that was stopped goes on when it is called again with the same name.

    Args:
        task: The name of a task, the id of a Gymnasium environment, `table:` and a data set; a `Task` of your own, or the class of
            an environment.
        fitness: Instead of a task, a function from a network to a number: `fitness(net)`, where `net(x)` answers for one input or
            many. It goes with `inputs` and `outputs`, and may go with `minimize`, `recurrent`, `goal` and `output_activation`; see
            `speciate.neat.tasks.FunctionTask`.
        callbacks: What watches.
        settings: The fields of `NeuroConfig`.

    Returns:
        The finished search; `champion` and `folder`, with its report.html, are the first things to look at.

    Raises:
        ConfigurationError: A setting cannot be used; names all of them.
        UsageError: There is no such task, or what it needs is not installed.
        CreationError: The run's folder cannot be made.
    """
    began = time.monotonic()
    if (task is None) == (fitness is None):
        raise ConfigurationError("give a task or a fitness function", where="neuroevolve")
    if isinstance(task, str):
        own = None
    else:
        own, settings = own_task(task, fitness, settings)
    values = {"task": task if isinstance(task, str) else IN_MEMORY, **settings}
    config = configured(NeuroConfig, {key: Setting(value) for key, value in values.items()})
    return finished(*start(config, callbacks, own), began)


def own_task(task: Any, fitness: Any, settings: Mapping[str, Any]) -> tuple[Task, dict[str, Any]]:
    """A task that is given as an object, the class of an environment or a function, and the settings that it has no use for.

    Raises:
        ConfigurationError: It is something else, or lacks arguments.
    """
    from speciate.neat.tasks import EnvironmentTask, FunctionTask, Task

    if isinstance(task, Task):
        return task, dict(settings)
    kind: Any = EnvironmentTask if fitness is None else FunctionTask
    if fitness is None and not hasattr(task, "step"):
        raise ConfigurationError(
            f"task cannot be a {type(task).__name__}",
            hint="give a name, an object of a Task, or an environment's class",
        )
    used = {key: value for key, value in settings.items() if key in arguments(kind)}
    try:
        made = kind(task if fitness is None else fitness, **used)
    except TypeError as fault:
        raise ConfigurationError(f"neuroevolve: {str(fault).partition('() ')[2] or fault}") from None
    return made, {key: value for key, value in settings.items() if key not in used}


@ready.register(NeuroConfig)
def _(config: NeuroConfig, source: Task | Data | None = None) -> tuple[NeuroConfig, Task]:
    from speciate.data import Data
    from speciate.neat.tasks import TASKS, TableTask

    prefix, colon, data = config.task.partition(":")
    if colon and prefix in TASKS:
        places = {"task": f"{prefix}:{absolute(data)}", **absolute_parts(config)}
        config = config.model_copy(update=places)
    if isinstance(source, Data):
        source = TableTask(source)
    return config, make_task(config) if source is None else source


def make_task(config: NeuroConfig) -> Task:
    """The task with the settings that are given.

    Raises:
        UsageError: There is no such task, or what it needs is not installed.
        ConfigurationError: It does not have a setting, or it was given in Python.
    """
    from speciate.neat.evolvers import EVOLVERS
    from speciate.neat.tasks import find_task, task_by_name

    if config.task == IN_MEMORY:
        raise ConfigurationError(
            "the run's task was given in Python and is not in its folder",
            hint="run the same program again: neuroevolve(..., name=NAME) goes on with it",
        )
    has, algorithm = arguments(find_task(config.task)[0]), EVOLVERS.find(config.algorithm)
    given = handed_to(config, "task") | ({"seed": config.seed} if "seed" in has else {})
    own = {key: value for key, value in (config.options or {}).items() if key not in algorithm.settings()}
    return task_by_name(config.task, **given | ({"options": own} if own and "options" in has else own))


@build.register(NeuroConfig)
def _(
    config: NeuroConfig,
    folder: Path | None = None,
    callbacks: Iterable[Callback] = (),
    source: Task | None = None,
    ancestor: Network | None = None,
) -> Search:
    from speciate.neat.evaluator import TaskEvaluator
    from speciate.neat.evolvers import EVOLVERS
    from speciate.neat.generations import Generations, PolicySpace
    from speciate.neat.tasks.base import refuse_unknown
    from speciate.run.search import Search

    task = make_task(config) if source is None else source
    kind = EVOLVERS.find(config.algorithm)
    options = {key: value for key, value in (config.options or {}).items() if key in kind.settings()}
    if config.task == IN_MEMORY:
        refuse_unknown(f"algorithm {config.algorithm}", config.options or (), kind.settings())
    settings = handed_to(config, "algorithm") | options
    kind.for_task(task, config.population, config.seed, **settings)  # says what does not fit
    return Search(
        PolicySpace(task.inputs, task.outputs, {"recurrent": task.recurrent}),
        Generations(
            kind,
            task,
            config.population,
            slice_size=min(config.brood or task.slice_size, config.population),
            settings=settings,
            go_on=config.go_on,
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


def build_backend(config: NeuroConfig, task: Task) -> Backend:
    """The backend: this process where a generation is scored sooner than a worker process starts."""
    from speciate.backends import BACKENDS

    given = handed_to(config, "backend")
    quick = "processes" if task.slow or "workers" in given else "inline"
    return BACKENDS[quick if config.backend == "auto" else config.backend](**given)
