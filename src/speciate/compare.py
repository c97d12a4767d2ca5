"""Runs several algorithms on the same split, with the same seeds and the same budget of examples."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from speciate import files
from speciate.config import (
    AS_BEFORE,
    KINDS,
    AnyConfig,
    RunConfig,
    Setting,
    announce,
    build,
    choices,
    configure,
    configured,
    is_choice,
    placeless,
    read_file,
    ready,
    remember,
    resolved,
    taking_all,
    to_toml,
)
from speciate.errors import ConfigurationError
from speciate.store import RunFolder, Store, new_folder, status_of
from speciate.text import closest

if TYPE_CHECKING:
    from speciate.data import Data
    from speciate.run.callbacks import Callback

FILE = "compare.toml"
"""What makes a folder a comparison."""

OWN = ("algorithm", "time", "runs", "name")
"""Settings that a comparison decides itself; the seed decides the split."""

MOST_SEEDS = 1000
"""Runs of each algorithm."""

Watch = Callable[[str], "Callback | None"]
"""What watches a run, given its label."""


@dataclass(frozen=True)
class Comparison:
    """Runs of several algorithms that differ in nothing else.

    Attributes:
        config: What all runs share. Its seed decides the split.
        algorithms: Their names; the first is compared with each of the others.
        seeds: Runs of each algorithm, with seeds 0 to `seeds - 1`.
        folder: Holds one run folder a run, and compare.toml.
    """

    config: RunConfig
    algorithms: tuple[str, ...]
    seeds: int
    folder: Path

    @classmethod
    def start(cls, settings: Mapping[str, Setting], algorithms: Sequence[str], seeds: int) -> Comparison:
        """A comparison in a new folder.

        Raises:
            ConfigurationError: A setting cannot be used, or an algorithm is unknown.
            CreationError: The folder cannot be made.
        """
        config = resolved(_base(settings))
        names = _checked(algorithms, seeds)
        for name in names:  # every mistake comes before the folder
            _one(config, name, 0)
        folder = new_folder(Path(config.runs), config.name).path
        text = (
            to_toml(config, OWN) + f"algorithms = {json.dumps(names, ensure_ascii=False)}\nseeds = {seeds}\n"
        )
        files.write_file(folder / FILE, text.encode(), "comparison")
        return cls(placeless(config), names, seeds, folder)

    @classmethod
    def open(cls, folder: Path) -> Comparison:
        """The comparison that a folder holds.

        Raises:
            StorageError: It holds none.
            ConfigurationError: Its compare.toml has mistakes.
        """
        settings = {**AS_BEFORE, **read_file(folder / FILE, links=False)}
        algorithms = settings.pop("algorithms", Setting([])).value
        seeds = settings.pop("seeds", Setting(0)).value
        config = _base(settings)
        announce(config, folder / FILE)
        return cls(config, _checked(algorithms, seeds), seeds, folder)

    @cached_property
    def plan(self) -> list[tuple[str, AnyConfig]]:
        """Every run's name and configuration; all algorithms with one seed before the next seed."""
        return [
            (f"{name}-{seed}", _one(self.config, name, seed))
            for seed in range(self.seeds)
            for name in self.algorithms
        ]

    @property
    def finished(self) -> int:
        """How many runs are finished."""
        return sum(_is_finished(self.folder / name) for name, _ in self.plan)

    def describe(self, data: Data) -> list[tuple[str, str]]:
        """What is going to be done, as labels and lines."""
        c = self.config
        generations = f"{c.generations or 10} generations of {c.population} networks"
        limit = f"{c.evaluations:,} networks" if c.evaluations else generations
        others = [name for name in self.algorithms if _kind(name) is not type(c)]
        total = c.networks * c.examples
        shown = f"{', '.join(others)}: {total:,} examples a run; every network sees all {len(data.train):,} training rows"
        names = ", ".join(self.algorithms)
        return [
            *(("data" if i == 0 else "", text) for i, text in enumerate(data.summary())),
            *(("warning", note.text) for note in data.notes if note.level == "warning"),
            ("compared", f"{names}, each with seeds 0 to {self.seeds - 1}: {len(self.plan)} runs"),
            ("budget", f"{limit} x {c.examples:,} examples a run"),
            *([("", shown)] if others else []),
            ("folder", str(self.folder)),
        ]

    def run(self, data: Data, watch: Watch = lambda label: None) -> Comparison:
        """Run what is not finished yet, one run after another, each on all workers."""
        for number, (name, config) in enumerate(self.plan, start=1):
            if _is_finished(self.folder / name):
                continue
            config = config.at_cost(self.config.networks * self.config.examples, len(data.train))
            folder = RunFolder(self.folder / name)
            folder.create()
            remember(config, folder)
            callback = watch(f"{config.algorithm}, seed {config.seed} ({number} of {len(self.plan)})")
            watchers = [] if callback is None else [callback]
            config, source = ready(config, data)
            build(config, folder.path, watchers, source).run(**config.limits)
        return self


def _base(settings: Mapping[str, Setting]) -> RunConfig:
    """What all runs share, checked with an algorithm that takes all that is given; each run keeps what its own takes."""
    if "time" in settings:
        where, hint = settings["time"].where, "set --generations or --evaluations"
        raise ConfigurationError(
            "a comparison is at the same number of examples, not time", where=where, hint=hint
        )
    shared = {key: setting for key, setting in settings.items() if key != "algorithm"}
    taking = taking_all(RunConfig, "algorithm", {key: setting.value for key, setting in shared.items()})
    return configure(shared, start="random", **({"algorithm": taking[0]} if taking else {}))


def _kind(algorithm: str) -> type[AnyConfig] | None:
    """The kind of run that has an algorithm."""
    return next((kind for kind in KINDS if is_choice("algorithm", algorithm, kind)), None)


def _one(base: RunConfig, algorithm: str, seed: int) -> AnyConfig:
    """The configuration of one run, on the split that all runs share."""
    kind = _kind(algorithm) or RunConfig
    split = base.seed if base.split_seed is None else base.split_seed
    settings = {**kind.compared(base, algorithm), "algorithm": algorithm, "seed": seed, "split_seed": split}
    return configured(kind, {key: Setting(value) for key, value in settings.items()})


def _checked(algorithms: Sequence[str], seeds: int) -> tuple[str, ...]:
    names = tuple(name.strip() for name in algorithms)
    known = [name for kind in KINDS for name in choices("algorithm", kind)]
    for name in names:
        if ":" not in name and _kind(name) is None:
            close = closest(name, known)
            hint = f"did you mean {close}?" if close else f"algorithms: {', '.join(known)}"
            raise ConfigurationError(f"there is no algorithm {name!r:.60}", where="--algorithms", hint=hint)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigurationError("a comparison needs two or more different algorithms", where="--algorithms")
    if type(seeds) is not int or not 1 <= seeds <= MOST_SEEDS:
        raise ConfigurationError(
            f"seeds must be a whole number of at least 1 and at most {MOST_SEEDS:,}, got {seeds!r:.60}",
            where="--seeds",
        )
    return names


def _is_finished(path: Path) -> bool:
    folder = RunFolder(path)
    if not folder.exists:
        return False
    with Store(folder.database, readonly=True) as store:
        return status_of(folder, store) == "finished"


__all__ = ["FILE", "Comparison", "Watch"]
