"""A disk that forgets, at a power failure, whatever was not synchronized with it.

In the process that is to lose power, `install` watches every fsync, of Python and of SQLite, and keeps aside what is on the
disk from then on: the content of a file that was synchronized, and the names in a folder that was. Afterwards `restored`
makes of it what somebody would find who turns the machine on again. Synchronizing a file does not make its name permanent:
that takes its folder. SQLite is watched from inside: a layer of its own, between it and the system, as its documentation
describes under "The SQLite OS Interface or VFS".
"""

from __future__ import annotations

import _sqlite3
import ctypes
import json
import os
import shutil
from pathlib import Path
from typing import Any

_KEEP: list[Any] = []
"""What C code points to must not be collected."""


class Disk:
    """What a disk is sure to remember.

    Args:
        place: A folder outside of what is watched.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "files").mkdir(parents=True)
        (place / "folders").mkdir()

    def synchronized(self, path: Path) -> None:
        """A file or a folder was synchronized."""
        if path.is_dir():
            names = {child.name: (child.stat().st_ino, child.is_dir()) for child in path.iterdir()}
            self._write(self.place / "folders" / str(path.stat().st_ino), json.dumps(names).encode())
        elif path.is_file():
            self._write(self.place / "files" / str(path.stat().st_ino), path.read_bytes())

    def _write(self, target: Path, content: bytes) -> None:
        temporary = target.with_suffix(".tmp")
        temporary.write_bytes(content)
        temporary.rename(target)


def restored(place: Path, watched: Path, target: Path) -> Path:
    """What is left of a watched folder after the power failure, in a new folder.

    Args:
        place: The place of its disk.
        watched: The folder that was there when the watching began.
        target: Where to.
    """
    target.mkdir()
    names = place / "folders" / str(watched.stat().st_ino)
    _restore(place, json.loads(names.read_text()) if names.exists() else {}, target)
    return target


def _restore(place: Path, names: dict[str, tuple[int, bool]], target: Path) -> None:
    for name, (number, is_folder) in names.items():
        kept = place / ("folders" if is_folder else "files") / str(number)
        if is_folder:
            (target / name).mkdir()
            _restore(place, json.loads(kept.read_text()) if kept.exists() else {}, target / name)
        elif kept.exists():
            shutil.copyfile(kept, target / name)
        else:
            (target / name).touch()  # the name is there, the content never was


def install(place: Path) -> None:
    """Watch this process."""
    disk = Disk(place)
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        disk.synchronized(Path(f"/proc/self/fd/{file}").readlink())

    os.fsync = fsync
    _watch_sqlite(disk)


class Methods(ctypes.Structure):
    """`sqlite3_io_methods` up to the one that is replaced; the rest is copied as bytes."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("truncate", ctypes.c_void_p),
        ("sync", ctypes.c_void_p),
        ("rest", ctypes.c_void_p * 13),
    )


class System(ctypes.Structure):
    """`sqlite3_vfs`."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("rest", ctypes.c_void_p * 15),
    )


Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)

NEW_LOG = 0x00080000 | 0x00000800
"""Flags of files whose folder SQLite synchronizes with them when they are new: write-ahead logs, journals."""


def _watch_sqlite(disk: Disk) -> None:
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(System)
    system = library.sqlite3_vfs_find(None)
    open_file = Open(system.contents.open)
    methods: dict[int, Methods] = {}

    @Open
    def watched_open(vfs: int, name: int, file: int, flags: int, out: int) -> int:
        result: int = open_file(vfs, name, file, flags, out)
        pointer = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(Methods)))
        if result == 0 and name and pointer[0]:
            path = Path(os.fsdecode(ctypes.string_at(name)))
            changed = _with_sync(pointer[0].contents, disk, path, bool(flags & NEW_LOG))
            methods[file] = changed
            pointer[0] = ctypes.pointer(changed)
        return result

    _KEEP.extend([library, open_file, watched_open, methods])
    system.contents.open = ctypes.cast(watched_open, ctypes.c_void_p).value


def _with_sync(methods: Methods, disk: Disk, path: Path, has_new_name: bool) -> Methods:
    real = Sync(methods.sync)

    @Sync
    def sync(file: int, flags: int) -> int:
        result: int = real(file, flags)
        if result == 0:
            disk.synchronized(path)
            if has_new_name:
                disk.synchronized(path.parent)
        return result

    changed = Methods.from_buffer_copy(methods)
    changed.sync = ctypes.cast(sync, ctypes.c_void_p).value
    _KEEP.extend([real, sync, changed])
    return changed
