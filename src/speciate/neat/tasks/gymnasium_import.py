"""Gymnasium, imported late: what is missing or unknown is said in one line, with what to install or try.

An environment goes by Gymnasium's `EnvSpec`, which says how to make it. It travels to worker processes, where an environment that
a script has registered is not known by its name.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from speciate.errors import UsageError
from speciate.registry import load
from speciate.text import closest

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


LONGEST = 1000
"""Steps after which an episode ends where the environment itself has no limit."""


def find_spec(environment: Any) -> Any:
    """What Gymnasium knows of an environment: a copy, in which what is defined in the main program is no longer a name.

    Args:
        environment: Its id, such as `CartPole-v1`, where `module:id` imports a module first; or its class.

    Raises:
        UsageError: There is none of this name, or Gymnasium is not installed.
        ConfigurationError: The module cannot be imported.
    """
    library = gymnasium()
    if not isinstance(environment, str):
        return library.envs.registration.EnvSpec(environment.__name__, entry_point=environment)
    module, _, name = environment.rpartition(":")
    if module:
        load(f"{module}:__name__", "module")
    try:
        spec = copy.copy(library.spec(name))
    except (library.error.Error, ImportError) as fault:
        close = closest(environment, sorted(library.registry))
        raise UsageError(
            f"there is no environment {environment!r:.120}",
            why=_one_line(fault),
            hint=f"did you mean {close}?"
            if close
            else "`python -c 'import gymnasium; gymnasium.pprint_registry()'` lists those that there are",
        ) from None
    if isinstance(spec.entry_point, str) and spec.entry_point.startswith("__main__:"):
        spec.entry_point = library.envs.registration.load_env_creator(spec.entry_point)
    return spec


def make_environment(spec: Any, options: Mapping[str, Any]) -> Any:
    """An environment, whose episodes end.

    Raises:
        UsageError: It cannot be made: a package is missing, or an option is wrong.
    """
    library = gymnasium()
    limit = {} if spec.max_episode_steps else {"max_episode_steps": LONGEST}
    try:
        return library.make(spec, disable_env_checker=True, **(limit | dict(options)))
    except (library.error.DependencyNotInstalled, ImportError) as fault:
        raise UsageError(
            f"{spec.id} needs a package that is not installed",
            why=_one_line(fault),
            hint=f"{INSTALL} brings Box2D; other physics are extras of Gymnasium's own, such as pip install 'gymnasium[mujoco]'",
        ) from None
    except (library.error.Error, TypeError, ValueError) as fault:
        raise UsageError(f"{spec.id} cannot be made with {dict(options)}", why=_one_line(fault)) from None


def _one_line(fault: BaseException) -> str:
    return " ".join(str(fault).split()) or type(fault).__name__
