"""How much memory reading data may take, and reading of files that are larger than they look."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from speciate.errors import DataError
from speciate.files import open_file
from speciate.text import quoted

SHARE = 0.5
"""Of the memory that this process may have, what reading data may take where nothing else is said."""

CHUNK = 2**20
GZIP = b"\x1f\x8b"
"""How a gzipped file begins."""
GROUPS = ("memory.max", "memory.limit_in_bytes")
"""Limits of a control group, in the second and in the first version."""


def allowed(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that reading may take by default: a share of the machine's memory, or of what a container leaves of it.

    Args:
        groups: Where the system shows the limits of control groups.
        own: The file that names those of this process.
    """
    import psutil

    limits = [int(psutil.virtual_memory().total)]
    with suppress(OSError, ValueError):
        for line in _text(own).splitlines():
            _, controllers, name = line.split(":", 2)
            top = groups / "memory" if "memory" in controllers.split(",") else groups
            folder = top / name.lstrip("/")
            for place in (folder, *folder.parents):
                if place == top.parent:
                    break
                limits += _limits(place)
    limits += _limits(groups) + _limits(groups / "memory")
    with suppress(ImportError, OSError):
        import resource

        limits += [limit for limit in resource.getrlimit(resource.RLIMIT_AS) if limit > 0]
    return int(SHARE * min(limits))


def _text(path: Path) -> str:
    with open_file(path, links=True) as file:
        return file.read(10_000).decode()


def _limits(folder: Path) -> list[int]:
    found = []
    for name in GROUPS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            found.append(int(_text(folder / name)))
    return found


def require(needed: float, most: int, what: str) -> None:
    """Refuse to take more memory than is allowed, before any of it is taken.

    Args:
        needed: Bytes.
        most: Bytes that are allowed.
        what: What needs them.

    Raises:
        DataError: They are more than are allowed.
    """
    if needed > most:
        raise DataError(
            f"{what} needs {size(needed)} of memory, and reading may take {size(most)}",
            hint=f"--memory {size(min(1.25 * needed, 10**15))} allows more, if the machine has it",
        )


def unpacked(path: Path, most: int, times: float = 1) -> bytes:
    """The content of a file, unpacked if it is gzipped, and never more of it than is allowed.

    Args:
        path: The file.
        most: Bytes of memory that are allowed.
        times: How much memory reading takes in all, in sizes of the content.

    Raises:
        DataError: The file is damaged, cannot be read, or is too large.
    """
    what = f"{quoted(path, 200)}"
    require(times * max(path.stat().st_size, _announced(path)), most, what)
    found = io.BytesIO()
    try:
        with opened(path) as file:
            while chunk := file.read(CHUNK):
                if times * (found.tell() + len(chunk)) > most:
                    raise DataError(
                        f"{what} unpacks to more than the {size(most / times)} that reading may take of it",
                        hint="--memory 16GB, for instance, allows more, if the machine has it",
                    )
                found.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{what} cannot be read", why=str(error)) from error
    return found.getvalue()


def _announced(path: Path) -> int:
    """Bytes that a gzipped file says it unpacks to, without those above 4 GiB; 0 for any other file."""
    with open_file(path, links=True) as file:
        if file.read(2) != GZIP or file.seek(0, io.SEEK_END) < 18:
            return 0
        file.seek(-4, io.SEEK_END)
        return int.from_bytes(file.read(4), "little")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file, unpacked while it is read if it is gzipped."""
    with open_file(path, links=True) as file:
        packed = file.read(2) == GZIP
        file.seek(0)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def size(count: float) -> str:
    """Bytes in words, as they can be written in a setting."""
    return f"{count / 1e9:.3g}GB" if count >= 1e9 else f"{count / 1e6:.3g}MB"
