"""How things are found by name: the package's own, those of plugins, and whatever a script has defined.

A registry is filled in three ways, which are one: a module is imported, and what it defines is registered by a decorator.
The package's own modules are imported when the first name is asked for; a plugin's when its entry point is named
(`[project.entry-points."speciate.layers"] residual = "mypackage.layers:Residual"`); and `module:Name` imports any module.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

from speciate.errors import ConfigurationError
from speciate.signatures import is_own, own_source, source_hash
from speciate.text import closest

T = TypeVar("T")
D = TypeVar("D")

REGISTRIES: dict[str, Registry[Any]] = {}
"""Every registry by its group."""

_received: dict[str, list[tuple[str, Any, str]]] = {}
"""What another process has sent for registries that are not there yet, by their group."""


class Registry(Mapping[str, T], Generic[T]):
    """Things of one kind by name.

    To look a name up imports nothing but what is the package's own or installed as a plugin, since names also come from files;
    `find` is for names that the user gives.

    Args:
        group: Name of the entry points, such as "speciate.layers".
        noun: What one of them is called in messages.
        own: Modules of the package that register its own.
        base: The class that each of them is a subclass of, where they are classes.
        entry: Makes what is kept of what was decorated or loaded. It may raise a `ConfigurationError` that says what is wrong.
        named: The attribute that holds a thing's name.
    """

    def __init__(
        self,
        group: str,
        noun: str,
        own: tuple[str, ...],
        base: type | None = None,
        *,
        entry: Callable[[Any], T] | None = None,
        named: str = "name",
    ) -> None:
        self.group, self.noun, self._own, self._base = group, noun, own, base
        self._entry, self._named = entry, named
        self._things: dict[str, T] = {}
        self._external: set[str] = set()
        self._missing: dict[str, str] = {}
        self._points: dict[str, str] | None = None
        self._filled = self._filling = False
        REGISTRIES[group] = self
        for arrived in _received.pop(group, ()):
            self._receive(*arrived)

    def decorator(self, name: str) -> Callable[[D], D]:
        """The public decorator of this kind, which is called `name`: it registers a class or a function by its own name.

        It raises a `ConfigurationError` for what is not of this kind, or has a name of the package's own.
        """

        def register(thing: D) -> D:
            named = str(getattr(thing, self._named, None) or getattr(thing, "__name__", ""))
            self.add(named, self._made(thing, named))
            return thing

        register.__name__ = register.__qualname__ = name
        register.__doc__ = f"Decorates a {self.noun}, which is then found by its {self._named}."
        return register

    def add(self, name: str, thing: T) -> T:
        """Register a thing; a later one of the same name takes its place, as when a notebook's cell is run again.

        Raises:
            ConfigurationError: The name is one of the package's own.
        """
        if not is_own(thing):
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
            path = name if ":" in name else self._entry_points().get(name)
            if path is None:
                raise self.unknown(name)
            self._load(name, path)
        return self._things[name]

    def names(self) -> list[str]:
        """The names that are registered, and those of entry points."""
        self._fill()
        return list(dict.fromkeys([*self._things, *self._entry_points()]))

    def is_here_only(self, name: str) -> bool:
        """Whether a name is known to this process alone: a script has registered it, and no other could find it."""
        return name in self._external and ":" not in name and name not in self._entry_points()

    def external(self) -> dict[str, T]:
        """What is registered and does not belong to the package: it has to be sent to where it is needed."""
        return {name: thing for name, thing in self._things.items() if name in self._external}

    def __getitem__(self, name: str) -> T:
        if name in self._things and self._filled:  # layers are looked up a hundred times for every candidate
            return self._things[name]
        if name not in self:
            raise KeyError(name)
        try:
            return self.find(name)
        except ConfigurationError as error:
            raise KeyError(name) from error

    def __contains__(self, name: object) -> bool:
        self._fill()
        return name in self._things or name in self._entry_points()

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(list(self._things))

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

    def _entry_points(self) -> dict[str, str]:
        """What is installed, by name; looked up once, because that reads many files."""
        if self._points is None:
            self._points = {point.name: point.value for point in metadata.entry_points(group=self.group)}
        return self._points

    def _load(self, name: str, path: str) -> None:
        """Import what `module:Name` names. It may have registered itself, under its own name, or not."""
        thing = load(path, self.noun)
        registered = [known for known in self._things.values() if known is thing or type(known) is thing]
        self._things[name] = registered[0] if registered else self._made(thing, path)
        self._external.add(name)

    def _made(self, thing: Any, path: str) -> T:
        """What is kept of a thing.

        Raises:
            ConfigurationError: It is not of this kind.
        """
        if self._base is not None and not (isinstance(thing, type) and issubclass(thing, self._base)):
            raise ConfigurationError(
                f"{path!r:.120} is no {self.noun}", hint=f"it has to be a subclass of {self._base.__name__}"
            )
        made: T = thing if self._entry is None else self._entry(thing)
        return made

    def _receive(self, name: str, thing: Any, why: str) -> None:
        if why:
            self._missing[name] = why
        else:
            self._things[name] = thing
            self._external.add(name)

    def unknown(self, name: str) -> ConfigurationError:
        """The error that there is nothing of a name, with what may have been meant."""
        if name in self._missing:
            return ConfigurationError(f"{self.noun} {name!r} could not be sent here", why=self._missing[name])
        known = self.names()
        close = closest(name, known)
        hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}; or module:Name"
        return ConfigurationError(f"there is no {self.noun} {name!r:.60}", hint=hint)


def receive(group: str, name: str, thing: Any = None, why: str = "") -> None:
    """Register what another process has sent, or why it could not; a registry that is not there yet gets it when it is made."""
    if group in REGISTRIES:
        REGISTRIES[group]._receive(name, thing, why)
    else:
        _received.setdefault(group, []).append((name, thing, why))


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
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        meant = closest(attribute, vars(sys.modules.get(module_name, sys)))
        raise ConfigurationError(
            f"{noun} {path!r:.120} cannot be loaded",
            why=f"{type(error).__name__}: {error}",
            hint=f"did you mean {module_name}:{meant}?"
            if isinstance(error, AttributeError) and meant
            else "module:Name is a module that Python can import, and a name that it defines",
        ) from error
    return found


__all__ = ["REGISTRIES", "Registry", "is_own", "load", "own_source", "receive", "source_hash"]
