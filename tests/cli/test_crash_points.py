"""A run that dies at any place where something becomes permanent goes on as if nothing had happened."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from speciate.crashing import VARIABLE

from .conftest import PROGRAM, SETTINGS, results, shown, speciate

HEIRS = ["--algorithm", "tournament", "--inherit", "preserve", "--crossover", "0.3", "--backend", "inline"]

POINTS = [
    "candidates-uncommitted:3",
    "evaluations-uncommitted:2",
    "evaluations-committed:2",
    "facts-uncommitted:4",
    "file-unnamed:8",  # a weight file
    "file-named:8",
    "champion-unnamed",
]


@pytest.fixture(scope="module")
def whole(runs: Path) -> dict[str, Any]:
    done = speciate("run", *SETTINGS, *HEIRS, "--name", "whole", "--quiet", cwd=runs)
    assert done.returncode == 0, done.stderr
    return shown("whole", runs)


@pytest.mark.slow
@pytest.mark.fault(1)
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_there_changes_nothing(point: str, runs: Path, whole: dict[str, Any]) -> None:
    name = point.replace(":", "-")
    died = speciate("run", *SETTINGS, *HEIRS, "--name", name, "--quiet", cwd=runs, **{VARIABLE: point})
    assert died.returncode == -signal.SIGKILL, (PROGRAM, died.stderr)
    done = speciate("resume", name, "--quiet", cwd=runs)
    assert (done.returncode, done.stderr) == (0, "")
    found = shown(name, runs)
    assert results(found) == results(whole)
    folders = [runs / "runs" / each for each in ("whole", name)]
    models = [(folder / "champion" / "model.safetensors").read_bytes() for folder in folders]
    assert models[0] == models[1]
    weights = [{file.name for file in (folder / "weights").iterdir()} for folder in folders]
    assert weights[0] == weights[1]  # nothing is left over, and nothing is missing
    assert (folders[1] / "report.html").is_file()
