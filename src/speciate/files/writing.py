"""Files that are complete or absent, whatever happens while they are written, and what to say about a full disk."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from speciate.errors import CreationError, SpeciateError, StorageError
from speciate.failpoints import crash_point
from speciate.files.opening import FILE, FOLDER, PIPE, check, inside, is_file, kind_of, open_file, refusal

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors that mean that the disk is full."""


def write_file(path: Path, content: bytes, kind: str, *, tidy: bool = True) -> None:
    """Write a whole file or nothing: a temporary file beside it, fsync, rename, fsync of the folder. It keeps its mode.

    Args:
        path: The file; neither it nor its folder may be a link.
        content: All of it.
        kind: What it is, for the crash points `KIND-unnamed` and `KIND-named`.
        tidy: Whether to remove what processes left that were killed while they wrote this file.

    Raises:
        StorageError: The file cannot be written.
    """
    temporary = ""
    try:
        make_folder(path.parent)
        check(path)
        with inside(path.parent) as folder:
            try:
                if (
                    tidy and kind != "weights"
                ):  # of which there may be thousands: `WeightFolder.keep` tidies their folder
                    remove_left(path.parent, glob.escape(path.name))
                temporary, file = _new_file(folder, path.name)
                with file:
                    _keep_mode(file.fileno(), path)
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                crash_point(f"{kind}-unnamed")
                os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
                crash_point(f"{kind}-named")
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
        sync_folder(path.parent)
    except OSError as error:
        what = f"cannot write {path.name} ({len(content) / 1e6:.1f} MB)"
        raise untold(error, what, path, len(content)) from None


def _new_file(folder: int, name: str, mode: int = 0o666) -> tuple[str, BinaryIO]:
    """A new file in a folder, which nobody else has made, and its name."""
    for more in ("", f".{secrets.token_hex(4)}"):
        with suppress(FileExistsError):
            made = f".{name}.{os.getpid()}{more}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            return made, os.fdopen(os.open(made, flags, mode, dir_fd=folder), "wb")
    raise FileExistsError(errno.EEXIST, "there are temporary files already", name)


def _keep_mode(number: int, path: Path) -> None:
    """Give an open file mode and owner of the file whose place it will take."""
    with suppress(FileNotFoundError):
        before = path.lstat()
        os.fchmod(number, stat.S_IMODE(before.st_mode))
        with suppress(PermissionError):
            os.fchown(number, before.st_uid, before.st_gid)


def untold(error: OSError, what: str, path: Path, needed: int = 1_000_000) -> SpeciateError:
    """The error to tell a user where a file cannot be written; one that says it already stays as it is.

    Args:
        error: What happened.
        what: What could not be done.
        path: The file.
        needed: Bytes that are to be written.
    """
    if isinstance(error, SpeciateError):
        return error
    hint = missing_space(path.parent, needed) if error.errno in FULL else ""
    return StorageError(what, where=str(path), why=error.strerror or str(error), hint=hint)


def write_out(path: Path, content: bytes, kind: str, read: Iterable[Path] = ()) -> None:
    """Write what a user wants in a place of the user's own: a link is followed, a device or a pipe is written to.

    Args:
        path: The place.
        content: All of it.
        kind: As for `write_file`.
        read: Files and folders of which nothing may be overwritten, because this comes of them.

    Raises:
        CreationError: It would overwrite one of these.
        StorageError: It cannot be written.
    """
    try:
        found = kind_of(path, links=True)
        if found == FILE:
            there = path.stat()
            if any(os.path.samestat(there, other) for source in read for other in _within(source)):
                raise CreationError(
                    f"{path.name} is one of the files that this is made of",
                    where=str(path),
                    hint="name another file",
                )
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if os.path.samestat(there, os.fstat(1)):  # /dev/stdout, where the shell writes that to a file
                sys.stdout.flush()
                found = PIPE
                path = Path("/dev/fd/1")
        if found not in ("", FILE, PIPE, "a device"):
            raise refusal(path, found)
        if found not in ("", FILE):
            number = os.dup(1) if path == Path("/dev/fd/1") else os.open(path, os.O_WRONLY | os.O_NOCTTY)
            with os.fdopen(number, "wb") as file:
                file.write(content)
            return
    except OSError as error:
        raise untold(error, f"cannot write {path.name}", path, len(content)) from None
    write_file(Path(os.path.realpath(path)), content, kind, tidy=False)


def _within(source: Path) -> Iterator[os.stat_result]:
    """A file, or the files in a folder and below."""
    with suppress(OSError):
        if kind_of(source, links=True) != FOLDER:
            yield source.stat()
    for folder, _, names in os.walk(source):
        for name in names:
            with suppress(OSError):
                yield Path(folder, name).stat()


def remove_left(folder: Path, pattern: str) -> int:
    """Delete what processes left that were killed while they wrote files of such names; how many went."""
    gone = 0
    for left in folder.glob(f".{pattern}.*.tmp"):
        number = next((part for part in reversed(left.name.split(".")) if part.isdigit()), "")
        if number and not is_running(int(number)) and is_file(left):
            gone += remove(left)
    return gone


def is_running(number: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def remove(path: Path) -> bool:
    """Delete a regular file; whether there was one.

    Raises:
        OSError: It is something else, or cannot be deleted.
    """
    check(path)
    try:
        with inside(path.parent) as folder:
            os.unlink(path.name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def make_file(path: Path, content: bytes = b"", mode: int = 0o666) -> None:
    """Make a file that is not there. One whose process is killed meanwhile may be incomplete.

    Raises:
        OSError: There is something already, or it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        inside(path.parent) as folder,
        os.fdopen(os.open(path.name, flags, mode, dir_fd=folder), "wb") as file,
    ):
        file.write(content)


def copy_file(path: Path, new: Path, *, most: int) -> None:
    """Copy a regular file with its mode, which nobody gains a permission by, to a place where there is nothing.

    Raises:
        OSError: It is something else or larger than `most` bytes, or cannot be read or written.
    """
    with open_file(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size > min(most, shutil.disk_usage(new.parent).free):
            raise OSError(errno.EFBIG, f"{path.name} is too large to be copied", str(path))
        make_file(new, mode=0o600)
        with new.open("wb") as copy:
            shutil.copyfileobj(file, copy, 2**20)
            os.fchmod(copy.fileno(), stat.S_IMODE(status.st_mode) & 0o777)


def change_file(path: Path, start: bytes = b"", size: int | None = None) -> None:
    """Write over the first bytes of a file of this process's own making, and make it longer."""
    with path.open("r+b") as file:
        file.write(start)
        if size is not None:
            file.truncate(size)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, so that they are still there after a power failure."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(
        FileExistsError
    ):  # another process was faster; what is no folder is refused where it is used
        path.mkdir(mode)
    sync_folder(path.parent)


def new_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder that is not there, in one that is.

    Raises:
        FileExistsError: There is something already.
        OSError: It cannot be made.
    """
    path.mkdir(mode)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Wait until the names of a folder's files are on the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def tell_kernel(path: str, text: str) -> None:
    """Write to a file of `/proc`."""
    Path(path).write_text(text)


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
