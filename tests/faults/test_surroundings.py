"""Clocks that jump, folders that cannot be written, browsers that are not there."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
import webbrowser
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from tests.cli.conftest import PROGRAM, environment
from tests.inside import speciate
from tests.run.test_search import results
from tests.store.freeze import FROZEN

from speciate.algorithms import AgingEvolution
from speciate.evaluators import FunctionEvaluator
from speciate.run.search import Search
from speciate.store import store
from speciate.store.schema import VERSION
from speciate.testing import sphere, sphere_space


class Jumping(datetime):
    """A clock that goes back a day whenever somebody looks at it."""

    looks = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Jumping:
        cls.looks += 1
        moment = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=cls.looks)
        return cls.fromtimestamp(moment.timestamp(), tz)


@pytest.mark.fault(36)
def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(name: str) -> Search:
        return Search(
            sphere_space(), AgingEvolution(4), FunctionEvaluator(sphere), store=tmp_path / name, examples=1
        )

    plain = search("plain").run(evaluations=20)
    monkeypatch.setattr(store, "datetime", Jumping)
    monkeypatch.setattr(time, "time", lambda: -1e9 * Jumping.looks)
    jumped = search("jumped").run(evaluations=20, seconds=3600)
    assert results(jumped) == results(plain)
    assert Jumping.looks > 5
    assert all(0 <= row.seconds < 60 for row in jumped.rows)
    assert 0 < jumped.elapsed < 600
    assert all(text.endswith("+00:00") for text, _, _ in jumped.store.events())
    assert jumped.store.get("created") == "2025-12-31T00:00:00.000+00:00"


CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24


def without_privileges() -> None:
    """Before a program starts: even the superuser may only write where everybody else in its place might."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def unprivileged(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=without_privileges,
    )


@pytest.mark.fault(37)
@pytest.mark.skipif(sys.platform != "linux", reason="privileges are dropped as Linux does it")
def test_a_folder_that_cannot_be_written_is_looked_at_and_not_worked_in(tmp_path: Path) -> None:
    runs = tmp_path / "my rüns"
    shutil.copytree(FROZEN, runs / "old one", ignore=lambda *_: [f.name for f in FROZEN.iterdir()])
    shutil.copyfile(FROZEN / f"schema-{VERSION}.sqlite", runs / "old one" / "run.sqlite")
    config = 'data = "sklearn:iris"\npopulation = 4\n'
    (runs / "old one" / "run.toml").write_text(config)
    (runs / "old one").chmod(0o500)
    runs.chmod(0o500)
    try:
        done = unprivileged("show", "old one", "--runs", str(runs), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "champion" in done.stdout
        for command in (["run", "sklearn:iris", "--name", "new"], ["resume", "old one"]):
            done = unprivileged(*command, "--runs", str(runs), cwd=tmp_path)
            assert done.returncode == 73, (command, done.stderr)
            assert "--runs" in done.stderr
            assert "Traceback" not in done.stderr
        assert sorted(f.name for f in (runs / "old one").iterdir()) == ["run.sqlite", "run.toml"]
    finally:
        runs.chmod(0o700)
        (runs / "old one").chmod(0o700)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    (tmp_path / "runs" / "old").mkdir(parents=True)
    shutil.copyfile(FROZEN / f"schema-{VERSION}.sqlite", tmp_path / "runs" / "old" / "run.sqlite")
    return tmp_path


@pytest.mark.fault(40)
def test_where_there_is_no_browser_the_address_is_printed(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    done = speciate("report", "old", "--open", cwd=runs)
    assert done.returncode == 0
    page = runs / "runs" / "old" / "report.html"
    assert page.is_file()
    assert f"there is no browser here; open {page.resolve().as_uri()} in one" in done.stderr


@pytest.mark.fault(40)
def test_nobody_waits_for_a_browser_to_be_closed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speciate.cli.look.PATIENCE", 0.1)
    monkeypatch.setattr(webbrowser, "open", lambda address: time.sleep(600))
    done = speciate("report", "old", "--open", cwd=runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "report.html" in done.stdout
