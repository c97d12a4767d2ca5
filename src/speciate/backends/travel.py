"""How an evaluator gets to other processes: all that is pickled in the project, between processes of our own only.

What is defined in a script, a notebook's cell or at standard input is sent by value, by cloudpickle: a worker process never
runs the main program again. All other modules are imported there, for which workers get the program's `sys.path`; a module that
Python would not find again by its name, such as one that was loaded from a file by hand, is sent by value too. What has been
registered from outside the package (layer types, say, and Gymnasium's environments) goes ahead, so that names mean the same.
"""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MethodType, ModuleType
from typing import Any, cast

import cloudpickle

from speciate import registry
from speciate.errors import ConfigurationError, SpeciateError
from speciate.evaluators.base import Evaluator

READY = None
"""What a worker process says once it has the evaluator and its libraries; everything else that it says is an evaluation, or the
error because of which it cannot give one: a full disk, say."""

WARM = "warm"
"""The argument that makes a worker process load what a first training needs before it says that it is ready."""

GYMNASIUM = "gymnasium"

HOLDERS = (dict, list, tuple, set, frozenset, partial, MethodType)
"""What has no name of its own where it is part of something that has."""

dumps: Callable[..., bytes] = cloudpickle.dumps
"""Anything as bytes."""


def loads(content: bytes, buffers: Sequence[Any] = ()) -> Any:
    """What bytes from one of our own processes stand for."""
    return pickle.loads(content, buffers=buffers)


def search_path() -> tuple[str, ...]:
    """Where this process finds modules, as other processes can use it."""
    return tuple(place or str(Path.cwd()) for place in sys.path)


def pack(evaluator: Evaluator, buffers: list[Any] | None = None) -> bytes:
    """An evaluator as bytes, with what has been registered from outside the package.

    Args:
        evaluator: The evaluator.
        buffers: Gets its arrays, which are then not among the bytes.

    Raises:
        ConfigurationError: It cannot be sent; which part of it cannot is said.
    """
    with _modules_by_value():
        known, missing = {}, {}
        for key, thing in _external().items():
            try:
                known[key] = dumps(thing)
            except Exception as error:  # pickling runs code of the thing's own; it may never be needed there
                missing[key] = culprit(thing, key[1]) or str(error)
        try:
            return dumps(
                (_Known(known, missing), evaluator),
                buffer_callback=None if buffers is None else buffers.append,
            )
        except Exception as error:
            raise ConfigurationError(
                "this evaluator cannot be sent to other processes",
                why=culprit(evaluator, type(evaluator).__name__) or _one_line(error),
                hint="make it where it is used, not before, or evaluate in this process: --backend inline, InlineBackend()",
            ) from None


def unpack(packed: bytes, buffers: Sequence[Any] = ()) -> Evaluator:
    """The evaluator that `pack` made bytes of. What goes with it is registered first.

    Raises:
        ConfigurationError: It cannot be made again in this process.
    """
    try:
        _, evaluator = loads(packed, buffers=buffers)
    except SpeciateError:
        raise
    except Exception as error:  # whatever a user's module raises when it is imported
        raise ConfigurationError(
            "this evaluator cannot be loaded in another process",
            why=f"{type(error).__name__}: {_one_line(error)}",
            hint="the modules that it needs must be importable there; --backend inline evaluates in this process",
        ) from error
    return cast(Evaluator, evaluator)


@dataclasses.dataclass(frozen=True)
class _Known:
    """What is registered from outside the package. To unpickle it is to register it.

    Attributes:
        known: Each thing as bytes, by group and name.
        missing: Why a thing cannot be sent.
    """

    known: dict[tuple[str, str], bytes]
    missing: dict[tuple[str, str], str]

    def __reduce__(self) -> tuple[Any, ...]:
        return _register, (self.known, self.missing)


