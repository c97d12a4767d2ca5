"""Makes a run of a configuration: the search, its folder, and the two ways to start one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from speciate.config.checking import Setting, configure, configured
from speciate.config.model import AUTO, RunConfig
from speciate.config.neuro import NeuroConfig
from speciate.config.reporting import report
from speciate.config.settings import IN_MEMORY, Settings, handed_to, values_of
from speciate.config.toml import read_file, to_toml
from speciate.errors import ConfigurationError, StorageError, UsageError
from speciate.records import Phase
from speciate.signatures import arguments
from speciate.store import RunFolder, Store, check_name, new_folder, write_file

if TYPE_CHECKING:  # for signatures; what trains is imported where a search is built
    from speciate.algorithms import Algorithm
    from speciate.backends import Backend
    from speciate.champion import Model
    from speciate.data import Data
    from speciate.networks.network import Network
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search
    from speciate.spaces import NetworkGenome, Space

Kind = TypeVar("Kind", bound=Settings)


def evolve(
    data: Any,
    *,
    from_: str | Path | Network | Model | None = None,
    callbacks: Iterable[Callback] = (),
    **settings: Any,
) -> Search:
    """Evolve networks for a data set, in a run folder of its own.

    Args:
        data: What `load_data` takes: a file, a folder, `sklearn:NAME`, a pair (X, y), a DataFrame; or a `Data`.
        from_: A finished network to start from: the name of a run, the folder of a run or a champion, a loaded model, or
            what `from_module` and `from_champion` give.
        callbacks: What watches.
        settings: The fields of `RunConfig`.

    Returns:
        The finished search; `champion` and `folder`, with its report.html, are the first things to look at.

    Raises:
        ConfigurationError: A setting cannot be used; names all of them.
        DataError: The data cannot be used.
        CreationError: The run's folder cannot be made.
    """
    named = isinstance(data, str | Path)
    values = {"data": str(data) if named else IN_MEMORY, **settings}
    if from_ is not None:
        values["from"] = str(from_) if isinstance(from_, str | Path) else IN_MEMORY
    config = configure({key: Setting(value) for key, value in values.items()})
    ancestor = None if isinstance(from_, str | Path) else network(from_)
    config, search = start(config, callbacks, None if named else prepare(config, data), ancestor)
    search.run(**config.limits)
    report(search)
    return search


def start(
    config: RunConfig,
    callbacks: Iterable[Callback] = (),
    data: Data | None = None,
    ancestor: Network | None = None,
) -> tuple[RunConfig, Search]:
    """The resolved configuration and a search in a new run folder with its run.toml, ready to run to its limits."""
    check_name(Path(config.runs), config.name)  # before the data are read, which may take a while
    ancestor = ancestor or find_ancestor(config, None)
    data = config.load() if data is None else data
    config = resolved(config)
    config.build(None, (), data, ancestor)  # what does not fit the data is said before there is a folder
    folder = new_folder(Path(config.runs), config.name)
    remember(config, folder)
    return config, config.build(folder.path, callbacks, data, ancestor)


def from_champion(path: str | Path) -> Network:
    """The champion of a run as a network that a search can start from.

    Args:
        path: A run's folder, or a champion's.

    Raises:
        DataError: There is none, or it is damaged.
    """
    from speciate.champion import Model, load_model
    from speciate.config.ancestor import from_model

    folder = Path(path)
    model = load_model(folder)
    if not isinstance(model, Model):
        raise UsageError(
            "a search cannot start from this champion",
            why="it is a network of single connections, and searches grow networks of layers",
            where=str(folder),
        )
    return from_model(model, folder)


def network(source: Network | Model | None) -> Network | None:
    """A network to start from, given as a value.

    Raises:
        ConfigurationError: It is something else.
    """
    from speciate.champion import Model
    from speciate.config.ancestor import from_model
    from speciate.networks.network import Network

    if isinstance(source, Model):
        return from_model(source)
    if source is None or isinstance(source, Network):
        return source
    raise ConfigurationError(
        f"from_ cannot be a {type(source).__name__}",
        hint="give the name of a run, a folder, a loaded model, or what speciate.from_module makes of a torch module",
    )


def find_ancestor(config: RunConfig, folder: Path | None) -> Network | None:
    """The network that a run starts from: its own copy, if it has one already.

    Raises:
        StorageError: There is no such run.
        DataError: There is no champion, or it is damaged.
        ConfigurationError: It was given as a value, and the run has no copy yet.
    """
    from speciate.config.ancestor import kept
    from speciate.store import find_champion

    if config.from_ is None:
        return None
    if (found := kept(folder)) is not None:
        return found
    if config.from_ == IN_MEMORY:
        raise ConfigurationError(
            "the network to start from was given in Python, and the run was stopped before it had a copy",
            hint="start the run again in Python",
        )
    return from_champion(find_champion(config.from_, Path(config.runs)))


def resolved(config: RunConfig) -> RunConfig:
    """The configuration with what depends on where it is read filled in, so that the run can go on from anywhere."""
    from speciate.store import find_champion

    places = {"data": absolute(config.data), "device": device(config.device)}
    if config.from_ not in (None, IN_MEMORY):
        places["from_"] = str(find_champion(str(config.from_), Path(config.runs)).resolve())
    return config.model_copy(update=places)


def resume(
    folder: RunFolder, callbacks: Iterable[Callback] = (), *, accept_changes: bool = False, **settings: Any
) -> tuple[RunConfig | NeuroConfig, Search]:
    """The configuration and the search of a run folder, ready to go on to its limits, or to others.

    Args:
        folder: The run's.
        callbacks: What watches.
        accept_changes: Whether to go on although data or versions are not what they were.
        settings: `generations`, `evaluations` or `time`, `backend`, `workers` or `address`, instead of the run's own.

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
    config = configuration(folder)
    if isinstance(config, RunConfig) and config.data == IN_MEMORY:
        raise ConfigurationError(
            "the run's data were given as arrays and are not in its folder",
            where=str(folder.path),
            hint="speciate.Search(..., store=FOLDER) goes on with it in Python",
        )
    given = {key: value for key, value in settings.items() if value is not None}
    if given:
        known = values_of(config)
        gone = [other for key in given for other in REPLACED.get(key, ()) if other in known]
        config = changed(config, {**known, **dict.fromkeys(gone), **given}, given)
    search = config.build(folder.path, callbacks)
    search.accept_changes = accept_changes
    if given and not folder.busy and not has_more(folder, config):
        remember(config, folder)
    return config, search


