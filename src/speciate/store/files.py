"""Files that are complete or absent, whatever happens while they are written, and what to say about a full disk."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from contextlib import suppress
from pathlib import Path

from speciate.errors import StorageError
from speciate.failpoints import crash_point


def write_file(path: Path, content: bytes, kind: str) -> None:
    """Write a whole file or nothing: a temporary file beside it, fsync, rename, fsync of the folder.

    Args:
        path: The file.
        content: All of it.
        kind: What it is, for the crash points `KIND-unnamed` and `KIND-named`.

    Raises:
        StorageError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        make_folder(path.parent)
        if kind != "weights":  # of which there may be thousands; `WeightFolder.keep` tidies their folder
            _clean(path)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        crash_point(f"{kind}-unnamed")
        temporary.replace(path)
        crash_point(f"{kind}-named")
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(
            f"cannot write {path.name} ({len(content) / 1e6:.1f} MB)",
            where=str(path),
            why=error.strerror or str(error),
            hint=missing_space(path.parent, len(content)) if full else "",
        ) from None


def _clean(path: Path) -> None:
    """Remove what processes left that were killed while they wrote this file."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        number = left.name.split(".")[-2]
        if number.isdigit() and not _is_running(int(number)):
            left.unlink(missing_ok=True)


def _is_running(number: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def make_folder(path: Path) -> None:
    """Make a folder and those above it, so that they are still there after a power failure."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Wait until the names of a folder's files are on the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def missing_space(folder: Path, needed: int) -> str:
    """What to do about a full disk: how many MB are missing where.

    Args:
        folder: On the disk.
        needed: Bytes that could not be written.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    lacking = max(needed - free, 100_000) / 1e6
    return f"free at least {lacking:.1f} MB on the disk of {folder} ({free / 1e6:.1f} MB are free)"
