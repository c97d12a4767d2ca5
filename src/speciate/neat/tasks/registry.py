"""Tasks by name: the built-in ones, tables as `table:SOURCE`, and every Gymnasium environment by its id."""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import signature
from typing import Any

from speciate.errors import ConfigurationError, UsageError
from speciate.neat.tasks.base import Task
from speciate.neat.tasks.poles import PoleTask
from speciate.neat.tasks.xor import Xor


def _poles(name: str, poles: int, velocities: bool, degrees: float) -> Callable[..., Task]:
    def make(start: float = degrees) -> Task:
        return PoleTask(name, poles, velocities, start)

    return make


TASKS: dict[str, Callable[..., Task]] = {
    "xor": Xor,
    "single-pole": _poles("single-pole", 1, True, 1.0),
    "double-pole": _poles("double-pole", 2, True, 1.0),
    "double-pole-without-velocities": _poles("double-pole-without-velocities", 2, False, 4.0),
}
"""The built-in tasks: what makes each of them, by name."""


def task_by_name(name: str, **settings: Any) -> Task:
    """A task.

    Args:
        name: A key of `TASKS`; `table:` and anything that `load_data` reads; or the id of a Gymnasium environment.
        settings: Of this task: see the class.

    Raises:
        UsageError: There is no such task, or what it needs is not installed.
        ConfigurationError: A setting is unknown or out of range.
        DataError: The table cannot be used.
    """
    make: Callable[..., Task]
    if name in TASKS:
        make = TASKS[name]
        _refuse_unknown(name, make, settings)
    elif name.startswith("table:"):
        from speciate.neat.tasks.table import TableTask

        def make(**given: Any) -> Task:
            return TableTask(name.removeprefix("table:"), **given)
    else:
        make = _environment(name)
    try:
        return make(**settings)
    except TypeError as fault:
        raise ConfigurationError(f"task {name}: {_plain(fault)}") from None


def _refuse_unknown(name: str, make: Callable[..., Task], settings: Collection[str]) -> None:
    known = [key for key in signature(make).parameters if key != "name"]
    if unknown := sorted(set(settings) - set(known)):
        raise ConfigurationError(
            f"task {name} has no {' and no '.join(unknown)}",
            hint=f"it has {', '.join(known)}" if known else "it has no settings: leave that out",
        )


def _environment(name: str) -> Callable[..., Task]:
    from speciate.neat.tasks.environment import EnvironmentTask

    def make(**given: Any) -> Task:
        _refuse_unknown(name, EnvironmentTask, given)
        try:
            return EnvironmentTask(name, **given)
        except UsageError as fault:
            if fault.what.startswith("there is no environment"):
                raise UsageError(
                    f"there is no task {name!r:.120}",
                    why=fault.why,
                    hint=f"one of {', '.join(TASKS)}, table:DATA, or the id of a Gymnasium environment; {fault.hint}",
                ) from None
            raise

    return make


def _plain(fault: TypeError) -> str:
    """What is wrong with an argument, without the function's name."""
    return str(fault).partition(") ")[2] or str(fault)
