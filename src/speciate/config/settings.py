"""What a configuration is made of: settings, the kinds of values that they take, and the names of registered things."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self, cast, get_args, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from speciate.errors import ConfigurationError
from speciate.registry import Registry
from speciate.signatures import arguments
from speciate.text import closest, either

IN_MEMORY = "(in memory)"
"""What stands for data or a task that were given as a value: a run of them can be read, but not resumed by the command."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

PREFIXES = "kmgtp"
"""Kilo, mega, ...: powers of 1,000, or of 1,024 where an i follows."""


def seconds_of(value: Any) -> Any:
    """Seconds from a number or from text such as "90s", "10m" or "1h30m"; anything else is left to the model."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        raise PydanticCustomError("duration", 'must be a time such as 90, "90s", "10m" or "1h30m"')
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)([smhd])", text))


def bytes_of(value: Any) -> Any:
    """Bytes from a number or from text such as "4GB", "1.5 GiB" or "500M"; anything else is left to the model."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(
        rf"(\d{{1,99}}(?:\.\d{{1,99}})?)([{PREFIXES}]?)(i?)b?", value.strip().lower().replace(" ", "")
    )
    if found is None or (found[3] and not found[2]):
        raise PydanticCustomError("size", 'must be a size such as "4GB" or "500MB"')
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** (PREFIXES.index(found[2]) + 1 if found[2] else 0))


def range_of(value: Any) -> Any:
    """A pair from "1-4", "3" or a list of two; anything else is left to the model."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d{1,99}\s*(-\s*\d{1,99}\s*)?", value):
            raise PydanticCustomError("pair", 'must be a range such as "1-4", or [1, 4]')
        value = [int(part) for part in value.split("-")]
    return _two(value)


def _two(value: Any) -> Any:
    """One value twice."""
    if isinstance(value, list | tuple):
        value = (*value, *value) if len(value) == 1 else tuple(value)
    return value


def image_size_of(value: Any) -> Any:
    """Height and width from "32x48", "32" or a list of two; anything else is left to the model."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d{1,9}\s*([xX]\s*\d{1,9}\s*)?", value):
            raise PydanticCustomError("image_size", 'must be a height and a width such as "32x48", or "32"')
        value = [int(part) for part in value.lower().split("x")]
    return _two(value)


def auto_or_number(value: Any) -> Any:
    """A whole number from text; "auto" stays."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,99}", value.strip()) else value


def options_of(value: Any) -> Any:
    """Values by name from "patience=5,kind=ice" or a list of such texts; anything else is left to the model."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    found = {}
    for part in (part for text in texts for part in re.split(r",(?=\s*\w+\s*=)", str(text))):
        name, equals, word = part.partition("=")
        if not equals or not name.strip().isidentifier():
            raise PydanticCustomError("options", 'must be names with values such as "patience=5"')
        found[name.strip()] = _literal(word.strip())
    return found


def _literal(text: str) -> Any:
    """A number, a truth value or a list in JSON's or Python's notation, else the text itself."""
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError):
            return read(text)
    return text


def share_of(value: float) -> float:
    """A number of processors: a fraction of one, or whole ones."""
    if value > 1 and value % 1:
        raise PydanticCustomError("share", "must be whole above 1, such as 2")
    return value


To1000 = Annotated[int, Field(ge=1, le=1000)]
To4096 = Annotated[int, Field(ge=1, le=4096)]
To65536 = Annotated[int, Field(ge=1, le=65536)]
Whole = Annotated[int, Field(ge=1, le=10**6)]
Many = Annotated[int, Field(ge=1, le=10**12)]
"""Examples: the sum of a long run's still fits into a number of its database."""

Networks = Annotated[int, Field(ge=1, le=64)]
"""Networks of one champion."""

Seconds = Annotated[float, Field(gt=0, le=10**9), BeforeValidator(seconds_of)]
Bytes = Annotated[int, Field(ge=10**6, le=10**15), BeforeValidator(bytes_of)]
Code = Literal["all", "stacks", "none"]
"""Networks that are trained as machine code: all that can be, stacks of dense layers alone (as versions before did), or none."""
Depth = Annotated[tuple[To1000, To1000], BeforeValidator(range_of)]
Units = Annotated[tuple[To65536, To65536], BeforeValidator(range_of)]
ImageSize = Annotated[tuple[To4096, To4096], BeforeValidator(image_size_of)]


