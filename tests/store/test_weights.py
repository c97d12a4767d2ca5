from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speciate.errors import StorageError
from speciate.files import write_file
from speciate.store import WeightFolder


@pytest.fixture
def folder(tmp_path: Path) -> WeightFolder:
    return WeightFolder(tmp_path / "weights")


def test_weights_come_back_and_equal_ones_are_written_once(folder: WeightFolder) -> None:
    tensors = {
        "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "a.bias": np.zeros(2, np.float32),
        "a.num_batches_tracked": np.array(3),  # of batch normalization: without axes
    }
    name = folder.save(tensors)
    assert folder.save(tensors) == name
    assert len(list(folder.path.iterdir())) == 1
    loaded = folder.load(name)
    assert set(loaded) == set(tensors)
    assert all(np.array_equal(loaded[k], tensors[k]) for k in tensors)


@pytest.mark.fault(18)
def test_a_missing_or_altered_file_is_noticed(folder: WeightFolder) -> None:
    name = folder.save({"a": np.ones(3, np.float32)})
    content = bytearray(folder.file(name).read_bytes())
    content[-1] ^= 1
    folder.file(name).write_bytes(content)
    with pytest.raises(StorageError, match="altered"):
        folder.load(name)
    folder.file(name).unlink()
    with pytest.raises(StorageError, match="missing"):
        folder.load(name)


def test_what_nobody_needs_is_deleted(folder: WeightFolder) -> None:
    assert folder.keep(set()) == 0
    a, b = (folder.save({"a": np.full(3, i, np.float32)}) for i in range(2))
    assert folder.keep({a}) == 1
    assert folder.file(a).exists()
    assert not folder.file(b).exists()


def test_a_file_is_complete_or_absent(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "x.txt", b"one", "file")
    write_file(tmp_path / "deep" / "x.txt", b"two", "file")
    assert [(f.name, f.read_bytes()) for f in (tmp_path / "deep").iterdir()] == [("x.txt", b"two")]
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        write_file(tmp_path / "file" / "x.txt", b"one", "file")


def test_what_a_killed_process_left_half_written_goes_when_the_file_is_written(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    dead, alive = (tmp_path / f".x.txt.{number}.tmp" for number in (process.pid, os.getppid()))
    for left in (dead, alive):
        left.write_bytes(b"half")
    write_file(tmp_path / "x.txt", b"one", "file")
    assert {file.name for file in tmp_path.iterdir()} == {"x.txt", alive.name}
