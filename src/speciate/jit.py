"""How functions become machine code, where that is kept from one process to the next, and on how many cores it may run."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from speciate.files import make_folder, read_file


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept_in(sources: Iterable[Path], base: Path) -> str:
    """A folder named after the content of the sources, or nothing where none can be written.

    Numba notices when a function's own file changes, but not when that of a function it calls does: after an update the
    old machine code would be run.
    """
    content = b"".join(read_file(file, links=True) for file in sources)
    folder = base / "machine-code" / hashlib.sha256(content).hexdigest()[:16]
    try:
        make_folder(folder, mode=0o700)
    except OSError:
        return ""
    return str(folder) if os.access(folder, os.W_OK) and _is_private(folder) else ""


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write to a folder: what lies there is run, and unpickled by Numba."""
    if not hasattr(os, "getuid"):  # where files have no owner, a user's own folders are the user's own
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


class Compiler:
    """A decorator: compile a function when it is first called, and keep the machine code.

    The code runs without Python's lock, and nothing lets the compiler forget about infinities: divergence must be seen.

    Args:
        sources: The files that the functions, and those that they call, are written in.
        liberties: What else the compiler may do to arithmetic, in LLVM's words.
    """

    def __init__(self, sources: Iterable[Path], liberties: Collection[str] = ()) -> None:
        import numba  # half a second, which whoever only wants to know the number of cores need not wait

        self._numba: Any = numba
        cache = self._numba.config.CACHE_DIR
        self.folder = _kept_in(sources, Path(cache) if cache else user_cache_path("speciate"))
        self._liberties = set(liberties)

    def __call__(self, function: Callable[..., Any]) -> Any:
        """The compiled function."""
        return self._make(function)

    def inline(self, function: Callable[..., Any]) -> Any:
        """The same for what is called in inner loops: it becomes a part of its callers, which saves counting references."""
        return self._make(function, forceinline=True)

    def _make(self, function: Callable[..., Any], **options: Any) -> Any:
        settings = self._numba.config
        before, settings.CACHE_DIR = settings.CACHE_DIR, self.folder
        try:
            make = self._numba.njit(
                cache=bool(self.folder),
                nogil=True,
                error_model="numpy",
                fastmath=self._liberties or False,
                **options,
            )
            return make(function)
        finally:
            settings.CACHE_DIR = before
