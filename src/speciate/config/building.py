"""Makes a run of a configuration: the search, its folder, and the two ways to start one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.config.model import RunConfig
from speciate.config.reading import Setting, configure, from_toml
from speciate.config.writing import to_toml
from speciate.errors import ConfigurationError, StorageError
from speciate.store import RunFolder, check_name, new_folder, write_file

if TYPE_CHECKING:  # for signatures; what trains is imported where a search is built
    from speciate.algorithms import Algorithm
    from speciate.backends import Backend
    from speciate.callbacks import Callback
    from speciate.data import Data
    from speciate.search import Search
    from speciate.spaces import NetworkSpace

IN_MEMORY = "(in memory)"
"""What stands for data that were given as arrays: a run of them can be read, but not resumed by the command."""


def evolve(data: Any, *, callbacks: Iterable[Callback] = (), **settings: Any) -> Search:
    """Evolve networks for a data set, in a run folder of its own.

    Args:
        data: What `load_data` takes: a file, a folder, `sklearn:NAME`, a pair (X, y), a DataFrame; or a `Data`.
        callbacks: What watches.
        settings: The fields of `RunConfig`.

    Returns:
        The finished search; `champion` and `folder` are the first things to look at.

    Raises:
        ConfigurationError: A setting cannot be used; names all of them.
        DataError: The data cannot be used.
        CreationError: The run's folder cannot be made.
    """
    named = isinstance(data, str | Path)
    values = {"data": str(data) if named else IN_MEMORY, **settings}
    config = configure({key: Setting(value) for key, value in values.items()})
    config, search = start(config, callbacks, None if named else prepare(config, data))
    return search.run(**config.limits)


def start(
    config: RunConfig, callbacks: Iterable[Callback] = (), data: Data | None = None
) -> tuple[RunConfig, Search]:
    """The resolved configuration and a search in a new run folder with its run.toml, ready to run to its limits."""
    check_name(Path(config.runs), config.name)  # before the data are read, which may take a while
    data = config.load() if data is None else data
    config = resolved(config)
    config.build(None, (), data)  # what does not fit the data is said before there is a folder
    folder = new_folder(Path(config.runs), config.name)
    remember(config, folder)
    return config, config.build(folder.path, callbacks, data)


def resolved(config: RunConfig) -> RunConfig:
    """The configuration with what depends on where it is read filled in, so that the run can go on from anywhere."""
    return config.model_copy(update={"data": absolute(config.data), "device": device(config.device)})


def resume(folder: RunFolder, callbacks: Iterable[Callback] = (), **limits: Any) -> tuple[RunConfig, Search]:
    """The configuration and the search of a run folder, ready to go on to its limits, or to others.

    Raises:
        StorageError: The folder holds no run, or its run.toml is missing.
        ConfigurationError: The limits make no sense, or the run's data were given as arrays.
    """
    if not folder.configuration.is_file():
        raise StorageError(
            "the run has no run.toml, so the command cannot resume it",
            where=str(folder.path),
            hint="a run that was started in Python is resumed there: Search(..., store=FOLDER).run()",
        )
    config = from_toml(folder.configuration)
    if config.data == IN_MEMORY:
        raise ConfigurationError(
            "the run's data were given as arrays and are not in its folder",
            where=str(folder.path),
            hint="speciate.Search(..., store=FOLDER) goes on with it in Python",
        )
    given = {key: value for key, value in limits.items() if value is not None}
    if given:
        kept = {"generations": None, "evaluations": None, "time": None}
        settings = {**config.model_dump(), **kept, **given}
        config = configure(
            {key: Setting(value, f"--{key}" if key in given else "") for key, value in settings.items()}
        )
    search = config.build(folder.path, callbacks)
    if given and not folder.busy:
        remember(config, folder)
    return config, search


def remember(config: RunConfig, folder: RunFolder) -> None:
    """Write run.toml."""
    write_file(folder.configuration, to_toml(placeless(config)).encode())


def placeless(config: RunConfig) -> RunConfig:
    """The configuration without a name and a place: once there is a folder, they are the folder's."""
    return config.model_copy(update={"name": None, "runs": RunConfig.model_fields["runs"].default})


