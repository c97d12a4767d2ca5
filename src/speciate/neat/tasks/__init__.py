"""What networks without gradients are evolved for: tasks by name, tables as `table:SOURCE`, and every Gymnasium environment by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any

from speciate.errors import ConfigurationError, UsageError
from speciate.neat.tasks.base import TASKS, Maker, Scores, Task, Trace, refuse_unknown, task
from speciate.neat.tasks.environment import EnvironmentTask
from speciate.neat.tasks.function import FunctionTask
from speciate.neat.tasks.poles import PoleTask
from speciate.neat.tasks.table import TableTask
from speciate.neat.tasks.xor import Xor
from speciate.signatures import arguments


def find_task(name: str) -> tuple[Maker, tuple[Any, ...]]:
    """What makes a task, and what it takes by position.

    Args:
        name: Of a task; `table:` and anything that `load_data` reads; the id of a Gymnasium environment; or `module:Name` of a class
            of one's own, a task or an environment.

    Raises:
        ConfigurationError: `module:Name` cannot be loaded.
    """
    prefix, colon, rest = name.partition(":")
    if colon and prefix in TASKS:
        return TASKS.find(prefix), (rest,)
    if name in TASKS or (colon and rest.isidentifier()):
        found = TASKS.find(name)
        return (found, ()) if not hasattr(found, "step") else (EnvironmentTask, (found,))
    return EnvironmentTask, (name,)


class TaskNames(Mapping[str, Maker]):
    """What makes each task by what names it; it knows tasks that it does not list."""

    def __iter__(self) -> Iterator[str]:
        yield from (f"{name}:DATA" if _takes_argument(make) else name for name, make in TASKS.items())
        yield "ENVIRONMENT"

    def __len__(self) -> int:
        return len(TASKS) + 1

    def __contains__(self, name: object) -> bool:
        return True  # whether there is such an environment is not asked before it is made

    def __getitem__(self, name: str) -> Maker:
        return Task if name.startswith("(") else find_task(name)[0]  # it was given as an object


NAMES = TaskNames()


def _takes_argument(make: Maker) -> bool:
    return any(p.kind is p.POSITIONAL_ONLY for p in signature(make).parameters.values())


def task_by_name(name: str, **settings: Any) -> Task:
    """A task.

    Args:
        name: See `find_task`.
        settings: Of this task: see the class.

    Raises:
        UsageError: There is no such task, or what it needs is not installed.
        ConfigurationError: A setting is unknown or out of range.
        DataError: The table cannot be used.
    """
    make, given = find_task(name)
    refuse_unknown(f"task {name}", settings, arguments(make))
    try:
        signature(make).bind(*given, **settings)
    except TypeError as fault:
        raise ConfigurationError(f"task {name}: {fault}") from None
    try:
        return make(*given, **settings)
    except UsageError as fault:
        if not fault.what.startswith("there is no environment"):
            raise
        known = ", ".join(NAMES)
        raise UsageError(
            f"there is no task {name!r:.120}",
            why=fault.why,
            hint=f"one of {known} (an id of Gymnasium's), or module:Name; {fault.hint}",
        ) from None


__all__ = [
    "NAMES",
    "TASKS",
    "EnvironmentTask",
    "FunctionTask",
    "PoleTask",
    "Scores",
    "TableTask",
    "Task",
    "Trace",
    "Xor",
    "find_task",
    "task",
    "task_by_name",
]
