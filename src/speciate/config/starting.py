"""Begins a run of a configuration in a folder of its own, goes on with one, and writes its report."""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from speciate import files
from speciate.config.building import build, ready
from speciate.config.checking import Setting, configure, configured, in_keywords
from speciate.config.model import BEFORE, RunConfig
from speciate.config.neuro import NeuroConfig
from speciate.config.settings import IN_MEMORY, Settings, extra, registry_of, values_of
from speciate.config.toml import read_file, to_toml
from speciate.errors import ConfigurationError, SpeciateError, StorageError
from speciate.registry import Registry
from speciate.store import RunFolder, RunSummary, Store, check_name, new_folder
from speciate.text import clean

if TYPE_CHECKING:  # for signatures; what trains is imported where a search is built
    from speciate.champion import Model
    from speciate.networks.network import Network
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search

AnyConfig = RunConfig | NeuroConfig

KINDS: tuple[type[AnyConfig], ...] = (RunConfig, NeuroConfig)
"""The kinds of runs that there are."""
Kind = TypeVar("Kind", bound=Settings)


@in_keywords(RunConfig)
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
    began, named = time.monotonic(), isinstance(data, str | Path)
    values = {"data": str(data) if named else IN_MEMORY, **settings}
    if from_ is not None:
        values["from"] = str(from_) if isinstance(from_, str | Path) else IN_MEMORY
    config = configure({key: Setting(value) for key, value in values.items()})
    from speciate.config.ancestor import network

    ancestor = None if isinstance(from_, str | Path) else network(from_)
    return finished(*start(config, callbacks, None if named else data, ancestor), began)


def finished(config: AnyConfig, search: Search, began: float) -> Search:
    """A search that is run to its limits, with its report; its time counts from a moment of `time.monotonic`."""
    search.began = began
    search.run(**config.limits)
    report(search)
    return search


def start(
    config: AnyConfig, callbacks: Iterable[Callback] = (), source: Any = None, ancestor: Network | None = None
) -> tuple[AnyConfig, Search]:
    """The resolved configuration and a search in a run folder with its run.toml, ready to run to its limits.

    The folder is new, unless a run of this name was begun with something that only a program knows (a task or data given as a
    value, an algorithm that it has registered): the command could not go on with it, and calling the same thing again does.

    Args:
        config: Of any kind of run.
        callbacks: What watches.
        source: The data or the task, where they were given as a value.
        ancestor: The network to start from, where it was given as a value.

    Raises:
        ConfigurationError: Settings do not fit the data or the task; this is said before there is a folder.
        CreationError: The run's folder cannot be made.
    """
    folder = going_on(config) if source is not None or is_here_only(config) else None
    if folder is None:
        check_name(Path(config.runs), config.name)  # before the data are read, which may take a while
    config, source = ready(config, source)
    search = build(config, None, callbacks, source, ancestor)
    folder = folder or new_folder(Path(config.runs), config.name)
    if not folder.busy and not has_more(folder, config):
        remember(config, folder)
    return config, search.keep_in(folder.path)


def going_on(config: AnyConfig) -> RunFolder | None:
    """The folder of a run of this name that only a program can go on with; None where there is no such run."""
    if config.name is None or not files.is_file(
        (folder := RunFolder(Path(config.runs) / config.name)).configuration
    ):
        return None
    known = read_file(folder.configuration, links=False)
    given = [known[key].value for key in ("task", "data") if key in known]
    return folder if IN_MEMORY in given or is_here_only(config) else None


def is_here_only(config: AnyConfig) -> bool:
    """Whether a run needs something that a script has registered, so that the command could not go on with it."""
    for key, value in values_of(config).items():
        name = registry_of(type(config), key)
        things = name.things() if name is not None and isinstance(value, str) else None
        if isinstance(things, Registry) and things.is_here_only(value):
            return True
    source, colon, _ = str(values_of(config).get("data", "")).partition(":")
    if not colon:
        return False
    from speciate.data.sources import SOURCES

    return SOURCES.is_here_only(source)


def resume(
    folder: RunFolder, callbacks: Iterable[Callback] = (), *, accept_changes: bool = False, **settings: Any
) -> tuple[AnyConfig, Search]:
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
    config = configuration(folder)
    given = {key: value for key, value in settings.items() if value is not None}
    if given:
        known = values_of(config)
        gone = [other for key in given for other in REPLACED.get(key, ()) if other in known]
        config = changed(config, {**known, **dict.fromkeys(gone), **given}, given)
    if "address" not in given:
        announce(config, folder.configuration)
    search = build(config, folder.path, callbacks)
    search.accept_changes = accept_changes
    if given and not folder.busy and not has_more(folder, config):
        remember(config, folder)
    return config, search


