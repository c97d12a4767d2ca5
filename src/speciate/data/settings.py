"""Checks the arguments of `load_data`, all of them at once."""

from __future__ import annotations

import operator

from speciate.data.metrics import find_metric
from speciate.errors import ConfigurationError
from speciate.text import did_you_mean, quoted

TASKS = ("auto", "classification", "regression")


def check_settings(task: str, metric: str, validation: float | None, test: float, seed: int) -> None:
    """Refuse what makes no sense before any data is read.

    Raises:
        ConfigurationError: Some argument is unknown or out of range; says all of them.
    """
    problems: list[ConfigurationError] = []
    if task not in TASKS:
        close = did_you_mean(str(task), TASKS)
        hint = f"{close} " if close else ""
        problems.append(
            ConfigurationError(
                f"there is no task {quoted(task)}", where="task", hint=f"{hint}tasks: {', '.join(TASKS)}"
            )
        )
    if metric != "auto":
        try:
            find_metric(metric, task if task in TASKS[1:] else None)
        except ConfigurationError as error:
            problems.append(error)
    if validation is not None and not _within(validation, 0, 1, open_below=True):
        problems.append(_range("validation", validation, "above 0 and below 1"))
    if not _within(test, 0, 1, open_below=False):
        problems.append(_range("test", test, "at least 0 and below 1"))
    try:
        good = operator.index(seed) >= 0
    except TypeError:
        good = False
    if not good:
        problems.append(_range("seed", seed, "a whole number, at least 0"))
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ConfigurationError(
            f"{len(problems)} settings cannot be used: " + "; ".join(problem.what for problem in problems),
            where=", ".join(problem.where for problem in problems),
            hint="; ".join(problem.hint for problem in problems if problem.hint),
        )


def _within(value: object, low: float, high: float, *, open_below: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (low < value if open_below else low <= value) and value < high


def _range(name: str, value: object, rule: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is {str(value)[:40]}, but must be {rule}", where=name)
