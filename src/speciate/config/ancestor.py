"""Finds the network that a run starts from: a champion's folder, or the run's own copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from speciate.errors import SpeciateError, StorageError
from speciate.inheritance.finished_network import inputs_of, stored
from speciate.networks.network import Network, Origin
from speciate.records import Phase
from speciate.store import RunFolder, Store

if TYPE_CHECKING:
    from speciate.champion import Model


def from_model(model: Model, folder: Path | None = None) -> Network:
    """A loaded champion as a network that a search can start from.

    Args:
        model: The champion.
        folder: Where it was found, to count the examples of its own ancestors too.
    """
    about = model.description
    origin = Origin(
        name=about.run.name or (folder.resolve().name if folder is not None else "a champion"),
        task=about.task,
        target=about.target,
        classes=tuple(about.classes),
        target_mean=about.target_mean,
        target_scale=about.target_scale,
        inputs=inputs_of(model.preprocessing),
        source=about.data.name,
        fingerprint=about.data.fingerprint,
        examples=max(about.examples, _lineage(folder, about.weights.trained)),
    )
    return Network(model.genome, model.tensors(), origin)


def _lineage(folder: Path | None, weights: str | None) -> int:
    """Examples that went into a champion's weights, its ancestors' included, if its run is there to tell."""
    if folder is None or weights is None:
        return 0
    for run in (RunFolder(folder), RunFolder(folder.resolve().parent)):
        if run.exists:
            try:
                store = Store(run.database, readonly=True)
                try:
                    rows = store.rows(Phase.CHAMPION)
                finally:
                    store.close()
            except SpeciateError:
                return 0
            return max((row.lineage_examples for row in rows if row.weights == weights), default=0)
    return 0


def kept(folder: Path | None) -> Network | None:
    """The network that a run started from, if there is a run in the folder and it started from one.

    Raises:
        StorageError: The run has lost its weights.
    """
    run = None if folder is None else RunFolder(folder)
    if run is None or not run.exists:
        return None
    store = Store(run.database, readonly=True)
    try:
        value = store.get("ancestor")
    finally:
        store.close()
    if value is None:
        return None
    try:
        return stored(value, run.weights.load(str(value.get("weights"))))
    except StorageError as error:
        hint = "the run cannot go on without the weights that it started from"
        raise StorageError(error.what, where=error.where, why=error.why, hint=hint) from None
