"""How things are found by name: the package's own, those of plugins, and whatever a script has defined.

A registry is filled in three ways, which are one: a module is imported, and what it defines is registered by a decorator.
The package's own modules are imported when somebody asks for the first name; a plugin's when its entry point is named
(`[project.entry-points."speciate.layers"] residual = "mypackage.layers:Residual"`); and `module:Name` imports any module.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from types import CodeType
from typing import Any, Generic, TypeVar

from speciate.errors import ConfigurationError
from speciate.text import closest

T = TypeVar("T")

REGISTRIES: dict[str, Registry[Any]] = {}
"""Every registry by its group."""


class Registry(Mapping[str, T], Generic[T]):
    """Things of one kind by name.

    Args:
        group: Name of the entry points, such as "speciate.layers".
        noun: What one of them is called in messages.
        own: Modules of the package that register its own.
        base: The class that each of them is a subclass of, where they are classes.
    """

    def __init__(self, group: str, noun: str, own: tuple[str, ...], base: type | None = None) -> None:
        self.group, self.noun, self._own, self._base = group, noun, own, base
        self._things: dict[str, T] = {}
        self._external: set[str] = set()
        self._points: dict[str, str] | None = None
        self._filled = self._filling = False
        REGISTRIES[group] = self

    def add(self, name: str, thing: T) -> T:
        """Register a thing; a later one of the same name takes its place, as when a notebook's cell is run again.

        Raises:
            ConfigurationError: The name is one of the package's own.
        """
        inside = is_own(thing)
        if not inside:
            self._fill()
            if name in self._things and name not in self._external:
                raise ConfigurationError(
                    f"{self.noun} {name!r} is one of Speciate's own", hint="give yours another name"
                )
            self._external.add(name)
        self._things[name] = thing
        return thing

    def find(self, name: str) -> T:
        """What a name stands for: registered, an entry point, or `module:Name`.

        Raises:
            ConfigurationError: There is nothing of that name, or its module cannot be imported.
        """
        self._fill()
        if name not in self._things:
            if ":" in name:
                self._load(name, name)
            else:
                points = self._entry_points()
                if name not in points:
                    raise self._unknown(name, [*self._things, *points])
                self._load(name, points[name])
        return self._things[name]

    def names(self) -> list[str]:
        """The names that are registered, and those of entry points."""
        self._fill()
        return [*self._things, *(name for name in self._entry_points() if name not in self._things)]

    def _entry_points(self) -> dict[str, str]:
        """What is installed, by name; looked up once, because that reads many files."""
        if self._points is None:
            self._points = {point.name: point.value for point in metadata.entry_points(group=self.group)}
        return self._points

    def external(self) -> dict[str, T]:
        """What is registered and does not belong to the package: it has to be sent to where it is needed."""
        return {name: self._things[name] for name in self._things if name in self._external}

    def __getitem__(self, name: str) -> T:
        """What is registered, or an entry point: names in files must not import any module that they like."""
        try:
            if ":" in name and name not in self._things:
                raise KeyError(name)
            return self.find(name)
        except ConfigurationError as error:
            raise KeyError(name) from error

    def __contains__(self, name: object) -> bool:
        self._fill()
        return name in self._things or (isinstance(name, str) and name in self.names())

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(self._things)

    def __len__(self) -> int:
        self._fill()
        return len(self._things)

    def _fill(self) -> None:
        if self._filled or self._filling:  # a module that registers may ask for names while it is imported
            return
        self._filling = True
        try:
            for module in self._own:
                importlib.import_module(module)
            self._filled = True
        finally:
            self._filling = False

    def _load(self, name: str, path: str) -> None:
        """Import what `module:Name` names, which may register itself, under its own name, or not."""
        thing = load(path, self.noun)
        for known in self._things.values():
            if known is thing or type(known) is thing:  # it has registered itself, under its own name
                self._things[name] = known
                self._external.add(name)
                return
        if self._base is not None and not (isinstance(thing, type) and issubclass(thing, self._base)):
            raise ConfigurationError(
                f"{path!r:.120} is no {self.noun}", hint=f"it has to be a subclass of {self._base.__name__}"
            )
        self._things[name] = thing
        self._external.add(name)

    def _unknown(self, name: str, known: list[str]) -> ConfigurationError:
        close = closest(name, known)
        hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}; or module:Name"
        return ConfigurationError(f"there is no {self.noun} {name!r:.60}", hint=hint)


def load(path: str, noun: str = "thing") -> Any:
    """What `module:Name` names; modules in the working directory are found too.

    Raises:
        ConfigurationError: There is no such module, it cannot be imported, or it does not hold the name.
    """
    module_name, _, attribute = path.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # a user's module may raise anything
        meant = closest(attribute, vars(sys.modules.get(module_name, sys)))
        raise ConfigurationError(
            f"{noun} {path!r:.120} cannot be loaded",
            why=f"{type(error).__name__}: {error}",
            hint=f"did you mean {module_name}:{meant}?"
            if isinstance(error, AttributeError) and meant
            else "module:Name is a module that Python can import, and a name that it defines",
        ) from error
    return found


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


Decorator = Callable[[T], T]
