"""The help answers at once, and knows every setting."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from speciate.cli.main import COMMANDS, app, load
from speciate.cli.options import flag
from speciate.config import NeuroConfig, RunConfig, Settings
from speciate.config.settings import extra

from .conftest import speciate

HEAVY = {"torch", "sklearn", "pandas", "matplotlib", "scipy", "numpy"}

IMPORTS = """
import json, sys
from speciate.cli.main import command
code = command(sys.argv[1:])
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], [], ["run", "--help"], ["--version"], ["ls"], ["rnu"]]
)
def test_what_needs_no_training_imports_nothing_for_it(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == (2 if arguments in ([], ["rnu"]) else 0)
    light = {"numpy"} if arguments == ["ls"] or "run" in arguments else set()
    assert not (HEAVY - light) & set(modules)


def test_every_command_is_in_the_help(tmp_path: Path) -> None:
    done = speciate("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_page(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert command.help
    assert all(option.help or option.name == "help" for option in command.params)


KINDS = [(RunConfig, "data"), (NeuroConfig, "task")]
"""Each kind of run, and its setting that must be given."""


@pytest.mark.parametrize(("model", "needed"), KINDS)
def test_the_options_of_a_command_are_the_settings(model: type[Settings], needed: str) -> None:
    options = {option.opts[0] for option in load(model.command).params if option.opts[0].startswith("--")}
    own = {"--config", "--quiet", "--json"}
    assert options == {flag(key, model) for key in model.model_fields if key != needed} | own


@pytest.mark.parametrize(("model", "needed"), KINDS)
def test_every_setting_has_its_place_in_the_help(model: type[Settings], needed: str) -> None:
    listed = [key for key, field in model.model_fields.items() if extra(field, "panel")]
    assert sorted([needed, *listed]) == sorted(model.model_fields)


def test_there_is_a_file_for_every_command() -> None:
    assert set(typer.main.get_command(app).commands) == set(COMMANDS)  # type: ignore[attr-defined]


def test_version(tmp_path: Path) -> None:
    assert speciate("--version", cwd=tmp_path).stdout.startswith("speciate 0.")


def test_python_m_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "speciate", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.startswith("speciate 0.")
