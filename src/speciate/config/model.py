"""The configuration of a run: one model that is the command's flags, the keys of a TOML file and Python's keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:  # for signatures; what trains is imported where a search is built
    from speciate.data import Data
    from speciate.networks.network import Network
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

PREFIXES = "kmgtp"
"""Kilo, mega, ...: powers of 1,000, or of 1,024 where an i follows."""


def seconds_of(value: Any) -> Any:
    """Seconds from a number or from text such as "90s", "10m" or "1h30m"; anything else is left to the model."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        raise PydanticCustomError("duration", 'must be a time such as 90, "90s", "10m" or "1h30m"')
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)([smhd])", text))


def bytes_of(value: Any) -> Any:
    """Bytes from a number or from text such as "4GB", "1.5 GiB" or "500M"; anything else is left to the model."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)([{PREFIXES}]?)(i?)b?", value.strip().lower().replace(" ", ""))
    if found is None or (found[3] and not found[2]):
        raise PydanticCustomError("size", 'must be a size such as "4GB" or "500MB"')
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** (PREFIXES.index(found[2]) + 1 if found[2] else 0))


def range_of(value: Any) -> Any:
    """A pair from "1-4", "3" or a list of two; anything else is left to the model."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d+\s*(-\s*\d+\s*)?", value):
            raise PydanticCustomError("pair", 'must be a range such as "1-4", or [1, 4]')
        value = [int(part) for part in value.split("-")]
    if isinstance(value, list | tuple):
        value = (*value, *value) if len(value) == 1 else tuple(value)
    return value


def auto_or_number(value: Any) -> Any:
    """A whole number from text; "auto" stays."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d+", value.strip()) else value


def share_of(value: float) -> float:
    """A number of processors: a fraction of one, or whole ones."""
    if value > 1 and value % 1:
        raise PydanticCustomError("share", "must be whole above 1, such as 2")
    return value


Seconds = Annotated[float, BeforeValidator(seconds_of), Field(gt=0)]
Bytes = Annotated[int, BeforeValidator(bytes_of), Field(ge=10**6)]
Pair = Annotated[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]], BeforeValidator(range_of)]
Whole = Annotated[int, Field(ge=1)]
Share = Annotated[float, AfterValidator(share_of), Field(gt=0)]


class Settings(BaseModel):
    """What can be set about a run of some kind. `speciate.config.reading` reads it from files, flags and keywords."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    command: ClassVar[str] = "run"
    """The command that starts such a run."""

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        if found := list(self.contradictions()):
            raise PydanticCustomError("contradictions", "contradictory settings", {"found": found})
        return self

    def contradictions(self) -> Iterable[tuple[str, str]]:
        """Settings that do not go together, as (key, what is wrong)."""
        return ()


