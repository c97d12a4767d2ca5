"""Weight files: safetensors, named by the SHA-256 of their content, complete or absent."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from speciate.errors import StorageError
from speciate.failpoints import crash_point
from speciate.store.files import write_file

MOST_BYTES = 2**34
"""The largest weight file that is looked into."""


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
        if not self.file(name).exists():
            write_file(self.file(name), content, "weights")
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
            if self.file(name).exists() and not self.file(name).is_file():
                raise OSError(errno.EINVAL, "it is not a file")  # reading a pipe would never end
            content = self.file(name).read_bytes()
        except OSError as error:
            raise StorageError(
                "a weight file is missing", where=str(self.file(name)), why=error.strerror or ""
            ) from None
        if hashlib.sha256(content).hexdigest() != name:
            raise StorageError(
                "a weight file was altered", where=str(self.file(name)), why="its SHA-256 is not its name"
            )
        return content

    def is_sound(self, name: str) -> bool:
        """Whether the file of a name is there, and its content is what its name says."""
        path = self.file(name)
        try:
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == name
        except OSError:
            return False

    def file(self, name: str) -> Path:
        """Where the file of a name is."""
        return self.path / f"{name}.safetensors"

    def keep(self, names: set[str]) -> int:
        """Delete every other file, those included that a process left half written; return how many.

        No other process may be writing meanwhile.
        """
        half = list(self.path.glob(".*.safetensors.*.tmp"))
        gone = [
            file for file in self.path.glob("*.safetensors") if file.stem not in names and file not in half
        ]
        for file in (*half, *gone):
            file.unlink(missing_ok=True)
            crash_point("weights-deleted")
        return len(half) + len(gone)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already do not matter."""
        for name in names:
            self.file(name).unlink(missing_ok=True)
            crash_point("weights-removed")
