"""Runs of the command that several tests look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.forked import COMMAND, forks

PROGRAM = [sys.executable, "-c", COMMAND]
"""The command in a fresh process, as the console script starts it."""

SETTINGS = [
    "sklearn:digits",
    "--population",
    "6",
    "--generations",
    "2",
    "--examples",
    "1500",
    "--finalists",
    "2",
    "--repeats",
    "2",
    "--final-examples",
    "1500",
]
"""A run of a few seconds."""


def environment(**more: str) -> dict[str, str]:
    """The environment of a command, without what would change its output."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    return {**kept, "TERM": "xterm-256color", **more}


def speciate(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own and wait."""
    return forks().run(["speciate", *arguments], cwd=cwd, env=environment(**env), code=COMMAND)


def shown(run: str, cwd: Path) -> dict[str, Any]:
    """What `show --json` prints, as strict JSON."""
    done = speciate("show", run, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    found = json.loads(done.stdout, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


def results(summary: dict[str, Any]) -> dict[str, Any]:
    """What must be the same, however a run was made: everything but times and names."""
    parts = ("scores", "final", "champion_trainings")
    rows = {
        part: [{k: v for k, v in row.items() if k != "seconds"} for row in summary[part]] for part in parts
    }
    baselines = [{k: v for k, v in row.items() if k != "seconds"} for row in summary["baselines"]]
    return {**rows, "champion": summary["champion"], "baselines": baselines, "status": summary["status"]}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in, which holds the run "first"."""
    folder = tmp_path_factory.mktemp("a folder with spaces, ü")
    done = speciate("run", *SETTINGS, "--backend", "inline", "--name", "first", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "first.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="session")
def first(runs: Path) -> dict[str, Any]:
    """What the run "first" came to."""
    return shown("first", runs)