class RunConfig(Settings):
    """Everything that can be set about a run that trains networks."""

    data: str = Field(
        min_length=1,
        description="CSV or Parquet file, .npz, folder of images, idx:DIR, sklearn:NAME, openml:ID.",
    )
    target: str | None = Field(None, description="Column to predict; needed for tables.")
    task: Literal["auto", "classification", "regression"] = Field("auto", description="What to learn.")
    metric: str = Field("auto", description="Score to evolve, such as accuracy or r2.")
    validation: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of the rows not for test that fitness is measured on. [default: 0.2]",
    )
    test: float = Field(0.2, ge=0, lt=1, description="Share of the rows sealed for the champion's test.")
    split_seed: int | None = Field(None, ge=0, description="Seed of the split. [default: the run's seed]")
    space: Literal["mlp", "conv", "graph"] | None = Field(
        None,
        description="What may be evolved: dense layers, layers for images, or graphs with branches. [default: mlp; with "
        "--from what suits that network]",
    )
    depth: Pair | None = Field(None, description="Fewest and most hidden layers, such as 1-4.")
    units: Pair | None = Field(
        None, description="Narrowest and widest dense layer, such as 16-256. [default: fitted to the data]"
    )
    mutation: Literal["local", "article"] = Field(
        "local", description="One small change a child, or the article's resampling."
    )
    algorithm: Literal["aging", "tournament", "random", "local"] = Field(
        "aging", description="How to search."
    )
    population: int = Field(50, ge=2, le=100_000, description="Networks in a generation.")
    tournament_size: int | None = Field(
        None,
        ge=1,
        description="Networks drawn to find a parent. [default: 3; aging: a quarter of the population]",
    )
    elites: int | None = Field(
        None, ge=0, description="Networks that go on unchanged (tournament). [default: 2]"
    )
    p: float | None = Field(
        None, gt=0, le=1, description="Probability that the better one wins (tournament). [default: 0.85]"
    )
    asynchronous: bool = Field(
        False,
        description="Make children of whatever has finished, instead of waiting for slow networks (aging). The result then "
        "depends on who finishes first.",
    )
    generations: int | None = Field(
        None, ge=1, description="When to stop: after so many generations. [default: 10]"
    )
    evaluations: int | None = Field(None, ge=1, description="When to stop: after so many networks.")
    time: Seconds | None = Field(None, description="When to stop searching: 90s, 10m, 1h30m.")
    examples: int = Field(10_000, ge=1, description="Training examples each network may see.")
    final_examples: Annotated[Whole | Literal["auto"], BeforeValidator(auto_or_number)] = Field(
        "auto", description="Training examples of the champion; auto: until it stops improving."
    )
    finalists: int = Field(
        5, ge=0, description="Networks trained again before one is champion; 0 for no final."
    )
    repeats: int = Field(3, ge=1, description="Trainings of each finalist.")
    inherit: Literal["none", "common", "preserve"] | None = Field(
        None,
        description="What children take over from their parents' weights: nothing, the layers that both have, or all "
        "that keeps the function. [default: none; with --from preserve]",
    )
    from_: str | None = Field(
        None,
        alias="from",
        min_length=1,
        description="Finished network to start from: a run, or a champion's folder.",
    )
    freeze: bool = Field(
        False, description="Keep that network's layers as they are, and grow on top of them."
    )
    crossover: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of the children that have two parents (tournament, aging). [default: 0]",
    )
    merge: Literal["layers", "mean"] | None = Field(
        None,
        description="What a child of two parents gets where both have the same layer: the weights of one of them, or the mean "
        "of both. [default: layers]",
    )
    batch_size: int | None = Field(
        None, ge=1, description="Examples in a training step where the network does not say."
    )
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Seed of everything random.")
    backend: Literal["auto", "inline", "processes", "ray"] = Field(
        "auto", description="Where networks are trained: in this process, in others, or on a Ray cluster."
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Worker processes. [default: one a core; ray: all that the cluster has room for]",
    )
    address: str | None = Field(
        None,
        min_length=1,
        description="Ray cluster, such as 10.0.0.1:6379, or auto for this machine's. [default: RAY_ADDRESS, or else a Ray of "
        "the run's own]",
    )
    cpus: Share | None = Field(None, description="CPUs that a worker takes (ray). [default: 1]")
    gpus: Share | None = Field(
        None,
        description="GPUs that a worker takes, such as 0.25 (ray). [default: 1 with device cuda, else none]",
    )
    candidate_time: Seconds | None = Field(
        None,
        description="Longest training of one network, such as 60s; whoever takes longer is stopped. The champion's trainings "
        "get more in proportion to their examples. [default: no limit]",
    )
    worker_memory: Bytes | None = Field(
        None,
        description="Most memory of a worker process, such as 4GB; a network that needs more is left out. [default: no limit]",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="What to train on.")
    runs: str = Field("runs", min_length=1, description="Folder of all runs.")
    name: str | None = Field(None, description="Name of the run. [default: made up]")

    def contradictions(self) -> Iterable[tuple[str, str]]:
        """Settings that do not go together."""
        return contradictions(self)

    @property
    def inheritance(self) -> str:
        """What children take over, with the default filled in."""
        return self.inherit or ("none" if self.from_ is None else "preserve")

    @property
    def limits(self) -> dict[str, Any]:
        """When to stop, as `Search.run` takes it."""
        return {"generations": self.generations, "evaluations": self.evaluations, "seconds": self.time}

    @property
    def splitting(self) -> dict[str, Any]:
        """How data are read and split, as `load_data` takes it."""
        seed = self.seed if self.split_seed is None else self.split_seed
        names = ("target", "task", "metric", "validation", "test")
        return {**{name: getattr(self, name) for name in names}, "seed": seed}

    def load(self) -> Data:
        """Read and prepare the data.

        Raises:
            DataError: They cannot be used.
            ConfigurationError: A setting does not fit them.
        """
        from speciate.config.building import prepare

        return prepare(self, self.data)

    def build(
        self,
        folder: Path | None,
        callbacks: Iterable[Callback] = (),
        data: Data | None = None,
        ancestor: Network | None = None,
    ) -> Search:
        """The search that this configures.

        Args:
            folder: The run's folder; None keeps the run in memory.
            callbacks: What watches.
            data: The prepared data, where they are loaded already.
            ancestor: The network to start from, where it is loaded already.
        """
        from speciate.config.building import build_search

        return build_search(self, folder, callbacks, self.load() if data is None else data, ancestor)


