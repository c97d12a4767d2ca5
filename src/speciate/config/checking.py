"""Makes a configuration of what was given, and says every mistake at once, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from speciate.config.model import RunConfig
from speciate.config.settings import Settings, extra, key_of, keys, registry_of
from speciate.errors import ConfigurationError, SpeciateError
from speciate.text import closest

Some = TypeVar("Some", bound=Settings)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was set.

    Attributes:
        value: The value as it was given.
        where: "run.toml:3", "--population", or "" for a keyword.
    """

    value: Any
    where: str = ""


def configure(settings: Mapping[str, Setting], **defaults: Any) -> RunConfig:
    """The configuration of a run that trains networks, or every mistake in it; see `configured`."""
    return configured(RunConfig, settings, **defaults)


def configured(model: type[Some], settings: Mapping[str, Setting], **defaults: Any) -> Some:
    """The configuration of some kind of run, or every mistake in it.

    Args:
        model: The kind.
        settings: What was set, and where.
        defaults: What to use in place of the model's defaults.

    Raises:
        ConfigurationError: Settings are unknown, of the wrong type, out of range, or contradict each other.
    """
    problems: list[tuple[str, str]] = []
    values = {**defaults, **{key: setting.value for key, setting in settings.items()}}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems += _problems(model, error)
    wrong = {key for key, _ in problems}
    needed = {key for key, field in model.model_fields.items() if field.is_required()}
    if wrong and not wrong & needed:  # what contradicts what, among those that are good by themselves
        try:
            handed = {key for key, info in model.model_fields.items() if extra(info, "of") in wrong}
            model.model_validate({k: v for k, v in values.items() if k not in wrong | handed})
        except ValidationError as error:
            problems += [problem for problem in _problems(model, error) if problem not in problems]
    raise _report(problems, settings)


def _problems(model: type[Settings], error: ValidationError) -> Iterator[tuple[str, str]]:
    for detail in error.errors(include_url=False):
        if detail["type"] == "contradictions":
            yield from detail["ctx"]["found"]
        else:
            key = str(detail["loc"][0])
            yield key, _sentence(model, key, detail)


def _sentence(model: type[Settings], key: str, detail: ErrorDetails) -> str:
    """What is wrong with one setting."""
    if detail["type"] == "extra_forbidden":
        if isinstance(detail["input"], dict):
            return "settings are not in sections; leave the [section] line out"
        close = closest(key.replace("-", "_"), keys(model))
        return "there is no such setting" + (f"; did you mean {close}?" if close else "")
    if detail["type"] == "loading":
        return detail["msg"]
    if detail["type"] == "missing":
        return f"must be given{EXAMPLES.get(key, '')}"
    text = (
        f"must be {expected(key, model)}"
        if expected(key, model)
        else detail["msg"].removeprefix("Value error, ")
    )
    value = detail["input"]
    if detail["type"] in ("literal_error", "name") and isinstance(value, str):
        close = closest(value, choices(key, model))
        text += f"; did you mean {close}?" if close else ""
    return text


@contextmanager
def in_keywords(model: type[Settings]) -> Iterator[None]:
    """What goes wrong inside is said in Python's words: `space="conv"` for the command's `--space conv`."""
    fields = {key_of(field, model): field for field in model.model_fields}

    def keyword(found: re.Match[str]) -> str:
        key, value = found[1].replace("-", "_"), found[2] or ""
        if key not in fields:
            return found[0]
        if value in choices(key, model):
            return f'{fields[key]}="{value}"'
        return fields[key] + (f"={value}" if value.isdecimal() else f" {value}" if value else "")

    try:
        yield
    except SpeciateError as error:
        for part in ("what", "where", "why", "hint"):
            setattr(error, part, FLAG.sub(keyword, getattr(error, part)))
        raise


FLAG = re.compile(r"--([a-z][a-z-]*[a-z])(?: (\w+))?")
"""A flag of the command in a sentence, and the word behind it, which may be its value."""


