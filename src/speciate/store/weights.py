"""Weight files: safetensors, named by the SHA-256 of their content, complete or absent."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from speciate import files
from speciate.errors import StorageError
from speciate.failpoints import crash_point
from speciate.text import quoted

MOST_BYTES = 2**32
"""The largest weight file that is looked into."""


def is_name(name: object) -> bool:
    """Whether it is the name of a weight file: a SHA-256 in 64 hexadecimal digits."""
    return isinstance(name, str) and re.fullmatch("[0-9a-f]{64}", name) is not None


class WeightFolder:
    """A folder of weight files.

    Args:
        path: The folder; made when the first file is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, tensors: Mapping[str, np.ndarray]) -> str:
        """Write tensors and return their name, the SHA-256 of the file. Equal content is written once."""
        from safetensors.numpy import save

        return self.write(save({name: np.asarray(value, order="C") for name, value in tensors.items()}))

    def write(self, content: bytes) -> str:
        """Write the content of a weight file and return its name. Equal content is written once."""
        name = hashlib.sha256(content).hexdigest()
        if not files.is_file(self.file(name)):
            files.write_file(self.file(name), content, "weights")
        return name

    def load(self, name: str) -> dict[str, np.ndarray]:
        """The tensors of a file.

        Raises:
            StorageError: The file is missing, or its content is not what its name says.
        """
        from safetensors.numpy import load

        return dict(load(self.read(name)))

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            StorageError: The file is missing, or its content is not what its name says.
        """
        try:
            content = files.read_file(self.file(name), most=MOST_BYTES)
        except OSError as error:
            raise files.untold(error, "a weight file is missing", self.file(name)) from None
        if hashlib.sha256(content).hexdigest() != name:
            raise StorageError(
                "a weight file was altered", where=str(self.file(name)), why="its SHA-256 is not its name"
            )
        return content

    def is_sound(self, name: str) -> bool:
        """Whether the file of a name is there, and its content is what its name says."""
        try:
            with files.open_file(self.file(name)) as file:
                small = os.fstat(file.fileno()).st_size <= MOST_BYTES
                return small and hashlib.file_digest(file, "sha256").hexdigest() == name
        except OSError:
            return False

    @property
    def size(self) -> int:
        """Bytes of all that is in it."""
        return sum(file.lstat().st_size for file in self.path.iterdir()) if files.is_folder(self.path) else 0

    def file(self, name: str) -> Path:
        """Where the file of a name is.

        Raises:
            StorageError: It is not the name of a weight file.
        """
        if not is_name(name):
            raise StorageError(f"{quoted(name)} is not the name of a weight file", where=str(self.path))
        return self.path / f"{name}.safetensors"

    def keep(self, names: set[str]) -> int:
        """Delete every other file, those included that a process left half written; return how many.

        No other process may be writing meanwhile.
        """
        files.check(self.path, files.FOLDER)
        half = [file for file in self.path.glob(".*.safetensors.*.tmp") if is_name(file.name[1:65])]
        every = [file for file in self.path.glob("*.safetensors") if is_name(file.stem)]
        gone = [file for file in (*half, *every) if file.stem not in names and files.is_file(file)]
        for file in gone:
            files.remove(file)
            crash_point("weights-deleted")
        return len(gone)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already do not matter.

        Raises:
            OSError: What has the name of one is no regular file.
        """
        for name in names:
            files.remove(self.file(name))
            crash_point("weights-removed")