REPLACED = {
    **dict.fromkeys(("generations", "evaluations", "time"), ("generations", "evaluations", "time")),
    "backend": ("workers", "address", "cpus", "gpus"),
}
"""What a resumed run does not keep if it is given another setting: when to stop, and what only the old backend had."""


def has_more(folder: RunFolder, config: RunConfig | NeuroConfig) -> bool:
    """Whether a finished run comprises more than is asked for now: then its settings stay what they are."""
    if not folder.exists or config.population is None or (config.generations or config.evaluations) is None:
        return False
    store = Store(folder.database, readonly=True)
    try:
        asked = sum(row.size for row in store.rows(Phase.SEARCH))
        return store.get("champion") is not None and asked > (
            config.evaluations or (config.generations or 0) * config.population
        )
    finally:
        store.close()


def configuration(folder: RunFolder) -> RunConfig | NeuroConfig:
    """The configuration that a run's folder keeps.

    Raises:
        StorageError: It cannot be read.
        ConfigurationError: It has mistakes.
    """
    stored = read_file(folder.configuration)
    if "task" in stored and "data" not in stored:
        return configured(NeuroConfig, stored)
    return configured(RunConfig, stored)


def changed(config: Kind, settings: Mapping[str, Any], given: Container[str]) -> Kind:
    """A configuration of the same kind with these settings, some of which were given as flags."""
    where = {key: f"--{key}" if key in given else "" for key in settings}
    return configured(type(config), {key: Setting(value, where[key]) for key, value in settings.items()})


def remember(config: Settings, folder: RunFolder) -> None:
    """Write run.toml."""
    write_file(folder.configuration, to_toml(placeless(config)).encode(), "configuration")