def _register(known: dict[tuple[str, str], bytes], missing: dict[tuple[str, str], str]) -> None:
    for (group, name), why in missing.items():
        registry.receive(group, name, why=why)
    for (group, name), content in known.items():
        try:
            thing = loads(content)
        except Exception as error:  # it may never be needed here
            registry.receive(group, name, why=f"{type(error).__name__}: {_one_line(error)}")
            continue
        if group == GYMNASIUM:
            import gymnasium

            gymnasium.registry[name] = thing
        else:
            registry.receive(group, name, thing)


def _external() -> dict[tuple[str, str], Any]:
    """By group and name, all that is registered from outside, in Gymnasium's registry too."""
    kinds = registry.REGISTRIES.items()
    found = {(group, name): thing for group, kind in kinds for name, thing in kind.external().items()}
    for name, spec in getattr(sys.modules.get(GYMNASIUM), "registry", {}).items():
        entry = spec.entry_point
        if isinstance(entry, str) and entry.startswith("__main__:"):
            entry = getattr(sys.modules["__main__"], entry.removeprefix("__main__:"), entry)
            spec = dataclasses.replace(spec, entry_point=entry)
        if not str(entry).startswith("gymnasium."):
            found[GYMNASIUM, name] = spec
    return found


@contextmanager
def _modules_by_value() -> Iterator[None]:
    """Inside, modules that another process would not find are pickled by value."""
    already = cloudpickle.list_registry_pickle_by_value()
    here = [
        module for name, module in list(sys.modules.items()) if name not in already and _is_lost(module, name)
    ]
    for module in here:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in here:
            cloudpickle.unregister_pickle_by_value(module)


def _is_lost(module: ModuleType, name: str) -> bool:
    """Whether Python would not find a module again, one that is written in Python and no part of a package."""
    if "." in name or name == "__main__" or module.__name__ != name:
        return False
    if not str(getattr(module, "__file__", "")).endswith(".py"):
        return False
    return not any(f.find_spec(name, None) for f in sys.meta_path if hasattr(f, "find_spec"))


def culprit(thing: Any, path: str) -> str:
    """Which part of a thing cannot be pickled, as `attribute 'lock' of Evaluator is a _thread.lock`; empty if all can.

    Args:
        thing: Anything.
        path: What it is called.
    """
    seen: set[int] = set()

    def search(thing: Any, path: str) -> str:
        if id(thing) in seen or _can_travel(thing):
            return ""
        seen.add(id(thing))
        named = inspect.isfunction(thing) or isinstance(thing, type)
        holder = (
            thing.__qualname__ if named else path if isinstance(thing, HOLDERS) else type(thing).__qualname__
        )
        causes = (search(part, f"{name} of {holder}") for name, part in _parts(thing).items())
        return next(filter(None, causes), "") or f"{path} is a {inspect.formatannotation(type(thing))}"

    return search(thing, path)


def _can_travel(thing: Any) -> bool:
    try:
        dumps(thing)
    except Exception:
        return False
    return True


def _parts(thing: Any) -> dict[str, Any]:
    """The parts of a thing by what they are called."""
    if isinstance(thing, dict):
        return {f"entry {key!r:.40}": value for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return {f"item {index}": value for index, value in enumerate(thing)}
    if isinstance(thing, MethodType):
        return {"object": thing.__self__, "function": thing.__func__}
    if isinstance(thing, partial):
        return {"function": thing.func, "arguments": [*thing.args, thing.keywords]}
    if inspect.isfunction(thing):
        outside = inspect.getclosurevars(thing)
        known = {
            f"variable {name!r}": value for name, value in {**outside.globals, **outside.nonlocals}.items()
        }
        return {**known, "defaults": thing.__defaults__}
    if isinstance(thing, type):
        state = {name: value for name, value in vars(thing).items() if not inspect.isdatadescriptor(value)}
        return {f"attribute {name!r}": value for name, value in state.items()}
    with suppress(Exception):  # then it is the thing itself that cannot travel
        given: Any = thing.__getstate__()
        state = given[0] if isinstance(given, tuple) else given
        return {
            **{f"attribute {name!r}": value for name, value in (state or {}).items()},
            "class": type(thing),
        }
    return {}


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
