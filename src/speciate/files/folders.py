"""Folders that are replaced as one, and folders of this process alone."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from speciate.errors import CreationError, SpeciateError
from speciate.failpoints import crash_point
from speciate.files.opening import FOLDER, check, inside, is_folder, kind_of
from speciate.files.writing import is_running, write_file


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside this one, and rename it when it is complete. What else was in it stays in it.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    mark = f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}"
    temporary, old = (folder.with_name(f"{mark}.{kind}") for kind in ("tmp", "old"))
    try:
        check(folder, FOLDER)
        temporary.mkdir()
        for name, content in files.items():
            write_file(temporary / name, content, "model")
        if is_folder(folder):
            folder.rename(old)
            crash_point("champion-put-aside")
        crash_point("champion-unnamed")
        temporary.rename(folder)
        crash_point("champion-named")
        for other in old.iterdir() if is_folder(old) else ():
            if other.name not in files:
                other.rename(folder / other.name)
    except OSError as error:
        if is_folder(old) and not kind_of(folder):
            old.rename(folder)
        if isinstance(error, SpeciateError):
            raise
        why = error.strerror or str(error)
        raise CreationError("cannot write the champion's folder", where=str(folder), why=why) from None
    finally:
        for made in (temporary, old):
            remove_folder(made, files)


def remove_folder(folder: Path, names: Collection[str]) -> None:
    """Delete the files of these names in a folder, and the folder if nothing else is in it."""
    with suppress(OSError), inside(folder) as number:
        for name in names:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=number)
        folder.rmdir()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder that nobody else can look into, and that goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="speciate-", ignore_cleanup_errors=True) as path:
        yield Path(path)


def process_folder(name: str) -> Path:
    """A folder for this process below one for all of the user's. What processes left there that were killed is removed."""
    parent = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    with suppress(FileExistsError):
        parent.mkdir(mode=0o700)
    if not is_folder(parent) or parent.lstat().st_uid != os.getuid():  # another user was there first
        parent = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    for other in parent.iterdir():
        if other.name.isdigit() and not is_running(int(other.name)):
            remove_tree(other)
    return parent / str(os.getpid())


def remove_tree(folder: Path) -> None:
    """Delete a folder of this process's own making, with all that is in it; links in it are not followed."""
    shutil.rmtree(folder, ignore_errors=True)
