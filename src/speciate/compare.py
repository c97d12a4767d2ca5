"""Runs several algorithms on the same split, with the same seeds and the same budget of examples."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.config import (
    NeuroConfig,
    RunConfig,
    Setting,
    choices,
    configure,
    configured,
    placeless,
    read_file,
    remember,
    resolved,
    to_toml,
    values_of,
)
from speciate.errors import ConfigurationError
from speciate.store import RunFolder, Store, new_folder, status_of, write_file

if TYPE_CHECKING:
    from speciate.data import Data
    from speciate.run.callbacks import Callback

FILE = "compare.toml"
"""What makes a folder a comparison."""

WITHOUT_GRADIENTS = tuple(choices("algorithm", NeuroConfig))
"""Algorithms that evolve weights instead of training them: the same data, the same number of examples shown."""

OWN = ("algorithm", "time", "runs", "name")
"""Settings that a comparison decides itself; the seed decides the split."""

ONLY = {
    "tournament_size": ("aging", "tournament"),
    "inherit": ("aging", "tournament", "local"),
    "crossover": ("aging", "tournament"),
    "merge": ("aging", "tournament"),
    "elites": ("tournament",),
    "p": ("tournament",),
}
"""Settings that only some of the algorithms have; the others run without them."""

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
        text = to_toml(config, OWN) + f"algorithms = {_quoted(names)}\nseeds = {seeds}\n"
        write_file(folder / FILE, text.encode(), "comparison")
        return cls(placeless(config), names, seeds, folder)

    @classmethod
    def open(cls, folder: Path) -> Comparison:
        """The comparison that a folder holds.

        Raises:
            StorageError: It holds none.
            ConfigurationError: Its compare.toml has mistakes.
        """
        settings = read_file(folder / FILE)
        algorithms = settings.pop("algorithms", Setting([])).value
        seeds = settings.pop("seeds", Setting(0)).value
        return cls(_base(settings), _checked(algorithms, seeds), seeds, folder)

    @property
    def plan(self) -> list[tuple[str, RunConfig | NeuroConfig]]:
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
        others = [name for name in self.algorithms if name in WITHOUT_GRADIENTS]
        total = networks(c) * c.examples
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
            if isinstance(config, NeuroConfig):
                config = fitted(config, networks(self.config) * self.config.examples, len(data.train))
            folder = RunFolder(self.folder / name)
            folder.create()
            remember(config, folder)
            callback = watch(f"{config.algorithm}, seed {config.seed} ({number} of {len(self.plan)})")
            watchers = [] if callback is None else [callback]
            if isinstance(config, NeuroConfig):
                from speciate.neat.tasks.table import TableTask

                search = config.build(folder.path, watchers, TableTask(data))
            else:
                search = config.build(folder.path, watchers, data)
            search.run(**config.limits)
        return self


def _base(settings: Mapping[str, Setting]) -> RunConfig:
    """What all runs share, without what only some algorithms have: those are checked with their algorithm."""
    if "time" in settings:
        where, hint = settings["time"].where, "set --generations or --evaluations"
        raise ConfigurationError(
            "a comparison is at the same number of examples, not time", where=where, hint=hint
        )
    return configure({k: v for k, v in settings.items() if k != "algorithm"}, algorithm="tournament")


def networks(config: RunConfig) -> int:
    """How many networks a run trains."""
    return config.evaluations or (config.generations or 10) * config.population


def fitted(config: NeuroConfig, examples: int, rows: int) -> NeuroConfig:
    """The configuration with as many networks as may see all training rows, in ten generations or more of at most 150.

    Args:
        config: A run without gradients.
        examples: How many examples it may show in all.
        rows: Training rows.
    """
    evaluations = max(2, examples // rows)
    population = min(150, max(2, evaluations // 10))
    whole = evaluations // population * population
    return config.model_copy(update={"evaluations": whole, "population": population})


def _without_gradients(base: RunConfig, algorithm: str, seed: int, split: int) -> NeuroConfig:
    """The configuration of a run that evolves weights on the same split; no gradient touches its champion."""
    settings = {
        "task": f"table:{base.data}",
        "algorithm": algorithm,
        "seed": seed,
        "split_seed": split,
        "target": base.target,
        "metric": None if base.metric == "auto" else base.metric,
        "validation": base.validation,
        "test": base.test,
        "finalists": base.finalists,
        "refine": False,
    }
    return configured(NeuroConfig, {key: Setting(value) for key, value in settings.items()})


def _one(base: RunConfig, algorithm: str, seed: int) -> RunConfig | NeuroConfig:
    """The configuration of one run."""
    split = base.seed if base.split_seed is None else base.split_seed
    if algorithm in WITHOUT_GRADIENTS:
        return _without_gradients(base, algorithm, seed, split)
    changes: dict[str, Any] = {"algorithm": algorithm, "seed": seed, "split_seed": split}
    changes |= {key: None for key, having in ONLY.items() if algorithm not in having}
    if base.final_examples == "auto":  # one training of the champion, on the budget that every network had
        changes["final_examples"] = base.examples
    return configure({key: Setting(value) for key, value in {**values_of(base), **changes}.items()})


def _checked(algorithms: Sequence[str], seeds: int) -> tuple[str, ...]:
    names = tuple(name.strip() for name in algorithms)
    known = (*choices("algorithm"), *WITHOUT_GRADIENTS)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"algorithms: {', '.join(known)}"
            raise ConfigurationError(f"there is no algorithm {name!r:.60}", where="--algorithms", hint=hint)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigurationError("a comparison needs two or more different algorithms", where="--algorithms")
    if type(seeds) is not int or seeds < 1:
        raise ConfigurationError(
            f"seeds must be a whole number of at least 1, got {seeds!r:.60}", where="--seeds"
        )
    return names


def _is_finished(path: Path) -> bool:
    folder = RunFolder(path)
    if not folder.exists:
        return False
    store = Store(folder.database, readonly=True)
    try:
        return status_of(folder, store) == "finished"
    finally:
        store.close()


def _quoted(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


__all__ = ["FILE", "Comparison", "Watch"]
