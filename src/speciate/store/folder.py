"""A run's folder: where things lie in it, and the lock of the process that writes it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from speciate import files
from speciate.errors import BusyError, CreationError, SpeciateError
from speciate.store.weights import WeightFolder
from speciate.text import clean

CHAMPION_FILES = ("model.safetensors", "model.json", "model.py", "README.md")
"""What every champion's folder holds: weights, description, code, model card."""

MOST_DESCRIPTION = 2**26
"""Bytes of the largest description of a champion that is looked into."""

ADJECTIVES = """
    amber brave calm clever coral dapper eager early fleet gentle golden happy hardy humble jolly keen
    kind lively lucid lucky merry mellow nimble noble patient polite quick quiet ready silver snug spry
    steady sunny swift tidy vivid warm wise witty
"""
ANIMALS = """
    badger beaver bison crane curlew dolphin dormouse falcon ferret finch gecko gull hare hedgehog heron
    ibex jackdaw kestrel lark lemur linnet lynx marten newt ocelot osprey otter owl pika plover puffin
    quail raven robin salmon seal shrew stoat swan swift tapir tern vole wombat wren
"""


class RunFolder:
    """The folder of one run.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.named, self.path = Path(path), files.own(Path(path))  # what a user names may be a link
        self.database = self.path / "run.sqlite"
        self.configuration = self.path / "run.toml"
        self.manifest = self.path / "manifest.json"
        self.champion = self.path / "champion"
        self.report = self.path / "report.html"
        self.weights = WeightFolder(self.path / "weights")
        self.lock_file, self.owner = self.path / "run.lock", self.path / "run.owner.json"
        self._lock: int | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a run here, or something that has the name of its database."""
        return files.kind_of(self.database) not in ("", files.FOLDER)

    @property
    def parts(self) -> dict[Path, str]:
        """What a run writes, and of what kind it is."""
        logs = [self.database.with_name(f"run.sqlite-{end}") for end in ("wal", "shm", "journal")]
        single = (
            self.database,
            *logs,
            self.configuration,
            self.manifest,
            self.report,
            self.lock_file,
            self.owner,
        )
        folders = (self.weights.path, self.champion, self.path / "figures")
        return dict.fromkeys(single, files.FILE) | dict.fromkeys(folders, files.FOLDER)

    def create(self) -> None:
        """Make the folder if it is not there.

        Raises:
            CreationError: It cannot be made or written to.
            StorageError: The disk is full.
        """
        try:
            files.make_folder(self.path)
            probe = self.path / f".probe.{os.getpid()}"
            files.make_file(probe)
            files.remove(probe)
        except OSError as error:
            raise _unmakeable(self.path, error, "cannot write the run folder") from None

    def write_manifest(self, content: Mapping[str, Any]) -> None:
        """Write manifest.json.

        Raises:
            StorageError: It cannot be written.
        """
        files.write_file(self.manifest, json.dumps(content, indent=1, default=str).encode(), "manifest")

    def half_written(self) -> list[Path]:
        """What processes left that were killed while they wrote a file or the champion's folder."""
        return [
            *self.path.glob(".*.tmp"),
            *self.weights.path.glob(".*.tmp"),
            *self.path.glob(f".{self.champion.name}.*.old"),
        ]

    def lock(self) -> None:
        """Become the only writer, until `unlock` or the end of this process.

        Raises:
            BusyError: Another process is writing; it is named.
            StorageError: What the lock needs is not a file, or cannot be written.
        """
        try:
            if (lock := files.lock(self.lock_file)) is None:
                raise BusyError(
                    f"the run is being written by {_read_owner(self.owner)}",
                    where=str(self.path),
                    hint="wait for it to end, or stop it",
                )
            self._lock = lock
            self._tidy()
            files.remove(self.owner)
            owner = {"pid": os.getpid(), "host": socket.gethostname()}
            files.make_file(self.owner, json.dumps(owner).encode())
        except OSError as error:
            if not isinstance(error, BusyError):
                self.unlock()
            raise files.untold(error, "the run cannot be locked", self.lock_file) from None

    def _tidy(self) -> None:
        """Remove what processes left that were killed while they wrote here."""
        for name in ("run.toml", "manifest.json", "report.html", "run.schema-*.sqlite"):
            files.remove_left(self.path, name)
        if files.is_folder(self.path / "figures"):
            files.remove_left(self.path / "figures", "*.png")
        for left in self.path.glob(f".{self.champion.name}.*"):
            if re.fullmatch(r"\.champion\.\d+(\.[0-9a-f]{8})?\.(tmp|old)", left.name) and files.is_folder(
                left
            ):
                for name in CHAMPION_FILES:
                    files.remove_left(left, name)
                files.remove_folder(left, CHAMPION_FILES)

    @property
    def busy(self) -> bool:
        """Whether a process is writing the run now. Looking leaves no trace."""
        return files.is_locked(self.lock_file)

    def unlock(self) -> None:
        """Let others write; nothing happens if this object does not hold the lock."""
        if self._lock is not None:
            with suppress(OSError):
                files.remove(self.owner)
            files.unlock(self._lock)
            self._lock = None