def prepare(config: RunConfig, data: Any) -> Data:
    """Data from arrays, tables or as they are."""
    from speciate.data import Data, load_data

    if isinstance(data, Data):
        return data
    return load_data(data, **config.splitting)


def absolute(source: str) -> str:
    """A path as absolute, so that the run can be resumed from anywhere; other sources as they are."""
    if Path(source).exists():
        return str(Path(source).resolve())
    prefix, colon, rest = source.partition(":")
    return f"{prefix}:{Path(rest).resolve()}" if colon and prefix == "idx" else source


def device(name: str) -> str:
    """The device that "auto" means here. It is part of what decides a score, so it is written down.

    Raises:
        ConfigurationError: This machine, or this build of torch, does not have the device.
    """
    if name == "cpu" or (name == "auto" and metadata.version("torch").endswith("+cpu")):
        return "cpu"
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(kind for kind, available in there.items() if available)
    if not there[name]:
        why = f"torch {metadata.version('torch')} finds no {name} device on this machine"
        raise ConfigurationError(
            f"device {name} is not there", where="--device", why=why, hint="--device auto or cpu"
        )
    return name


def build_search(config: RunConfig, folder: Path | None, callbacks: Iterable[Callback], data: Data) -> Search:
    """Join the six nouns as a configuration says."""
    from speciate.evaluators import SupervisedEvaluator
    from speciate.search import Search

    if config.batch_size is not None and config.batch_size > len(data.train):
        raise ConfigurationError(
            f"batch_size = {config.batch_size} is more than the {len(data.train)} training rows",
            where="batch_size",
        )
    return Search(
        build_space(config, data),
        build_algorithm(config),
        SupervisedEvaluator(data, batch_size=config.batch_size, device=config.device, inherit=config.inherit),
        store=folder,
        seed=config.seed,
        examples=config.examples,
        backend=build_backend(config),
        finalists=config.finalists,
        repeats=config.repeats,
        final_examples=None if config.final_examples == "auto" else config.final_examples,
        callbacks=callbacks,
    )


def build_space(config: RunConfig, data: Data) -> NetworkSpace:
    """The space, fitted to the data where the configuration does not say."""
    import math

    from speciate.spaces import ARTICLE, LOCAL, PRESERVING, NetworkSpace

    local = PRESERVING if config.inherit == "preserve" else LOCAL
    return NetworkSpace.mlp(
        features=math.prod(data.input_shape),
        rows=len(data.train),
        outputs=data.outputs,
        depth=config.depth or (1, 4),
        units=config.units,
        operators=ARTICLE if config.mutation == "article" else local,
    )


def build_algorithm(config: RunConfig) -> Algorithm:
    """The algorithm with the settings that are given; the others are its own defaults."""
    from speciate.algorithms import ALGORITHMS

    names: Mapping[str, str] = {"aging": "sample_size"}
    options = {
        names.get(config.algorithm, "tournament_size"): config.tournament_size,
        "elites": config.elites,
        "p": config.p,
        "crossover": config.crossover,
    }
    given = {key: value for key, value in options.items() if value is not None}
    return ALGORITHMS[config.algorithm](population_size=config.population, **given)  # type: ignore[call-arg]


def build_backend(config: RunConfig) -> Backend | None:
    """The backend; None leaves the choice to the search."""
    from speciate.backends import InlineBackend, ProcessBackend

    if config.backend == "inline":
        return InlineBackend()
    if config.backend == "processes" or config.workers is not None:
        return ProcessBackend(config.workers)
    return None


__all__ = ["build_search", "evolve", "remember", "resume", "start"]
