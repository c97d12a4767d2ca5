"""What a process of a cluster does for a run. It knows nothing of Ray, and shares no disk with the driver."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speciate.backends.processes import ProcessBackend
from speciate.errors import ConfigurationError
from speciate.evaluators.base import Evaluator
from speciate.files import process_folder, remove_tree
from speciate.records import Candidate, Evaluation
from speciate.store import WeightFolder
from speciate.versions import versions

PACKAGES = ("speciate", "torch", "numpy", "numba")
"""Packages of which every node needs the driver's version, or its results would be others."""


def decisive_versions() -> dict[str, str]:
    """The versions of the packages that decide results."""
    return versions(PACKAGES)


Answer = tuple[Evaluation, bytes | None]
"""An evaluation and the content of its weight file."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What all processes of a cluster have to know about a run.

    Attributes:
        run: Names the run, so that a process notices that it serves another one.
        versions: The driver's versions.
        keeps: Whether weights are kept.
        stacked: Whether a group is trained as one, as suits an accelerator; else one candidate after another, on one thread.
        limits: What `ProcessBackend` takes; None where nothing is limited.
        path: Where the driver finds modules, such as the one that an evaluator is of; used where it exists.
    """

    run: str
    versions: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = False
    stacked: bool = False
    limits: Mapping[str, float | int | None] | None = None
    path: tuple[str, ...] = ()


class NodeServer:
    """Evaluates for one run in one process of a cluster, with a folder for the weights that come and go.

    With limits of time or memory, the candidates are evaluated in a process of its own, which can be ended.

    Args:
        settings: What to know about the run.
        evaluator: The run's evaluator, ours to change.

    Raises:
        ConfigurationError: The versions here are not the driver's.
    """

    def __init__(self, settings: NodeSettings, evaluator: Evaluator) -> None:
        found = decisive_versions()
        if other := [name for name in found if settings.versions.get(name, found[name]) != found[name]]:
            here, there = (", ".join(f"{n} {of[n]}" for n in other) for of in (found, settings.versions))
            raise ConfigurationError(
                f"a node of the cluster has other versions than the program: {here}, not {there}",
                where=os.uname().nodename,
                hint="install the same versions on every node; the results would be others",
            )
        self.settings, self.evaluator = settings, evaluator
        self.folder = WeightFolder(process_folder("speciate-node"))
        if settings.keeps:
            evaluator.weights = self.folder
        self.supervisor = None
        if settings.limits is not None:
            self.supervisor = ProcessBackend(1, **settings.limits)  # type: ignore[arg-type]
            self.supervisor.start(evaluator)

    def serve(self, group: Sequence[Candidate], contents: Mapping[str, bytes]) -> list[Answer]:
        """Evaluate a group.

        Args:
            group: The candidates.
            contents: The weight files that they may inherit from, by name.

        Returns:
            What came of each, in order. No file stays behind.
        """
        try:
            for content in contents.values():
                self.folder.write(content)
            with warnings.catch_warnings():
                # All processes of a node share the data, so none can write to them; and none does.
                warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
                done = self._evaluate(group)
            return [(e, self.folder.read(e.weights) if e.weights else None) for e in done]
        finally:
            remove_tree(self.folder.path)

    def _evaluate(self, group: Sequence[Candidate]) -> list[Evaluation]:
        if self.supervisor is None:
            parts = [group] if self.settings.stacked else [[candidate] for candidate in group]
            return [evaluation for part in parts for evaluation in self.evaluator.evaluate(part)]
        done: dict[int, Evaluation] = {}
        self.supervisor.submit(group)
        while not self.supervisor.idle:
            done |= {evaluation.candidate.id: evaluation for evaluation in self.supervisor.wait()}
        return [done[candidate.id] for candidate in group]

    def close(self) -> None:
        """Let go of the run."""
        if self.supervisor is not None:
            self.supervisor.close()


_servers: list[NodeServer] = []  # at most one: a process serves one run at a time


def server_of(settings: NodeSettings, fetch: Callable[[], Evaluator]) -> NodeServer:
    """The server of a run in this process: the one there is, or a new one.

    Args:
        settings: What to know about the run.
        fetch: Gets the evaluator.
    """
    if not _servers or _servers[0].settings.run != settings.run:
        while _servers:
            _servers.pop().close()
        sys.path += [place for place in settings.path if place not in sys.path and Path(place).exists()]
        _servers.append(NodeServer(settings, fetch()))
    return _servers[0]
