"""Regular files, open for reading: never through a link, and nothing that could keep a reader waiting.

A folder may come from a stranger, or hold by accident what it should not: a link to the user's own files, a pipe that nobody writes to.
So neither a file nor the folder that it lies in may be a link. What a user names may be one, and is resolved first (`own`, `links`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from io import BufferedReader
from pathlib import Path

FILE, FOLDER, LINK, PIPE = "a file", "a folder", "a link", "a pipe"

KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFIFO: PIPE,
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""What there can be under a name."""

NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""Errors that mean that there is nothing under a name."""

LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # opening a pipe would wait for a writer
OPEN_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


def kind_of(path: Path, *, links: bool = False) -> str:
    """What there is under a name: "a file", "a folder", "a link", "a pipe", ...; "" for nothing.

    Args:
        path: The name.
        links: Whether what a link leads to is meant, instead of the link.
    """
    try:
        return KINDS.get(stat.S_IFMT(Path(path).stat(follow_symlinks=links).st_mode), "something else")
    except ValueError:  # a name with a zero byte
        return ""
    except OSError as error:
        if error.errno in NOTHING:
            return ""
        raise


def is_file(path: Path) -> bool:
    """Whether there is a regular file, itself and not by way of a link."""
    return kind_of(path) == FILE


def is_folder(path: Path) -> bool:
    """Whether there is a folder, itself and not by way of a link."""
    return kind_of(path) == FOLDER


def own(path: Path) -> Path:
    """The place that a user means by naming a folder: where a link leads to."""
    return Path(os.path.realpath(path)) if kind_of(path) == LINK else path


def refusal(path: Path, found: str, wanted: str = FILE) -> OSError:
    """The error for something of another kind than it should be."""
    rest = "which is not followed" if found == LINK else f"not {wanted}"
    return OSError(errno.EINVAL, f"{path.name} is {found}, {rest}", str(path))


def check(path: Path, *allowed: str) -> None:
    """Refuse what is neither absent nor of a kind that is allowed, regular files if none is named.

    Raises:
        OSError: There is something else, or its folder is a link.
    """
    with suppress(FileNotFoundError), inside(path.parent):
        pass
    if (found := kind_of(path)) and found not in (allowed or (FILE,)):
        raise refusal(path, found, (allowed or (FILE,))[0])


@contextmanager
def inside(path: Path) -> Iterator[int]:
    """A folder, open, so that what is done in it is not done elsewhere if its name is given to another meanwhile."""
    try:
        number = os.open(path, OPEN_FOLDER)
    except OSError as error:
        if (found := kind_of(path)) not in ("", FOLDER):
            raise refusal(path, found, FOLDER) from None
        raise error
    try:
        yield number
    finally:
        os.close(number)


def open_file(path: Path, *, links: bool = False) -> BufferedReader:
    """A regular file, open for reading.

    Args:
        path: The file.
        links: Whether it may be reached through a link: only what a user names.

    Raises:
        OSError: There is none, or something else.
    """
    if (found := kind_of(path, links=links)) not in ("", FILE):
        raise refusal(path, found)
    if links:
        number = os.open(path, LOOK & ~os.O_NOFOLLOW)
    else:
        with inside(path.parent) as folder:
            number = os.open(path.name, LOOK, dir_fd=folder)
    if not stat.S_ISREG(mode := os.fstat(number).st_mode):  # it became something else since
        os.close(number)
        raise refusal(path, KINDS.get(stat.S_IFMT(mode), "something else"))
    return os.fdopen(number, "rb")


def read_file(path: Path, *, most: int | None = None, links: bool = False) -> bytes:
    """The content of a regular file.

    Args:
        path: The file.
        most: Bytes that it may have.
        links: Whether it may be reached through a link: only what a user names.

    Raises:
        OSError: There is none, or something else, or it is larger.
    """
    with open_file(path, links=links) as file:
        if most is not None and os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"{path.name} is larger than {most:,} bytes", str(path))
        return file.read()


def resource(package: str, name: str) -> str:
    """The text of a file of this program."""
    return resources.files(package).joinpath(name).read_text("utf-8")


def lock(path: Path) -> int | None:
    """Hold a lock until `unlock` or the end of this process; None if another process holds it.

    Raises:
        OSError: There is something else than a file, or it cannot be made.
    """
    return _lock(path, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether a process holds a lock. Looking leaves no trace."""
    try:
        number = _lock(path, os.O_RDONLY, fcntl.LOCK_SH)
    except OSError:
        return False
    if number is not None:
        unlock(number)
    return number is None


def _lock(path: Path, flags: int, how: int) -> int | None:
    check(path)
    with inside(path.parent) as folder:
        number = os.open(path.name, LOOK | flags, 0o644, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise refusal(path, PIPE)
        fcntl.flock(number, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    except OSError:
        os.close(number)
        raise
    return number


def unlock(number: int) -> None:
    """Let go of a lock."""
    os.close(number)
