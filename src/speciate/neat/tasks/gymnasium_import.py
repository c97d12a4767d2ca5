"""Gymnasium, imported late: what is missing or unknown is said in one line, with what to install or try."""

from __future__ import annotations

import difflib
from typing import Any

from speciate.errors import UsageError

INSTALL = "pip install 'speciate[rl]'"


def gymnasium() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import gymnasium as found
    except ImportError:
        raise UsageError(
            "environments need Gymnasium, which is not installed", hint=f"install it with: {INSTALL}"
        ) from None
    return found


def find_spec(name: str) -> Any:
    """What Gymnasium knows of an environment.

    Args:
        name: Its id, such as `CartPole-v1`; `module:id` imports a module first.

    Raises:
        UsageError: There is none of this name, or Gymnasium is not installed.
    """
    library = gymnasium()
    try:
        return library.spec(name)
    except (library.error.Error, ImportError) as fault:
        close = difflib.get_close_matches(name, sorted(library.registry), n=3)
        raise UsageError(
            f"there is no environment {name!r}",
            why=_one_line(fault),
            hint=f"did you mean {' or '.join(close)}?"
            if close
            else "`python -c 'import gymnasium; gymnasium.pprint_registry()'` lists those that there are",
        ) from None


def make_environment(name: str, settings: dict[str, Any]) -> Any:
    """An environment.

    Raises:
        UsageError: It cannot be made: a package is missing, or a setting is wrong.
    """
    library = gymnasium()
    spec = find_spec(name)
    try:
        return library.make(spec, disable_env_checker=True, **settings)
    except (library.error.DependencyNotInstalled, ImportError) as fault:
        raise UsageError(
            f"{name} needs a package that is not installed",
            why=_one_line(fault),
            hint=f"{INSTALL} brings Box2D; other physics are extras of Gymnasium's own, such as pip install 'gymnasium[mujoco]'",
        ) from None
    except (library.error.Error, TypeError, ValueError) as fault:
        raise UsageError(f"{name} cannot be made with {settings}", why=_one_line(fault)) from None


def make_vector(name: str, settings: dict[str, Any], width: int) -> Any:
    """The environment's own vector version, with so many environments."""
    return gymnasium().make_vec(name, width, vectorization_mode="vector_entry_point", **settings)


def batched(space: Any, width: int) -> Any:
    """The space of so many values of another space."""
    return gymnasium().vector.utils.batch_space(space, width)


def vector_entry(name: str) -> str | None:
    """Where the environment's own vector version is, if it has one."""
    entry = find_spec(name).vector_entry_point
    return entry if isinstance(entry, str) else None


def _one_line(fault: BaseException) -> str:
    return " ".join(str(fault).split()) or type(fault).__name__
