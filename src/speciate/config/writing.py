"""Writes a configuration as TOML, one commented line a setting."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

from speciate.config.model import Settings, values_of

HEADER = "# The settings of this run. `speciate {command} --config FILE` starts another run with them.\n"


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
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
