"""Runs that are stopped, in good order or not, go on as if nothing had happened."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.forked import COMMAND, Forked, forks
from tests.inside import shown, speciate

from speciate.cli.main import main
from speciate.cli.running import CODES, Stopped, stoppable

from .conftest import PROGRAM, SETTINGS, environment, results

PATIENCE = 120
"""Seconds after which something is broken; nothing depends on how fast it is."""


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def finished(folder: Path) -> int:
    """How many evaluations are stored."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{folder}/run.sqlite?mode=ro", uri=True)) as db,
    ):
        return int(db.execute("SELECT count(*) FROM evaluations").fetchone()[0])
    return 0


def start(
    name: str, cwd: Path, *more: str, workers: str = "1", terminal: int | None = None, before: str = ""
) -> Forked:
    """Start a run, in a terminal if there is one; `before` is run before the command."""
    return forks().start(
        ["speciate", "run", *SETTINGS, "--workers", workers, "--name", name, *more],
        cwd=cwd,
        env=environment(),
        output=subprocess.DEVNULL if terminal is None else terminal,
        terminal=terminal is not None,
        leads=True,
        code=before + COMMAND,
    )


def start_fresh(name: str, cwd: Path, *more: str) -> subprocess.Popen[bytes]:
    """The same as a process that imports everything itself."""
    command = [*PROGRAM, "run", *SETTINGS, "--workers", "1", "--name", name, *more]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )


def go_on(name: str, cwd: Path) -> Forked:
    """Go on with a run."""
    return forks().start(["speciate", "resume", name, "--quiet"], cwd=cwd, env=environment(), code=COMMAND)


def stop(process: Forked | subprocess.Popen[bytes], folder: Path, *signals: int) -> list[psutil.Process]:
    """Send signals once something is finished; the workers that there were."""
    until(lambda: finished(folder) > 0)
    workers = psutil.Process(process.pid).children(recursive=True)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.05)
    return workers


def assert_gone(workers: list[psutil.Process]) -> None:
    assert workers
    until(
        lambda: not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    )


@pytest.mark.fault(14)
@pytest.mark.fault(33)
def test_a_killed_run_goes_on(runs: Path, first: dict[str, Any]) -> None:
    process = start("killed", runs)
    workers = stop(process, runs / "runs" / "killed", signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert_gone(workers)
    assert shown("killed", runs)["status"] == "interrupted"
    done = speciate("resume", "killed", "--quiet", cwd=runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert results(shown("killed", runs)) == results(first)


HEIRS = ["--algorithm", "tournament", "--generations", "3", "--inherit", "preserve", "--crossover", "0.3"]
"""What makes children go on from their parents' weights."""


@pytest.mark.slow
@pytest.mark.fault(33)
def test_a_run_with_inheritance_that_is_killed_again_and_again_goes_on(runs: Path) -> None:
    done = speciate("run", *SETTINGS, *HEIRS, "--backend", "inline", "--name", "heirs", "--quiet", cwd=runs)
    assert done.returncode == 0, done.stderr
    folder = runs / "runs" / "killed-heirs"
    process = start("killed-heirs", runs, *HEIRS, workers="2")
    for count in (1, 10, 19):  # the last one is in the final
        until(lambda count=count: finished(folder) >= count)  # type: ignore[misc]
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert shown("killed-heirs", runs)["status"] == "interrupted"
        process = go_on("killed-heirs", runs)
    assert process.wait() == 0
    plain, killed = shown("heirs", runs), shown("killed-heirs", runs)
    assert results(killed) == results(plain)
    assert {"crossover", "elite"} < {row["operator"] for row in killed["scores"]}
    assert max(row["lineage_examples"] for row in killed["scores"]) == 4 * 1500
    (weights,) = {shown(name, runs)["champion"]["weights"] for name in ("heirs", "killed-heirs")}
    files = [
        runs / "runs" / name / "weights" / f"{weights}.safetensors" for name in ("heirs", "killed-heirs")
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.fault(32)
def test_control_c_in_a_terminal(runs: Path, first: dict[str, Any]) -> None:
    driver, terminal = pty.openpty()
    process = start("stopped", runs, workers="2", terminal=terminal)
    os.close(terminal)
    said: list[bytes] = []

    def read() -> None:  # while it is waited for, since a terminal that is full lets nobody write
        with suppress(OSError):  # a terminal that nobody holds any more is an error on Linux
            while part := os.read(driver, 4096):
                said.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    workers = stop(process, runs / "runs" / "stopped", signal.SIGINT)
    reader.join()
    os.close(driver)
    assert process.wait() == 130
    assert_gone(workers)
    plain = " ".join(b"".join(said).decode().split())
    assert "digits: 1,797 rows" in plain
    assert "speciate resume stopped" in plain
    assert shown("stopped", runs)["status"] == "interrupted"
    assert speciate("resume", "stopped", "--quiet", cwd=runs).returncode == 0
    assert results(shown("stopped", runs)) == results(first)


@pytest.mark.fault(32)
def test_a_terminal_that_is_closed(runs: Path) -> None:
    driver, terminal = pty.openpty()
    own = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "  # so that its end is told to the command
    process = start("closed", runs, "--examples", "30000", terminal=terminal, before=own)
    os.close(terminal)
    os.set_blocking(driver, False)

    def begun() -> bool:
        with suppress(BlockingIOError):  # nothing has been written, else it is made room for more
            os.read(driver, 4096)
        return finished(runs / "runs" / "closed") > 0

    until(begun)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.close(driver)
    assert process.wait() == 143
    assert_gone(workers)
    assert shown("closed", runs)["status"] == "interrupted"


@pytest.mark.fault(32)
def test_being_terminated(runs: Path) -> None:
    process = start_fresh("term", runs, "--examples", "30000")
    workers = stop(process, runs / "runs" / "term", signal.SIGTERM)
    assert process.wait() == 143
    assert_gone(workers)
    assert shown("term", runs)["status"] == "interrupted"


@pytest.mark.fault(14)
@pytest.mark.fault(32)
def test_a_run_that_is_being_written_and_control_c_twice(runs: Path) -> None:
    process = start("busy", runs, "--examples", "30000", "--generations", "50")
    try:
        until(lambda: finished(runs / "runs" / "busy") > 0)
        assert shown("busy", runs)["status"] == "running"
        done = speciate("resume", "busy", cwd=runs)
        assert done.returncode == 75
        assert f"process {process.pid} on" in done.stderr
        assert process.poll() is None
        workers = stop(process, runs / "runs" / "busy", signal.SIGINT, signal.SIGINT)
        assert process.wait() == 130
        assert_gone(workers)
        assert shown("busy", runs)["status"] == "interrupted"
    finally:
        process.kill()
        process.wait()


def _signal_myself(number: int) -> None:
    with stoppable():
        os.kill(os.getpid(), number)
        time.sleep(PATIENCE)


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_unwinds_with_its_exit_code(number: int, code: int) -> None:
    before = {n: signal.getsignal(n) for n in CODES}
    try:
        with pytest.raises(Stopped) as stopped:
            _signal_myself(number)
        assert stopped.value.code == code
        assert isinstance(stopped.value, KeyboardInterrupt)
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)


def test_ctrl_c_before_or_after_the_work_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str], began: float) -> int:
        raise KeyboardInterrupt

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setitem(vars(sys.modules["speciate.cli.main"]), "command", interrupted)
    monkeypatch.setattr("os._exit", leave)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == CODES[signal.SIGINT]


def test_signals_that_are_switched_off_stay_off() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