def at_rest(folder: RunFolder) -> Search:
    """The search of a run folder, for what trains nothing: whatever its settings say, no connection is opened.

    Raises:
        StorageError: The folder holds no run, or its run.toml is missing.
        ConfigurationError: Its settings have mistakes, or its data were given as arrays.
    """
    config = configuration(folder)
    taken = [key for key, info in type(config).model_fields.items() if extra(info, "of") == "backend"]
    return build(config.model_copy(update=dict.fromkeys(taken) | {"backend": "inline"}), folder.path)


def announce(config: AnyConfig, file: Path) -> None:
    """Say where a run will connect to because a file says so, before it does."""
    if address := values_of(config).get("address"):
        text = "connecting to the cluster at %s, which %s names"
        logging.getLogger("speciate").warning(text, clean(address), clean(file))


AS_BEFORE = {
    "algorithm": Setting(BEFORE),
    "bins": Setting("none"),
    "space": Setting(None),
    "start": Setting("random"),
    "final": Setting("doubling"),
    "machine_code": Setting("stacks"),
}
"""What holds for a stored run that says nothing of a setting: it is from before there was any."""

FROM_A_SCRIPT = "if a script has registered it, run the script again: it goes on"
"""What to try where a name is not known that a run was begun with."""

REPLACED = {
    **dict.fromkeys(("generations", "evaluations", "time"), ("generations", "evaluations", "time")),
    "backend": ("workers", "address", "cpus", "gpus"),
}
"""What a resumed run does not keep if it is given another setting: when to stop, and what only the old backend had."""


def has_more(folder: RunFolder, config: AnyConfig) -> bool:
    """Whether a finished run comprises more than is asked for now: then its settings stay what they are."""
    if not folder.exists or config.population is None or (config.generations or config.evaluations) is None:
        return False
    with Store(folder.database, readonly=True) as store:
        return store.get("champion") is not None and store.asked() > (
            config.evaluations or (config.generations or 0) * config.population
        )


def configuration(folder: RunFolder) -> AnyConfig:
    """The configuration that a run's folder keeps.

    Raises:
        StorageError: It cannot be read.
        ConfigurationError: It has mistakes.
    """
    if not files.kind_of(folder.configuration):
        raise StorageError(
            "the run has no run.toml, so the command cannot resume it",
            where=str(folder.path),
            hint="a run that was started in Python is resumed there: Search(..., store=FOLDER).run()",
        )
    stored = read_file(folder.configuration, links=False)
    try:
        if "task" in stored and "data" not in stored:
            return configured(NeuroConfig, stored)
        return configured(RunConfig, {**AS_BEFORE, **stored})
    except ConfigurationError as error:
        if "must be one of" in str(error):
            error.hint = "; ".join([*filter(None, [error.hint]), FROM_A_SCRIPT])
        raise


def changed(config: Kind, settings: Mapping[str, Any], given: Container[str]) -> Kind:
    """A configuration of the same kind with these settings, some of which were given as flags."""
    where = {key: f"--{key}" if key in given else "" for key in settings}
    return configured(type(config), {key: Setting(value, where[key]) for key, value in settings.items()})


def remember(config: AnyConfig, folder: RunFolder) -> None:
    """Write run.toml."""
    files.write_file(folder.configuration, to_toml(placeless(config)).encode(), "configuration")


def placeless(config: Kind) -> Kind:
    """The configuration without a name and a place: once there is a folder, they are the folder's."""
    return config.model_copy(update={"name": None, "runs": RunConfig.model_fields["runs"].default})


def report(search: Search, run: RunSummary | None = None) -> Path | None:
    """Write the run's report; what goes wrong with it is said, but does not spoil the run.

    Args:
        search: The search.
        run: What was read from its folder, if it was.

    Returns:
        The page, or None if it could not be written.
    """
    from speciate.report import write_report  # it draws: that is not loaded before the end

    assert search.folder is not None
    try:
        return write_report(search.folder.path, run)
    except SpeciateError as error:
        logging.getLogger("speciate").warning("the report could not be written: %s", error.what)
        return None