def is_current(champion: Path, trained: str) -> bool:
    """Whether a champion's folder is complete and was made of the weight file of this SHA-256."""
    weights, description, *others = (champion / name for name in CHAMPION_FILES)
    try:
        if not all(files.is_file(file) for file in (weights, *others)):
            return False
        said = json.loads(files.read_file(description, most=MOST_DESCRIPTION))["weights"]
        with files.open_file(weights) as file:
            now = {"trained": trained, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
        return bool(said == now)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


def _read_owner(file: Path) -> str:
    try:
        owner = json.loads(files.read_file(file, most=10_000))
        return f"process {int(owner['pid'])} on {clean(owner['host'], 80)}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def new_folder(runs: Path, name: str | None = None) -> RunFolder:
    """A fresh folder for a run, reserved at once so that two runs never share one.

    Args:
        runs: The folder of all runs.
        name: The run's name; without it one such as "quiet-heron" is made up.

    Raises:
        CreationError: A run of that name exists, or the folder cannot be made.
    """
    check_name(runs, name)
    try:
        files.make_folder(runs)
    except OSError as error:
        raise _unmakeable(runs, error) from None
    for tried in range(200):
        path = runs / (name or _made_up(2 if tried < 20 else 6))
        try:
            files.new_folder(path)
            return RunFolder(path)
        except FileExistsError:
            check_name(runs, name)  # another process was faster
        except OSError as error:
            raise _unmakeable(path, error) from None
    raise CreationError("found no free name for the run", where=str(runs), hint="choose one with --name")


def _unmakeable(path: Path, error: OSError, what: str = "cannot make the run folder") -> SpeciateError:
    """A folder that cannot be made, or written to."""
    if error.errno in files.FULL:
        return files.untold(error, what, path)
    hint = "choose another folder with --runs"
    return CreationError(what, where=str(path), why=error.strerror or "", hint=hint)


def check_name(runs: Path, name: str | None) -> None:
    """Refuse a name that cannot be given, or is taken.

    Raises:
        CreationError: It is; says how to go on.
    """
    if name is None:
        return
    if not re.fullmatch(r"[\w][\w .-]{0,99}", name):
        hint = "use letters, digits, dashes and dots"
        raise CreationError(f"{name!r:.120} cannot be the name of a folder", hint=hint)
    try:
        taken = (runs / name).exists()
    except OSError:  # a folder without permission to look into it: making one in it will say so
        taken = False
    if taken and not any(
        (runs / name / file).exists() for file in ("run.toml", "run.sqlite", "compare.toml")
    ):
        hint = "--name chooses another; if no run is beginning there, delete the folder"
        raise CreationError(f"there is a folder named {name} already", where=str(runs / name), hint=hint)
    if taken:
        hint = f"speciate resume {name} goes on with it; --name chooses another"
        raise CreationError(f"there is a run named {name} already", where=str(runs / name), hint=hint)


def _made_up(length: int) -> str:
    """A name that is easy to remember, with a number if it is made of more than two bytes.

    It carries no meaning, so it may come from the system's randomness.
    """
    adjectives, animals = ADJECTIVES.split(), ANIMALS.split()
    first, second, *more = os.urandom(length)
    name = f"{adjectives[first % len(adjectives)]}-{animals[second % len(animals)]}"
    return f"{name}-{bytes(more).hex()}" if more else name