def names_of(value: Any) -> Any:
    """Names from text such as "a,b", or a list; anything else is left to the model."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(names_of)]
Options = Annotated[dict[str, JsonValue], BeforeValidator(options_of)]
Share = Annotated[float, Field(gt=0, le=1024), AfterValidator(share_of)]


def setting(
    default: Any,
    about: str,
    panel: str | None = None,
    *,
    metavar: str | None = None,
    flag: str | None = None,
    of: str | None = None,
    neutral: Any = None,
    **rules: Any,
) -> Any:
    """A setting of a run: one field that is a flag of the command, a key of a TOML file and a keyword of Python's.

    Args:
        default: Its value where it is not given; ... if it must be given.
        about: What it is for, in the command's help.
        panel: The part of the help that it stands in.
        metavar: What the help shows for its value.
        flag: The command's flag, where it is not the name.
        of: The setting that names what this one is handed to, such as "algorithm". What that is has to take it.
        neutral: A value that is as good as none where it is not taken.
        rules: What pydantic's `Field` takes: `alias`, and bounds such as `ge`, `lt`, `min_length`.
    """
    more = {"panel": panel, "metavar": metavar, "flag": flag, "of": of, "neutral": neutral}
    return Field(default, description=about, json_schema_extra=more, **rules)


@dataclass(frozen=True, eq=False)
class Name:
    """What a setting is annotated with that names something registered: one of the names, or `module:Name`.

    Attributes:
        registry: Where it is, as `module:NAME`. It is not imported before it is asked.
        instead: Other words that the setting may be, each with the name of what takes the same settings.
        takes: The arguments of a thing by the names of their settings; by default those are the same.
    """

    registry: str
    instead: Mapping[str, str] = dataclasses.field(default_factory=dict)
    takes: Callable[[Any], Mapping[str, str]] = lambda thing: {name: name for name in arguments(thing)}

    def things(self) -> Mapping[str, Any]:
        """The registry."""
        return cast(Mapping[str, Any], resolve_name(self.registry))

    def names(self) -> list[str]:
        """What can be written, but for `module:Name`."""
        things = self.things()
        return [*self.instead, *(things.names() if isinstance(things, Registry) else things)]

    def find(self, name: str) -> Any:
        """What a name stands for."""
        things, name = self.things(), self.instead.get(name, name)
        return things.find(name) if isinstance(things, Registry) else things[name]

    def taken(self, name: str) -> Mapping[str, str]:
        """The arguments of a thing by the names of their settings."""
        return self.takes(self.find(name))

    def taking(self, key: str) -> list[str]:
        """The names of the things that take a setting."""
        return [name for name in self.things() if key in self.taken(name)]

    def check(self, value: str) -> str:
        """A name that stands for something.

        Raises:
            PydanticCustomError: It does not, or what it stands for cannot be loaded.
        """
        things = self.things()
        if value not in self.instead and value not in things:
            try:
                if ":" not in value or not isinstance(things, Registry):
                    raise PydanticCustomError("name", "there is no such thing")
                things.find(value)
            except ConfigurationError as error:
                why = " ".join(f"{error.what}{': ' * bool(error.why)}{error.why}".split())
                question = f"; {error.hint}" if error.hint.startswith("did you mean") else ""
                raise PydanticCustomError("loading", "{text}", {"text": why + question}) from None
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


class Settings(BaseModel):
    """What can be set about a run of some kind. `speciate.config.checking` makes it of what was given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    command: ClassVar[str] = "run"
    """The command that starts such a run."""

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        if found := list(self.contradictions()):
            raise PydanticCustomError("contradictions", "contradictory settings", {"found": found})
        return self

    def at_cost(self, examples: int, rows: int) -> Self:
        """The configuration of a run of a comparison in which so many examples are shown in all.

        Args:
            examples: How many, to all networks together.
            rows: Training rows.
        """
        return self

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Settings that do not go together, as (key, what is wrong): those that are handed to what does not take them."""
        for key, info in type(self).model_fields.items():
            owner, value = extra(info, "of"), getattr(self, key)
            if owner is None or not value or value in (info.default, extra(info, "neutral")):
                continue
            name, names = getattr(self, owner), registry_of(type(self), owner)
            if names is None:
                continue
            if isinstance(value, dict):
                handed = {k for k, other in type(self).model_fields.items() if extra(other, "of") == owner}
                flags = {argument for key, argument in names.taken(name).items() if key in handed}
                yield from (
                    (key_of(key, type(self)), fault) for fault in misfits(names.find(name), value, flags)
                )
            elif key not in names.taken(name):
                having = either([f'"{other}"' for other in names.taking(key)] or ["none"])
                yield key_of(key, type(self)), f'only {owner} = {having} has it, {owner} is "{name}"'


def extra(field: FieldInfo, what: str) -> Any:
    """What `setting` says about a field beside its value: `panel`, `metavar`, `flag`, `of`, `neutral`."""
    found = field.json_schema_extra
    return found.get(what) if isinstance(found, dict) else None


def registry_of(model: type[Settings], key: str) -> Name | None:
    """The registry that a setting names something of; None where it does not."""
    for field, info in model.model_fields.items():
        if key_of(field, model) == key:
            optional = [rule for option in get_args(info.annotation) for rule in get_args(option)]
            return next((rule for rule in (*info.metadata, *optional) if isinstance(rule, Name)), None)
    return None


def handed_to(config: Settings, owner: str) -> dict[str, Any]:
    """The arguments for what another setting names, such as "algorithm": the settings that it takes, as far as they are given."""
    model = type(config)
    names = registry_of(model, owner)
    assert names is not None, f"{owner} names nothing that is registered"
    name, found = getattr(config, owner), dict[str, Any]()
    for key, info in model.model_fields.items():
        value = getattr(config, key) if extra(info, "of") == owner else None
        if isinstance(value, dict):
            found |= {option: _fitted(names.find(name), option, item) for option, item in value.items()}
        elif value is not None and key in names.taken(name):
            found[names.taken(name)[key]] = value
    return found


def taking_all(model: type[Settings], owner: str, values: Mapping[str, Any]) -> list[str]:
    """What a setting such as "algorithm" can name that takes all those of some values that are handed to it."""
    names = registry_of(model, owner)
    assert names is not None, f"{owner} names nothing that is registered"
    wanted = set[str]()
    for key, info in model.model_fields.items():
        value = values.get(key_of(key, model)) if extra(info, "of") == owner else None
        wanted |= set(value) if isinstance(value, dict) else {key} if value else set()
    return [name for name in names.things() if wanted <= names.taken(name).keys()]


def misfits(
    make: Callable[..., Any], options: Mapping[str, Any], flags: Container[str] = ()
) -> Iterator[str]:
    """What is wrong with options for a class or a function.

    Args:
        make: What they are arguments of.
        options: By name.
        flags: Arguments that are settings of their own.
    """
    known = [name for name in arguments(make) if name not in flags]
    for name, value in options.items():
        if name not in known:
            close = closest(name, known)
            has = f"; did you mean {close}?" if close else f"; it has {', '.join(known)}" if known else ""
            yield f"{name} is {'a setting of its own' if name in flags else 'no argument of it'}{has}"
        elif isinstance(fault := _fitted(make, name, value), ValidationError):
            yield f"{name} = {value!r:.60}: {fault.errors()[0]['msg']}"


def _fitted(make: Callable[..., Any], name: str, value: Any) -> Any:
    """A value as the type that an argument declares, a list as a tuple for instance, or what is wrong with it.

    It is left as it is where nothing is known of the type.
    """
    try:
        hints = get_type_hints(make.__init__ if isinstance(make, type) else make)  # type: ignore[misc]
        return TypeAdapter(hints.get(name, Any)).validate_python(value)
    except ValidationError as fault:
        return fault
    except Exception:  # annotations may be anything, and names that are not there
        return value


def key_of(field: str, model: type[Settings]) -> str:
    """The name of a setting in files, flags and messages: that of its field, which cannot be a word of Python's own."""
    return model.model_fields[field].alias or field


def keys(model: type[Settings]) -> list[str]:
    """The names of all settings."""
    return [key_of(field, model) for field in model.model_fields]


def values_of(config: Settings) -> dict[str, Any]:
    """All settings by name."""
    return config.model_dump(by_alias=True)
