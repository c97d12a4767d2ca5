"""The network that a run starts from: a champion's folder, a value, or the run's own copy of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from speciate.config.model import RunConfig
from speciate.config.settings import IN_MEMORY
from speciate.errors import ConfigurationError, SpeciateError, StorageError
from speciate.store import RunFolder, Store, find_champion, lineage_of

if TYPE_CHECKING:  # for signatures; what trains is imported where it is needed
    from speciate.champion import Model
    from speciate.networks.network import Network


def from_champion(path: str | Path) -> Network:
    """The champion of a run as a network that a search can start from.

    Args:
        path: A run's folder, or a champion's.

    Raises:
        DataError: There is none, or it is damaged.
    """
    from speciate.champion import load_model

    folder = Path(path)
    return from_model(load_model(folder), folder)


def network(source: Network | Model | None) -> Network | None:
    """A network to start from, given as a value.

    Raises:
        ConfigurationError: It is something else.
    """
    from speciate.champion import Model
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


def from_model(model: Model, folder: Path | None = None) -> Network:
    """A loaded champion as a network that a search can start from.

    Args:
        model: The champion.
        folder: Where it was found, to count the examples of its own ancestors too.
    """
    from speciate.inheritance.finished_network import inputs_of

    network = model.network()
    origin = replace(
        network.origin,
        name=network.origin.name or (folder.resolve().name if folder is not None else "a champion"),
        inputs=inputs_of(model.preprocessing, model.bin_inputs),
        examples=max(network.origin.examples, _lineage(folder, model.description.trained)),
    )
    return replace(network, origin=origin)


def _lineage(folder: Path | None, weights: str | None) -> int:
    """Examples that went into a champion's weights, its ancestors' included, if its run is there to tell."""
    if folder is None or weights is None:
        return 0
    for run in (RunFolder(folder), RunFolder(folder.resolve().parent)):
        if run.exists:
            try:
                with Store(run.database, readonly=True) as store:
                    rows, champion = store.rows(), store.get("champion") or {}
            except SpeciateError:
                return 0
            known = champion if champion.get("weights") == weights else {"weights": weights}
            return lineage_of(known, rows) or 0
    return 0


def kept(folder: Path | None) -> Network | None:
    """The network that a run started from, if there is a run in the folder and it started from one.

    Raises:
        StorageError: The run has lost its weights.
    """
    from speciate.inheritance.finished_network import stored

    run = None if folder is None else RunFolder(folder)
    if run is None or not run.exists:
        return None
    with Store(run.database, readonly=True) as store:
        value = store.get("ancestor")
    if value is None:
        return None
    try:
        return stored(value, run.weights.load(str(value.get("weights"))))
    except StorageError as error:
        hint = "the run cannot go on without the weights that it started from"
        raise StorageError(error.what, where=error.where, why=error.why, hint=hint) from None