def placeless(config: Kind) -> Kind:
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


def build_search(
    config: RunConfig,
    folder: Path | None,
    callbacks: Iterable[Callback],
    data: Data,
    ancestor: Network | None = None,
) -> Search:
    """Join the six nouns as a configuration says."""
    from speciate.evaluators import SupervisedEvaluator
    from speciate.run.search import Search

    if config.batch_size is not None and config.batch_size > len(data.train):
        raise ConfigurationError(
            f"batch_size = {config.batch_size} is more than the {len(data.train)} training rows",
            where="batch_size",
        )
    ancestor = ancestor or find_ancestor(config, folder)
    return Search(
        build_space(config, data, None if ancestor is None else ancestor.genome),
        build_algorithm(config),
        SupervisedEvaluator(
            data,
            batch_size=config.batch_size,
            device=config.device,
            inherit=config.inheritance,
            merge=config.merge or "layers",
        ),
        store=folder,
        seed=config.seed,
        examples=config.examples,
        backend=build_backend(config),
        finalists=config.finalists,
        repeats=config.repeats,
        final_examples=None if config.final_examples == "auto" else config.final_examples,
        ancestor=ancestor,
        freeze=config.freeze,
        callbacks=callbacks,
    )


def build_space(config: RunConfig, data: Data, ancestor: NetworkGenome | None = None) -> Space:
    """The space, fitted to the data where the configuration does not say.

    Raises:
        ConfigurationError: It does not suit the data, or has no place for the network to start from.
    """
    from speciate.inheritance.finished_network import layers
    from speciate.spaces import simplest_kind, space_kind

    local = "preserving" if config.inheritance == "preserve" else "local"
    simplest = simplest_kind(ancestor, data.input_shape)
    name = config.space or simplest
    kind = space_kind(name)
    if ancestor is not None and not kind.holds(ancestor):
        raise ConfigurationError(
            f'space = "{name}" has no place for the network to start from: {layers(ancestor)}',
            where="--space",
            hint=f"--space {simplest}, or leave it out",
        )
    if not kind.suits(data.input_shape):
        raise ConfigurationError(
            f'space = "{name}" is for {kind.examples}, and {data.name} has none',
            where="--space",
            hint="--space mlp or graph",
        )
    given = {"depth": config.depth, "units": config.units}
    return kind.make(
        input_shape=data.input_shape,
        rows=len(data.train),
        outputs=data.outputs,
        operators=local if config.mutation == "local" else config.mutation,
        **{name: value for name, value in given.items() if value is not None},
    )


def build_algorithm(config: RunConfig) -> Algorithm:
    """The algorithm with the settings that are given; the others are its own defaults.

    Raises:
        ConfigurationError: It cannot be made with them.
    """
    from speciate.algorithms import ALGORITHMS

    try:
        return ALGORITHMS.find(config.algorithm)(**handed_to(config, "algorithm"))
    except TypeError as error:
        raise ConfigurationError(f'algorithm "{config.algorithm}" cannot be made', why=str(error)) from error


def build_backend(config: RunConfig) -> Backend | None:
    """The backend; None leaves the choice to the search.

    Raises:
        ConfigurationError: Candidates are limited, and would be trained in this process.
    """
    from speciate.backends import BACKENDS

    given = handed_to(config, "backend")
    if config.backend == "auto":
        if not given:
            return None
        if "workers" not in given and (kind := device(config.device)) != "cpu":
            (limited, *_) = given
            raise ConfigurationError(
                f"{limited} needs worker processes, and with device {kind} networks are trained in this one",
                where=f"--{limited.replace('_', '-')}",
                hint="--workers 1 trains in one other process, a network at a time",
            )
    made = BACKENDS[AUTO.get(config.backend, config.backend)]
    takes = arguments(made)
    if "gpus" in takes:
        given.setdefault("gpus", float(device(config.device) == "cuda"))
    return made(**given, **({"examples": config.examples} if "examples" in takes else {}))


__all__ = ["build_search", "evolve", "remember", "resume", "start"]