def choices(key: str, model: type[Settings] = RunConfig) -> list[str]:
    """The values that a setting can have, if they are a few words."""
    names = registry_of(model, key)
    if names is not None:
        return names.names()
    schema = _schema(key, model)
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def is_choice(key: str, value: str, model: type[Settings] = RunConfig) -> bool:
    """Whether a setting can have a value: one of its words, or `module:Name` of something that it can name."""
    names = registry_of(model, key)
    if value in choices(key, model) or names is None or ":" not in value:
        return value in choices(key, model)
    try:
        return bool(names.check(value))
    except ValueError:
        return False


def expected(key: str, model: type[Settings] = RunConfig) -> str:
    """What a setting must be, in words: "a whole number of at least 2"."""
    if key in SPECIAL:
        return SPECIAL[key]
    schema = _schema(key, model)
    if words := choices(key, model):
        return "one of " + ", ".join(json.dumps(word) for word in words)
    kind = {"integer": "a whole number", "number": "a number", "string": "text"}.get(
        schema.get("type", ""), ""
    )
    rules = [
        f"{words} {schema[rule]:,}"
        for rule, words in (
            ("minimum", "of at least"),
            ("exclusiveMinimum", "greater than"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "less than"),
        )
        if rule in schema and schema[rule] < 2**63
    ]
    return f"{kind} {' and '.join(rules)}".strip() if kind else ""


SPECIAL = {
    "time": 'a time greater than 0 such as 90, "90s", "10m" or "1h30m", at most 1,000,000,000 seconds',
    "candidate_time": 'a time greater than 0 such as 60, "60s" or "10m", at most 1,000,000,000 seconds',
    "worker_memory": 'a size of at least 1 MB such as "4GB" or "500MB", at most 1,000 TB',
    "memory": 'a size of at least 1 MB such as "4GB" or "500MB", at most 1,000 TB',
    "image_size": 'a height and a width from 1 to 4,096 such as "32x48", or "32" for both',
    "depth": 'a range of whole numbers from 1 to 1,000 such as "1-4" or [1, 4]',
    "units": 'a range of whole numbers from 1 to 65,536 such as "16-256" or [16, 256]',
    "final_examples": '"auto" or a whole number of at least 1 and at most 1,000,000,000,000',
    "ensemble": '"auto" or a whole number from 1 to 64',
    "cpus": "a fraction of one such as 0.5, or a whole number from 1 to 1,024",
    "gpus": "a fraction of one such as 0.25, or a whole number from 1 to 1,024",
    "from": "the name of a run, or the folder of a run or a champion",
    "data": "the name of a file, a folder or a data set",
    "hidden": 'at most 100 numbers of units from 1 to 65,536 such as "8", "16,16" or [16, 16]',
}
"""Settings whose schema does not read well."""


EXAMPLES = {
    "data": ", such as speciate run table.csv --target price",
    "task": ", such as speciate neat CartPole-v1",
}
"""How settings that must be given are given."""


def _schema(key: str, model: type[Settings]) -> dict[str, Any]:
    """The JSON schema of a setting, without the null of optional ones."""
    schema: dict[str, Any] = _properties(model).get(key, {})
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return options[0] if options else schema


@cache
def _properties(model: type[Settings]) -> dict[str, Any]:
    found: dict[str, Any] = model.model_json_schema()["properties"]
    return found


def _report(problems: Iterable[tuple[str, str]], settings: Mapping[str, Setting]) -> ConfigurationError:
    """One error for all mistakes; each keeps its place, key and value."""
    lines, order = [], list(settings)
    ordered = sorted(dict.fromkeys(problems), key=lambda p: order.index(p[0]) if p[0] in settings else -1)
    for key, text in ordered:
        setting = settings.get(key)
        shown = key if setting is None else f"{key} = {_shown(setting.value)}"
        place = setting.where if setting else ""
        lines.append((place, f"{shown}: {text}"))
    if len(lines) == 1:
        place, text = lines[0]
        what, _, question = text.partition("; did you mean ")
        return ConfigurationError(what, where=place, hint=f"did you mean {question}" if question else "")
    listed = "\n".join(f"{place}  {text}" if place else text for place, text in lines)
    return ConfigurationError(f"{len(lines)} settings cannot be used", where=listed)


def _shown(value: Any) -> str:
    """A value as it would stand in a TOML file, cut to a readable length."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
