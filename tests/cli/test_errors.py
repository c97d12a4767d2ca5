"""Everything that goes wrong ends in a few lines that help, and the right exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import PROGRAM, environment, speciate

TABLE = [
    (["nonsense"], 2, "No such command"),
    (["rnu"], 2, "Did you mean 'run'?"),
    (["run", "sklearn:iris", "--populaton", "5"], 2, "--population"),
    (["run", "sklearn:iris", "--population", "many"], 2, "population"),
    (["run", "sklearn:iris", "--algorithm", "agin"], 2, "aging"),
    (["run", "--population", "5"], 78, "data: must be given"),
    (["run", "sklearn:iris", "--population", "1"], 78, "of at least 2"),
    (["run", "sklearn:iris", "--time", "soon"], 78, '"10m"'),
    (["run", "sklearn:iris", "--elites", "9", "--algorithm", "tournament", "--population", "5"], 78, "less than population = 5"),
    (["run", "sklearn:iris", "--config", "absent.toml"], 74, "absent.toml"),
    (["run", "absent.csv"], 65, "absent.csv"),
    (["run", "sklearn:digit"], 65, "digits"),
    (["run", "sklearn:iris", "--batch-size", "1000"], 78, "batch_size = 1000 is more than the 96 training rows"),
    (["run", "sklearn:iris", "--name", "../x"], 73, "cannot be the name"),
    (["show", "absent"], 74, "there are no runs"),
    (["predict", "absent", "x.csv"], 74, "there are no runs"),
    (["compare", "sklearn:iris", "--algorithms", "aging,ramdom"], 78, "did you mean random?"),
    (["compare", "sklearn:iris", "--algorithms", "aging"], 78, "two or more"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    TABLE,
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors(arguments: list[str], code: int, text: str, tmp_path: Path) -> None:
    done = speciate(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert text in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.glob("runs/*")), "a run folder was left behind"


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = speciate("run", "absent.csv", "--debug", cwd=tmp_path)
    assert done.returncode == 65
    assert "Traceback" in done.stderr


def test_an_unexpected_error_is_one_line_and_a_hint(tmp_path: Path) -> None:
    code = "import speciate.store as r, speciate.cli as c\ndef f(*a): raise ZeroDivisionError('no\\nway')\nr.list_runs = f\nc.main()"
    for arguments, traceback in ((["ls"], False), (["ls", "--debug"], True)):
        program = [PROGRAM[0], "-c", code, *arguments]
        done = subprocess.run(
            program, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 70
        assert "unexpected ZeroDivisionError: no way" in done.stderr
        assert ("Traceback" in done.stderr) is traceback
        assert ("--debug ls" in done.stderr) is not traceback


@pytest.mark.fault(22)
def test_every_typo_in_a_file_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('data = "sklearn:iris"\n\npopulaton = 24\ntest = 2\nelites = 3\n')
    done = speciate("run", "--config", "my.toml", "--seed", "-1", cwd=tmp_path)
    assert done.returncode == 78
    for text in (
        "my.toml:3  populaton = 24",
        "did you mean population?",
        "my.toml:4  test = 2: must be",
        "--seed  seed = -1",
        "my.toml:5  elites = 3",
    ):
        assert text in done.stderr


@pytest.mark.fault(15)
def test_a_name_that_is_taken(runs: Path) -> None:
    done = speciate("run", "sklearn:iris", "--name", "first", cwd=runs)
    assert done.returncode == 73
    assert "speciate resume first" in done.stderr


def test_a_misspelled_run(runs: Path) -> None:
    done = speciate("show", "frist", cwd=runs)
    assert done.returncode == 74
    assert "did you mean first?" in done.stderr


def test_a_damaged_run_is_an_error_in_show_and_a_line_in_ls(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "bad").mkdir(parents=True)
    (tmp_path / "runs" / "bad" / "run.sqlite").write_bytes(b"not a database" * 100)
    assert speciate("show", "bad", cwd=tmp_path).returncode == 74
    done = speciate("ls", cwd=tmp_path)
    assert done.returncode == 0
    assert "damaged" in done.stdout


@pytest.mark.fault(37)
@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    assert speciate("run", "sklearn:iris", cwd=tmp_path).returncode == 73


def test_a_file_where_the_runs_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    done = speciate("run", "sklearn:iris", cwd=tmp_path)
    assert done.returncode == 73
    assert "--runs" in done.stderr


def test_output_that_nobody_reads(runs: Path) -> None:
    head = shutil.which("true")
    assert head is not None
    command = f"{PROGRAM[0]} -c '{PROGRAM[2]}' show first --json | {head}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=runs, env=environment(), capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
