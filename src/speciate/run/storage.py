"""Where a run is kept: in a folder that one process at a time may write, or in memory."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from speciate.errors import BusyError, StorageError, UsageError
from speciate.files import temporary_folder
from speciate.inheritance.finished_network import Ancestry
from speciate.records import Lineage
from speciate.run.identity import Event, begin_or_recognize
from speciate.store import RunFolder, Store, WeightFolder

MANIFEST = ("name", "created", "seed", "identity", "versions")
"""Facts that stand beside the database too."""


class Storage:
    """A run's database and weight files.

    Args:
        path: The run's folder; None keeps the run in memory, and weights in a temporary folder.

    Attributes:
        folder: The run's folder, or None.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.folder = None if path is None else RunFolder(Path(path))
        self._store: Store | None = None if self.folder else Store()

    @property
    def store(self) -> Store:
        """The database; read-only where the run is not being written.

        Raises:
            UsageError: There is none yet.
        """
        if self._store is None and self.folder is not None and self.folder.exists:
            self._store = Store(self.folder.database, readonly=True)
        if self._store is None:
            raise UsageError("the search has not been run yet", hint="call run() first")
        return self._store

    @cached_property
    def weights(self) -> WeightFolder:
        """The folder of the weight files."""
        if self.folder is not None:
            return self.folder.weights
        stack = ExitStack()
        weakref.finalize(self, _close, stack, os.getpid())
        return WeightFolder(stack.enter_context(temporary_folder()))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer of the run, with its database open.

        Raises:
            BusyError: Another process is writing the run.
            CreationError: The folder cannot be written to.
        """
        if self.folder is None:
            yield
            return
        self.folder.create()
        try:
            self.folder.lock()
            if self._store is not None:
                self._store.close()
            self._store = Store(self.folder.database)
            yield
        finally:
            self.folder.unlock()

    def begin(
        self, identity: Mapping[str, Any], facts: Mapping[str, Any], accept_changes: bool, event: Event
    ) -> None:
        """Begin a run, or go on with the one that is there if it is the same; see `begin_or_recognize`."""
        if self.store.get("salvaged"):  # what follows a candidate that is lost comes again as it was
            if later := self.store.close_gaps():
                event("salvaged", f"{later} candidates after one that is lost are evaluated again")
            self.store.set(salvaged=False)
        name = self.folder.path.resolve().name if self.folder else ""
        begin_or_recognize(self.store, identity, {"name": name, **facts}, accept_changes, event)
        if self.folder is not None and not self.folder.manifest.exists():
            known = self.store.facts()
            self.folder.write_manifest({**{key: known.get(key) for key in MANIFEST}, "training_threads": 1})

    def take_in(self, ancestry: Ancestry | None) -> Lineage | None:
        """Keep what the run starts from, which it does not need to find again."""
        if ancestry is None:
            return None
        weights = self.weights.save(ancestry.network.tensors)
        if self.store.get("ancestor") is None:
            self.store.set(ancestor=ancestry.to_json(weights))
        return ancestry.lineage(weights)

    def note(self, ancestry: Ancestry | None) -> None:
        """Write down once what people should know about what the run starts from; the plan and the result show it."""
        said = {message for _, _, message in self.store.events()}
        for note in () if ancestry is None else ancestry.notes:
            if note not in said:
                self.store.event("ancestor", note)

    def end(self, status: str, seconds: float) -> None:
        """Write down how the run ended. Where it failed, that is the error to tell, even if nothing can be written either."""
        with suppress(StorageError, BusyError) if status == "failed" else nullcontext():
            self.store.set(status=status, seconds=seconds)
            self.store.settle()


def _close(stack: ExitStack, owner: int) -> None:
    """Remove a temporary folder, unless this is a fork of the process that made it."""
    if os.getpid() == owner:
        stack.close()
