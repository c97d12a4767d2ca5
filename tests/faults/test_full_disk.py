"""A disk of a megabyte, or less: a clean stop that says what is missing, nothing half written, and the same end later."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import PROGRAM, environment, results
from tests.inside import shown, speciate

from speciate.errors import StorageError
from speciate.files import write_file
from speciate.store import RunFolder

SETTINGS = [
    *("run", "sklearn:digits", "--algorithm", "tournament", "--inherit", "preserve", "--population", "4"),
    *(
        "--generations",
        "3",
        "--examples",
        "300",
        "--finalists",
        "1",
        "--repeats",
        "1",
        "--final-examples",
        "300",
    ),
    *("--units", "100-300", "--quiet", "--name", "small"),
]
"""A run whose weights take a few megabytes."""

SMALL_DISK = 'mount -t tmpfs -o size="$SIZE" tmpfs runs && "$@" >said 2>&1; echo $? >code; cp -a runs kept'
"""Commands for a shell that may mount: make a small disk, run something there, keep what it left."""


def can_mount() -> bool:
    try:
        command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.fault(12)
@pytest.mark.skipif(not can_mount(), reason="no small disk can be mounted here")
@pytest.mark.parametrize(("size", "backend"), [("1m", "inline"), ("1m", "processes"), ("96k", "inline")])
def test_a_full_disk_stops_a_run_in_good_order(size: str, backend: str, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    command = ["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", *PROGRAM, *SETTINGS, "--backend", backend]
    env = environment(SIZE=size, OMP_NUM_THREADS="1")
    subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=300)
    said = " ".join((tmp_path / "said").read_text().split())
    assert (tmp_path / "code").read_text().strip() == "74", said
    assert "Traceback" not in said
    assert "free at least" in said
    assert "MB on the disk of" in said
    folder = RunFolder(tmp_path / "kept" / "small")
    half = [file.name for file in folder.path.rglob("*") if file.name.endswith((".tmp", ".old"))]
    assert not half
    assert all(folder.weights.is_sound(file.stem) for file in folder.weights.path.glob("*"))
    if folder.database.exists() and folder.database.stat().st_size:
        db = sqlite3.connect(folder.database)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not db.execute("SELECT * FROM evaluations WHERE status = 'error'").fetchall(), (
            "blamed on a candidate"
        )
        db.close()
    if backend == "inline" and size == "1m":
        shutil.rmtree(tmp_path / "runs")
        (tmp_path / "kept").rename(tmp_path / "runs")
        assert speciate("resume", "small", "--quiet", cwd=tmp_path).returncode == 0
        whole = [*SETTINGS[:-1], "whole", "--backend", "inline"]
        assert speciate(*whole, cwd=tmp_path).returncode == 0
        assert results(shown("small", tmp_path)) == results(shown("whole", tmp_path))


@pytest.mark.fault(12)
def test_what_cannot_be_written_leaves_nothing_and_says_how_much_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"cannot write a.bin \(3.0 MB\)") as caught:
        write_file(tmp_path / "a.bin", bytes(3_000_000), "file")
    assert "free at least" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
