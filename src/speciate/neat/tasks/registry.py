"""Tasks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speciate.errors import ConfigurationError, UsageError
from speciate.neat.tasks.base import Task
from speciate.neat.tasks.xor import Xor

TASKS: dict[str, Callable[..., Task]] = {"xor": Xor}
"""The built-in tasks: what makes each of them, by name."""


def task_by_name(name: str, **settings: Any) -> Task:
    """A task.

    Args:
        name: A key of `TASKS`.
        settings: Of this task: see the class.

    Raises:
        UsageError: There is no such task.
        ConfigurationError: A setting is unknown.
    """
    if name not in TASKS:
        raise UsageError(f"there is no task {name!r:.120}", hint=f"one of {', '.join(TASKS)}")
    try:
        return TASKS[name](**settings)
    except TypeError as fault:
        raise ConfigurationError(f"task {name}: {fault}") from None
