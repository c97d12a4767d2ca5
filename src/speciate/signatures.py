"""What a class says about its objects: the arguments it takes, and the values that an object was made with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from speciate.errors import ConfigurationError
from speciate.registry import source_hash


def arguments(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The arguments by name that a class or a function takes; not those that it takes under any name."""
    found = inspect.signature(make).parameters.values()
    return {p.name: p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def settings_of(thing: object) -> dict[str, Any]:
    """The arguments that an object was made with, as JSON. It keeps each in an attribute of the same name.

    An argument that is off by default (None, False, 0, empty) and was left so is not named, so that a class may get further
    ones of this kind and what was stored before stays the same.

    Raises:
        ConfigurationError: There is no attribute for an argument.
    """
    found = {}
    for name, parameter in arguments(type(thing)).items():
        attribute = next((a for a in (name, f"_{name}") if hasattr(thing, a)), None)
        if attribute is None:
            raise ConfigurationError(
                f"{type(thing).__name__} does not keep its argument {name}",
                why="what it was made with is part of what a run is",
                hint=f"write self.{name} = {name} in its __init__",
            )
        value = as_json(getattr(thing, attribute))
        if value or parameter.default is parameter.empty or value != as_json(parameter.default):
            found[name] = value
    return found


def as_json(value: Any) -> Any:
    """A value as JSON that is another one for another value: objects as their class and attributes, code as its hash."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((as_json(item) for item in value), key=repr)
    if hasattr(value, "tolist"):  # numbers and arrays of NumPy
        return as_json(value.tolist())
    if isinstance(value, type | FunctionType):
        return f"{value.__qualname__} {source_hash(value)}"
    if hasattr(value, "to_json"):
        return as_json(value.to_json())
    own = vars(value) if hasattr(value, "__dict__") else {"value": repr(value)}
    return {"class": type(value).__qualname__, **as_json(own)}
