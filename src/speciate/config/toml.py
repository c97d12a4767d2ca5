"""Settings as TOML: reads them with their lines, and writes them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Container
from pathlib import Path
from typing import Any

from speciate import files
from speciate.config.checking import Setting, configure
from speciate.config.model import RunConfig
from speciate.config.settings import Settings, values_of
from speciate.errors import ConfigurationError, StorageError

KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*(?:[=.])|^\s*\[\[?\s*([\w.-]+)""")
"""The key at the beginning of a line of TOML, or the name of a table."""

MOST_BYTES = 2**22
"""Bytes of the largest file that is read."""

HEADER = "# The settings of this run. `speciate {command} --config FILE` starts another run with them.\n"


def read_file(path: Path, *, links: bool = True) -> dict[str, Setting]:
    """The settings in a TOML file, unchecked, with their lines.

    Args:
        path: The file.
        links: Whether it may be reached through a link: only what a user names.

    Raises:
        StorageError: The file cannot be read.
        ConfigurationError: It is not TOML.
    """
    try:
        text = files.read_file(path, most=MOST_BYTES, links=links).decode("utf-8")
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
    except RecursionError:
        raise ConfigurationError("the configuration is nested too deeply", where=str(path)) from None
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


def to_toml(config: Settings, without: Container[str] = ()) -> str:
    """The configuration as TOML; settings that are left to the program are comments."""
    lines = [HEADER.format(command=config.command)]
    for key, value in values_of(config).items():
        if key in without:
            continue
        lines.append(f"# {key} is left to the program\n" if value is None else f"{key} = {_value(value)}\n")
    return "".join(lines)


def _value(value: Any) -> str:
    """A TOML value. JSON's numbers and lists are TOML's; so is its text, but for the character 0x7f."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
