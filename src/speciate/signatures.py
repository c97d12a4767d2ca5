"""What a class says about its objects: the arguments it takes, the values that an object was made with, and its source."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any

from speciate.errors import ConfigurationError


def arguments(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The arguments by name that a class or a function takes; not those that it takes under any name."""
    found = inspect.signature(make).parameters.values()
    return {p.name: p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def at_least(low: int, **argument: int) -> int:
    """The value of an argument, given by its name.

    Raises:
        ConfigurationError: It is less than `low`.
    """
    ((name, value),) = argument.items()
    if value < low:
        raise ConfigurationError(f"{name} must be at least {low}, got {value}")
    return value


def share(**argument: float) -> float:
    """The value of an argument that is a probability, given by its name.

    Raises:
        ConfigurationError: It is not in [0, 1].
    """
    ((name, value),) = argument.items()
    if not 0 <= value <= 1:
        raise ConfigurationError(f"{name} must be in [0, 1], got {value}")
    return value


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


def source_hash(thing: Any) -> str:
    """A hash of the source of a function or a class, by which a change is noticed; empty where nothing is known of it.

    Code without a source, as that of `python - < file`, is hashed as it was compiled, which depends on Python's version.

    Args:
        thing: A function, a class, or an object of one.
    """
    while hasattr(thing, "func"):  # functools.partial
        thing = thing.func
    try:
        made_of = inspect.getsource(thing if inspect.isroutine(thing) else _class_of(thing)).encode()
    except (OSError, TypeError):
        made_of = repr(_compiled(thing)).encode() if _compiled(thing) else b""
    return hashlib.sha256(made_of).hexdigest()[:16] if made_of else ""


def own_source(thing: Any) -> dict[str, str]:
    """The entry "code" of an identity: the `source_hash` of what does not belong to the package, nothing for what does.

    A stored identity without it, or with an empty one, fits any (`speciate.run.identity`).
    """
    return {} if is_own(thing) or not source_hash(thing) else {"code": source_hash(thing)}


def _class_of(thing: Any) -> type:
    return thing if isinstance(thing, type) else type(thing)


def _compiled(thing: Any) -> list[Any]:
    """What a function, or the methods of a class, were compiled to."""
    if (code := getattr(thing, "__code__", None)) is not None:
        return _parts(code)
    methods = vars(_class_of(thing)).items()
    return [(name, _parts(method.__code__)) for name, method in methods if hasattr(method, "__code__")]


def _parts(code: CodeType) -> list[Any]:
    return [code.co_code, code.co_names, [_constant(value) for value in code.co_consts]]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _parts(value)
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)  # a set has no order


def is_own(thing: Any) -> bool:
    """Whether a class, a function or an object belongs to the package."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return str(module).partition(".")[0] == "speciate"
