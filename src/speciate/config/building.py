"""Makes the parts of a search of a configuration, and joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speciate.config.model import ALGORITHMS, BACKENDS, RunConfig
from speciate.config.settings import IN_MEMORY, Settings, handed_to
from speciate.errors import ConfigurationError
from speciate.signatures import arguments
from speciate.store import find_champion
from speciate.text import either

if TYPE_CHECKING:  # for signatures; what trains is imported where a search is built
    from speciate.algorithms import Algorithm
    from speciate.backends import Backend
    from speciate.config.neuro import NeuroConfig
    from speciate.data import Data
    from speciate.evaluators.finish import Finish
    from speciate.networks.network import Network
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search
    from speciate.spaces import NetworkGenome, Space


SHORT = 30.0
"""In a run of so many seconds it takes too long to start worker processes. The results are the same."""

EXAMPLES_A_BIN = 150
"""Numbers are spread over so many bins at most that each sees this many training examples."""


@singledispatch
def ready(config: Settings, source: Any = None) -> tuple[Any, Any]:
    """A configuration that a run can go on with from anywhere, and what the run is about: its data or its task.

    Args:
        config: Of any kind of run.
        source: The data or the task, where they were given as a value.

    Raises:
        DataError: The data cannot be used.
        UsageError: There is no such task, or what it needs is not installed.
        ConfigurationError: A setting does not fit them.
    """
    raise TypeError(f"no run is made of a {type(config).__name__}")


@singledispatch
def build(
    config: Settings,
    folder: Path | None = None,
    callbacks: Iterable[Callback] = (),
    source: Any = None,
    ancestor: Network | None = None,
) -> Search:
    """The search that a configuration describes.

    Args:
        config: Of any kind of run.
        folder: The run's folder; None keeps the run in memory.
        callbacks: What watches.
        source: The prepared data or the task, where they are there already.
        ancestor: The network to start from, where it is loaded already.

    Raises:
        ConfigurationError: Settings do not fit the data or the task.
    """
    raise TypeError(f"no run is made of a {type(config).__name__}")


@ready.register(RunConfig)
def _(config: RunConfig, source: Any = None) -> tuple[RunConfig, Data]:
    config = resolved(config)
    return config, load(config, source)


def resolved(config: RunConfig) -> RunConfig:
    """The configuration with what depends on where it is read filled in, so that the run can go on from anywhere."""
    places = {"data": absolute(config.data), "device": device(config.device), **absolute_parts(config)}
    if config.from_ not in (None, IN_MEMORY):
        places["from_"] = str(find_champion(str(config.from_), Path(config.runs)).resolve())
    return config.model_copy(update=places)


def load(config: RunConfig, data: Any = None) -> Data:
    """The data of a run, prepared.

    Args:
        config: Says where they are, and how they are split.
        data: Arrays, a table or `Data`, where they were given as a value.

    Raises:
        DataError: They cannot be used.
        ConfigurationError: A setting does not fit them.
    """
    from speciate.data import Data, load_data

    if isinstance(data, Data):
        return data
    if data is None and config.data == IN_MEMORY:
        raise ConfigurationError(
            "the run's data were given as arrays and are not in its folder",
            hint="speciate.Search(..., store=FOLDER) goes on with it in Python",
        )
    return load_data(config.data if data is None else data, **config.splitting)


@build.register(RunConfig)
def _(
    config: RunConfig,
    folder: Path | None = None,
    callbacks: Iterable[Callback] = (),
    source: Data | None = None,
    ancestor: Network | None = None,
) -> Search:
    from speciate.config.ancestor import find_ancestor
    from speciate.evaluators import SupervisedEvaluator
    from speciate.run.search import Search

    data = load(config) if source is None else source
    if config.batch_size is not None and config.batch_size > len(data.train):
        raise ConfigurationError(
            f"batch_size = {config.batch_size} is more than the {len(data.train)} training rows",
            where="batch_size",
        )
    ancestor = ancestor or find_ancestor(config, folder)
    space = build_space(config, data, None if ancestor is None else ancestor.genome)
    begins = space.recipes() if config.start == "recipes" and ancestor is None else {}
    return Search(
        space,
        build_algorithm(config).beginning_with(begins),
        SupervisedEvaluator(
            data,
            batch_size=config.batch_size,
            device=config.device,
            inherit=config.inheritance,
            merge=config.merge or "layers",
            finish=build_finish(config, data),
            machine_code=config.machine_code,
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
    from speciate.spaces import SPACES, default_kind, simplest_kind, space_kind

    local = "preserving" if config.inheritance == "preserve" else "local"
    simplest = simplest_kind(ancestor, data.input_shape)
    name = config.space or simplest
    if name == "auto":
        name = default_kind(ancestor, data.input_shape)
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
            hint=f"--space {either([n for n in SPACES if space_kind(n).suits(data.input_shape)])}",
        )
    own = 0 if ancestor is None else ancestor.bins  # else its first layer would have other inputs
    bins = [
        n for n in data.bins if config.bins == "auto" and (n * EXAMPLES_A_BIN <= config.examples or n == own)
    ]
    given = {"depth": config.depth, "units": config.units, "bins": bins or None}
    return kind.make(
        input_shape=data.input_shape,
        rows=len(data.train),
        outputs=data.outputs,
        operators=local if config.mutation == "local" else config.mutation,
        **{name: value for name, value in given.items() if value is not None},
    )


def build_finish(config: RunConfig, data: Data) -> Finish:
    """How the run ends.

    Raises:
        ConfigurationError: It is to end in a way that does not go with the data or with other settings.
    """
    from speciate.evaluators.finish import Doubling, Together

    against = [
        why
        for why, holds in (
            ("the data are images", len(data.input_shape) > 1),
            ("networks inherit weights (inherit, from)", config.inheritance != "none"),
            ("there is no final (finalists = 0)", not config.finalists),
        )
        if holds
    ]
    if config.final == "halving" and against:
        raise ConfigurationError(
            'final = "halving" cannot be used',
            where="--final",
            why=against[0],
            hint="--final doubling, or leave it out",
        )
    if config.ensemble not in ("auto", 1) and (against or config.final == "doubling"):
        why = against[0] if against else 'final = "doubling" ends in one network'
        raise ConfigurationError(f"ensemble = {config.ensemble} cannot be had", where="--ensemble", why=why)
    if against or config.final == "doubling":
        return Doubling()
    return Together(None if config.ensemble == "auto" else config.ensemble, config.refit)


def build_algorithm(config: RunConfig) -> Algorithm:
    """The algorithm with the settings that are given; the others are its own defaults.

    Raises:
        ConfigurationError: It cannot be made with them.
    """
    try:
        kind, given = ALGORITHMS.find(config.algorithm), handed_to(config, "algorithm")
        if config.inheritance != "none" and "inherits" in arguments(kind):
            given.setdefault("inherits", True)
        algorithm: Algorithm = kind(**given)
    except TypeError as error:
        raise ConfigurationError(f'algorithm "{config.algorithm}" cannot be made', why=str(error)) from error
    algorithm.plateau = config.patience
    return algorithm


def build_backend(config: RunConfig) -> Backend | None:
    """The backend; None leaves the choice to the search.

    Raises:
        ConfigurationError: Candidates are limited, and would be trained in this process.
    """
    from speciate.backends import InlineBackend

    given = handed_to(config, "backend")
    if config.backend == "auto":
        if not given:
            return InlineBackend() if config.time is not None and config.time <= SHORT else None
        if "workers" not in given and (kind := device(config.device)) != "cpu":
            (limited, *_) = given
            raise ConfigurationError(
                f"{limited} needs worker processes, and with device {kind} networks are trained in this one",
                where=f"--{limited.replace('_', '-')}",
                hint="--workers 1 trains in one other process, a network at a time",
            )
    made: Callable[..., Backend] = BACKENDS.find(config.backend)
    takes = arguments(made)
    if "gpus" in takes:
        given.setdefault("gpus", float(device(config.device) == "cuda"))
    return made(**given, **({"examples": config.examples} if "examples" in takes else {}))


def absolute(source: str) -> str:
    """A source whose path is absolute, so that the run can be resumed from anywhere."""
    from speciate.data import sources  # pandas takes half a second to import

    return sources.absolute(source)


def absolute_parts(config: RunConfig | NeuroConfig) -> dict[str, str]:
    """The files of validation and test rows, likewise."""
    files = {"validation_file": config.validation_file, "test_file": config.test_file}
    return {name: absolute(file) for name, file in files.items() if file is not None}


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
