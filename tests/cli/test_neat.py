"""Runs without gradients: the same to the last bit for any number of workers, however often they were killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from tests.forked import COMMAND, forks
from tests.inside import shown, speciate

from .conftest import environment

XOR = ["xor", "--population", "60", "--generations", "12", "--brood", "25", "--go-on", "--seed", "3"]
"""Thirty-six broods of twenty genomes."""

LONG = ["300" if word == "12" else word for word in XOR]
"""Nine hundred broods."""


def stored(folder: Path) -> dict[str, Any]:
    """Everything that a run stored but times, in order of id."""
    database = sqlite3.connect(f"file:{folder / 'run.sqlite'}?mode=ro", uri=True)
    queries = {
        "candidates": "SELECT * FROM candidates ORDER BY id",
        "evaluations": "SELECT candidate, status, score, metrics, examples_seen, parameters, engine, weights, error "
        "FROM evaluations ORDER BY candidate",
        "broods": "SELECT * FROM broods ORDER BY candidate",
        "members": "SELECT * FROM members ORDER BY candidate, name",
        "genomes": "SELECT * FROM genomes ORDER BY key",
        "champion": "SELECT value FROM run WHERE key IN ('champion', 'identity')",
    }
    found = {name: database.execute(query).fetchall() for name, query in queries.items()}
    database.close()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("neat")


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, Any]:
    done = speciate("neat", *XOR, "--name", "whole", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "answers right, of 4" in done.stdout
    return stored(folder / "runs" / "whole")


def test_every_member_of_every_generation_is_stored(whole: dict[str, Any]) -> None:
    assert len(whole["candidates"]) == len(whole["broods"]) == 36
    names = {name for _, name, _, _ in whole["members"]}
    assert names == {"fitness", "steps", "solved", "species", "connections", "hidden", "copied"}
    assert sum(size for _, size, _ in whole["broods"]) == 12 * 60


@pytest.mark.parametrize("workers", ["2"])
def test_workers_do_not_matter(workers: str, folder: Path, whole: dict[str, Any]) -> None:
    done = speciate("neat", *XOR, "--workers", workers, "--name", f"w{workers}", "--quiet", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(folder / "runs" / f"w{workers}") == whole


@pytest.mark.fault(1)
@pytest.mark.slow
def test_killed_twice_in_the_middle_with_workers(folder: Path) -> None:
    """A real SIGKILL while workers are busy, twice, and each time another number of workers goes on."""
    done = speciate("neat", *LONG, "--name", "long", "--quiet", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    killed(["neat", *LONG, "--workers", "2", "--name", "killed", "--quiet"], folder, "killed", 200)
    toml = folder / "runs" / "killed" / "run.toml"
    toml.write_text(toml.read_text().replace("workers = 2", "workers = 3"))
    killed(["resume", "killed", "--quiet"], folder, "killed", 500)
    toml.write_text(toml.read_text().replace("workers = 3", "# workers"))
    done = speciate("resume", "killed", "--quiet", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(folder / "runs" / "killed") == stored(folder / "runs" / "long")


def killed(arguments: list[str], cwd: Path, name: str, broods: int) -> None:
    """Start a command, and kill its process when so many broods are stored."""
    process = forks().start(["speciate", *arguments], cwd=cwd, env=environment(), code=COMMAND)
    database = cwd / "runs" / name / "run.sqlite"
    try:
        for _ in range(60_000):
            if process.poll() is not None or finished(database) >= broods:
                break
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = finished(database)
    assert broods <= done < 900, done


def finished(database: Path) -> int:
    """How many broods are stored."""
    if not database.is_file():
        return 0
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return int(reader.execute("SELECT count(*) FROM broods").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # there are no tables yet
    finally:
        reader.close()


def test_a_finished_run_goes_on_and_is_what_a_longer_one_would_be(folder: Path) -> None:
    short = ["xor", "--population", "40", "--go-on", "--seed", "5", "--quiet", "--generations"]
    assert speciate("neat", *short, "4", "--name", "prolonged", cwd=folder).returncode == 0
    assert speciate("resume", "prolonged", "--generations", "9", "--quiet", cwd=folder).returncode == 0
    assert speciate("neat", *short, "9", "--name", "at-once", cwd=folder).returncode == 0
    assert stored(folder / "runs" / "prolonged") == stored(folder / "runs" / "at-once")


def test_it_stops_when_the_task_is_solved(folder: Path) -> None:
    done = speciate("neat", "xor", "--name", "solved", "--seed", "1", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "finished"
    assert found["generations"] < 100
    assert found["evaluations"] == found["generations"] * 150
    assert found["champion"]["numbers"]["answers right, of 4"] == 4.0
    assert shown("solved", folder)["champion"] == found["champion"]