def key_of(field: str, model: type[Settings] = RunConfig) -> str:
    """The name of a setting in files, flags and messages: that of its field, which cannot be a word of Python's own."""
    return model.model_fields[field].alias or field


def keys(model: type[Settings] = RunConfig) -> list[str]:
    """The names of all settings."""
    return [key_of(field, model) for field in model.model_fields]


def values_of(config: Settings) -> dict[str, Any]:
    """All settings by name."""
    return config.model_dump(by_alias=True)


WAITING = {
    "tournament": 'algorithm = "tournament" has generations and cannot be asynchronous',
    "local": 'algorithm = "local" goes one step after another and cannot be asynchronous',
    "random": 'algorithm = "random" never waits for anybody, so there is nothing to make asynchronous',
}
"""Why the other algorithms wait, or have no need to."""


def contradictions(config: RunConfig) -> Iterable[tuple[str, str]]:
    """Settings that do not go together, as (key, what is wrong)."""
    c = config
    if c.generations is not None and c.evaluations is not None:
        yield "evaluations", "give generations or evaluations, not both"
    if c.algorithm != "tournament":
        for key in ("elites", "p"):
            if getattr(c, key) is not None:
                yield key, f'only algorithm = "tournament" has it, algorithm is "{c.algorithm}"'
    if c.asynchronous and c.algorithm != "aging":
        yield "asynchronous", f"{WAITING[c.algorithm]}; aging can"
    if c.asynchronous and c.backend == "inline":
        yield "asynchronous", 'backend = "inline" trains one after another: nobody is waited for'
    if c.from_ is not None and c.inherit == "none":
        yield "inherit", 'nothing can start from a network (from) if inherit = "none"; leave it out'
    if c.from_ is None and c.algorithm == "random" and c.inheritance != "none":
        yield (
            "inherit",
            'algorithm = "random" has no parents to inherit from; tournament, aging and local have',
        )
    if c.from_ is None and c.freeze:
        yield "freeze", "there is nothing to freeze without a network to start from (from)"
    if c.algorithm in ("random", "local") and c.crossover:
        yield "crossover", f'algorithm = "{c.algorithm}" has no second parent; tournament and aging have'
    if c.merge is not None and (not c.crossover or c.inheritance == "none"):
        yield (
            "merge",
            "only children of two parents that inherit have use for it: set inherit and crossover too",
        )
    if c.algorithm in ("random", "local") and c.tournament_size is not None:
        yield "tournament_size", f'algorithm = "{c.algorithm}" holds no tournaments'
    if c.tournament_size is not None and c.tournament_size > c.population:
        yield "tournament_size", f"must be at most population = {c.population}"
    if c.elites is not None and c.elites >= c.population:
        yield "elites", f"must be less than population = {c.population}"
    for key in ("depth", "units"):
        pair = getattr(c, key)
        if pair is not None and pair[0] > pair[1]:
            yield key, "the first number must not be greater than the second"
    if c.backend == "inline" and (c.workers or 1) > 1:
        yield "workers", 'backend = "inline" has no workers'
    for key in ("address", "cpus", "gpus"):
        if c.backend != "ray" and getattr(c, key) is not None:
            yield key, f'only backend = "ray" has it, backend is "{c.backend}"'
    for key in ("candidate_time", "worker_memory"):
        if c.backend == "inline" and getattr(c, key) is not None:
            yield key, 'backend = "inline" trains in the program\'s own process, which cannot stop itself'
