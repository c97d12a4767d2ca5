"""Reads settings from a TOML file, flags or keywords, and reports every mistake at once with its place."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from speciate.config.model import RunConfig, Settings, keys
from speciate.errors import ConfigurationError, StorageError

Some = TypeVar("Some", bound=Settings)

KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*(?:[=.])|^\s*\[\[?\s*([\w.-]+)""")
"""The key at the beginning of a line of TOML, or the name of a table."""


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
            model.model_validate({k: v for k, v in values.items() if k not in wrong})
        except ValidationError as error:
            problems += [problem for problem in _problems(model, error) if problem not in problems]
    raise _report(problems, settings)


def read_file(path: Path) -> dict[str, Setting]:
    """The settings in a TOML file, unchecked, with their lines.

    Raises:
        StorageError: The file cannot be read.
        ConfigurationError: It is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(
            "cannot read the configuration",
            where=str(path),
            why=error.strerror or "",
            hint="--config takes a TOML file; every run has one, run.toml",
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "the configuration is not UTF-8 text", where=str(path), why=str(error)
        ) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        where = f"{path}:{place[1]}" if place else str(path)
        hint = 'a line is key = value; text needs quotes: algorithm = "aging"'
        raise ConfigurationError(
            "the configuration is not TOML", where=where, why=str(error), hint=hint
        ) from None
    lines = _lines(text)
    return {key: Setting(value, f"{path}:{lines.get(key, 1)}") for key, value in values.items()}


def from_toml(path: Path) -> RunConfig:
    """The configuration of a run that trains networks, in a TOML file.

    Raises:
        StorageError: The file cannot be read.
        ConfigurationError: It is not TOML, or has mistakes.
    """
    return configure(read_file(path))


def _lines(text: str) -> dict[str, int]:
    """The line of each top-level key; the first, where text over several lines makes it look like more."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := KEY.match(line):
            name = next(group for group in match.groups() if group)
            found.setdefault(name.split(".")[0] if match[4] else name, number)
    return found


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
        close = difflib.get_close_matches(key.replace("-", "_"), keys(model), n=1, cutoff=0.6)
        return "there is no such setting" + (f"; did you mean {close[0]}?" if close else "")
    if detail["type"] == "missing":
        return f"must be given{EXAMPLES.get(key, '')}"
    text = (
        f"must be {expected(key, model)}"
        if expected(key, model)
        else detail["msg"].removeprefix("Value error, ")
    )
    value = detail["input"]
    if detail["type"] == "literal_error" and isinstance(value, str):
        close = difflib.get_close_matches(value, choices(key, model), n=1)
        text += f"; did you mean {close[0]}?" if close else ""
    return text


def choices(key: str, model: type[Settings] = RunConfig) -> list[str]:
    """The values that a setting can have, if they are a few words."""
    return _enums(_schema(key, model))


def expected(key: str, model: type[Settings] = RunConfig) -> str:
    """What a setting must be, in words: "a whole number of at least 2"."""
    if key in SPECIAL:
        return SPECIAL[key]
    schema = _schema(key, model)
    if words := _enums(schema):
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
    "time": 'a time greater than 0 such as 90, "90s", "10m" or "1h30m"',
    "candidate_time": 'a time greater than 0 such as 60, "60s" or "10m"',
    "worker_memory": 'a size of at least 1 MB such as "4GB" or "500MB"',
    "depth": 'a range of whole numbers from 1 such as "1-4" or [1, 4]',
    "units": 'a range of whole numbers from 1 such as "16-256" or [16, 256]',
    "final_examples": '"auto" or a whole number of at least 1',
    "cpus": "a fraction of one such as 0.5, or a whole number of at least 1",
    "gpus": "a fraction of one such as 0.25, or a whole number of at least 1",
    "from": "the name of a run, or the folder of a run or a champion",
    "data": "the name of a file, a folder or a data set",
    "hidden": 'numbers of units from 1 such as "8", "16,16" or [16, 16]',
}
"""Settings whose schema does not read well."""


EXAMPLES = {
    "data": ", such as speciate run table.csv --target price",
    "task": ", such as speciate neat CartPole-v1",
}
"""How settings that must be given are given."""


def _schema(key: str, model: type[Settings]) -> dict[str, Any]:
    """The JSON schema of a setting, without the null of optional ones."""
    schema: dict[str, Any] = model.model_json_schema()["properties"].get(key, {})
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return options[0] if options else schema


def _enums(schema: Mapping[str, Any]) -> list[str]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


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
