"""The configuration of a run that trains networks: the command's flags, the keys of a TOML file and Python's keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from speciate.config.data_settings import DataSettings
from speciate.config.settings import (
    Bytes,
    Code,
    Depth,
    Many,
    Name,
    Networks,
    Options,
    Seconds,
    Share,
    Units,
    auto_or_number,
    extra,
    setting,
    taking_all,
    values_of,
)
from speciate.text import either

ALGORITHMS = Name("speciate.algorithms:ALGORITHMS", takes=lambda kind: kind.takes())
DEFAULT = "guided"
"""What searches where nothing is said."""
BEFORE = "aging"
"""What did before, and still does where a setting is given that it takes and the default does not."""
BACKENDS = Name("speciate.backends:BACKENDS", {"auto": "processes"})
"""A backend that is chosen takes what worker processes take."""

MOST_WEIGHTS = 10**9
"""Weights of the largest network that a space of dense layers may hold: 4 GB, and four times as much in training."""

Algorithm = Annotated[str, ALGORITHMS]
Backend = Annotated[str, BACKENDS]
Space = Annotated[str, Name("speciate.spaces:SPACES", {"auto": "table"})]

ADDRESS = setting(
    None,
    "Ray cluster, such as 10.0.0.1:6379, or auto for this machine's. [default: RAY_ADDRESS, or else a Ray of the run's own]",
    "Machine",
    metavar="HOST:PORT",
    of="backend",
    min_length=1,
)
RUNS = setting("runs", "Folder of all runs.", "Files", metavar="DIR", min_length=1)
NAME = setting(None, "Name of the run. [default: made up]", "Files")
"""Settings that are the same for all kinds of runs."""


class RunConfig(DataSettings):
    """Everything that can be set about a run that trains networks."""

    space: Space | None = setting(
        "auto",
        "What may be evolved: dense layers, layers for images, or graphs with branches; auto: table for tables, mlp for "
        "images, and with --from what suits that network.",
        "Search",
    )
    start: Literal["recipes", "random"] = setting(
        "recipes",
        "What a search begins with: networks that the field would write down, where the space has some, beside random ones; "
        "or random ones alone.",
        "Search",
    )
    depth: Depth | None = setting(
        None, "Fewest and most hidden layers, such as 1-4.", "Search", metavar="LOW-HIGH"
    )
    units: Units | None = setting(
        None,
        "Narrowest and widest dense layer, such as 16-256. [default: fitted to the data]",
        "Search",
        metavar="LOW-HIGH",
    )
    bins: Literal["auto", "none"] = setting(
        "auto",
        "Whether networks may take numbers spread over bins (piecewise linear), which suits many tables.",
        "Search",
    )
    mutation: Literal["local", "article"] = setting(
        "local", "One small change a child, or the article's resampling.", "Search"
    )
    algorithm: Algorithm = setting(
        DEFAULT, "How to search; or module:Name for an algorithm of your own.", "Search"
    )
    population: int = setting(20, "Networks in a generation.", "Search", of="algorithm", ge=2, le=100000)
    tournament_size: int | None = setting(
        None,
        "Networks drawn to find a parent. [default: 3; aging: a quarter of the population]",
        "Search",
        of="algorithm",
        ge=1,
        le=100000,
    )
    elites: int | None = setting(
        None,
        "Networks that go on unchanged (tournament). [default: 2]",
        "Search",
        of="algorithm",
        ge=0,
        le=100000,
    )
    p: float | None = setting(
        None,
        "Probability that the better one wins (tournament). [default: 0.85]",
        "Search",
        of="algorithm",
        gt=0,
        le=1,
    )
    options: Options | None = setting(
        None,
        "An argument of the algorithm that has no flag; may be repeated.",
        "Search",
        of="algorithm",
        metavar="KEY=VALUE",
        flag="--option",
    )
    asynchronous: bool = setting(
        False,
        "Make children of whatever has finished, instead of waiting for slow networks (aging, guided). The result then depends "
        "on which finishes first.",
        "Search",
        of="algorithm",
    )
    generations: int | None = setting(
        None, "When to stop: after so many generations. [default: 10]", "Budget", ge=1, le=10**9
    )
    evaluations: int | None = setting(None, "When to stop: after so many networks.", "Budget", ge=1, le=10**9)
    patience: int | None = setting(
        None, "When to stop: after so many networks in a row that are no better.", "Budget", ge=1, le=10**9
    )
    time: Seconds | None = setting(None, "Time for the whole run: 90s, 10m, 1h.", "Budget", metavar="TIME")
    examples: int = setting(25000, "Training examples each network may see.", "Budget", ge=1, le=10**12)
    final_examples: Annotated[Many | Literal["auto"], BeforeValidator(auto_or_number)] = setting(
        "auto",
        "Training examples of the champion; auto: until more of them help no more.",
        "Budget",
        metavar="N|auto",
    )
    finalists: int = setting(
        5, "Networks trained again before one is champion; 0 for no final.", "Budget", ge=0, le=10000
    )
    repeats: int = setting(3, "Trainings of each finalist (doubling).", "Budget", ge=1, le=1000)
    inherit: Literal["none", "common", "preserve"] | None = setting(
        None,
        "What children take over from their parents' weights: nothing, the layers that both have, or all that keeps the "
        "function. [default: none; with --from preserve]",
        "Search",
    )
    from_: str | None = setting(
        None,
        "Finished network to start from: a run, or a champion's folder.",
        "Search",
        metavar="CHAMPION",
        alias="from",
        min_length=1,
    )
    freeze: bool = setting(
        False, "Keep that network's layers as they are, and grow on top of them.", "Search"
    )
    final: Literal["auto", "halving", "doubling"] = setting(
        "auto",
        "halving: longer and longer, on folds; doubling: several seeds, then the winner. [default: halving for most tables]",
        "Budget",
    )
    ensemble: Annotated[Networks | Literal["auto"], BeforeValidator(auto_or_number)] = setting(
        "auto", "Networks of a champion at most (halving); 1 for one. [default: 8]", "Budget", metavar="N"
    )
    refit: bool = setting(True, "Train it again on all rows once it has been tested (halving).", "Budget")
    crossover: float | None = setting(
        None,
        "Share of the children that have two parents (tournament, aging, guided). [default: 0]",
        "Search",
        of="algorithm",
        ge=0,
        le=1,
    )
    merge: Literal["layers", "mean"] | None = setting(
        None,
        "What a child of two parents gets where both have the same layer: the weights of one of them, or the mean of "
        "both. [default: layers]",
        "Search",
    )
    batch_size: int | None = setting(
        None, "Examples in a training step where the network does not say.", "Training", ge=1, le=10**6
    )
    seed: int = setting(0, "Seed of everything random.", "Training", ge=0, le=2**63 - 1)
    backend: Backend = setting(
        "auto", "Where networks are trained: in this process, in others, or on a Ray cluster.", "Machine"
    )
    workers: int | None = setting(
        None,
        "Worker processes. [default: one a core; ray: all that the cluster has room for]",
        "Machine",
        of="backend",
        neutral=1,
        ge=1,
        le=1024,
    )
    address: str | None = ADDRESS
    cpus: Share | None = setting(
        None, "CPUs that a worker takes (ray). [default: 1]", "Machine", of="backend"
    )
    gpus: Share | None = setting(
        None,
        "GPUs that a worker takes, such as 0.25 (ray). [default: 1 with device cuda, else none]",
        "Machine",
        of="backend",
    )
    candidate_time: Seconds | None = setting(
        None,
        "Longest training of one network, such as 60s; one that takes longer is stopped. The champion's trainings get "
        "more in proportion to their examples. [default: no limit]",
        "Machine",
        metavar="TIME",
        of="backend",
    )
    worker_memory: Bytes | None = setting(
        None,
        "Most memory of a worker process, such as 4GB; a network that needs more is left out. [default: no limit]",
        "Machine",
        metavar="SIZE",
        of="backend",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting("auto", "What to train on.", "Training")
    machine_code: Code = setting("all", "Networks to train as machine code.", "Training")
    runs: str = RUNS
    name: str | None = NAME

    @model_validator(mode="before")
    @classmethod
    def _for_what_takes_them(cls, values: Any) -> Any:
        """Settings such as `tournament_size`, where no algorithm is named, are for the one that takes them."""
        if isinstance(values, Mapping) and "algorithm" not in values:
            taking = taking_all(cls, "algorithm", values)
            return {**values, "algorithm": BEFORE} if DEFAULT not in taking and BEFORE in taking else values
        return values

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Settings that do not go together, as (key, what is wrong)."""
        yield from super().contradictions()
        if self.generations is not None and self.evaluations is not None:
            yield "evaluations", "give generations or evaluations, not both"
        yield from self._of_parents()
        if self.asynchronous and "workers" not in BACKENDS.taken(self.backend):
            yield (
                "asynchronous",
                f'backend = "{self.backend}" trains one after another: there is nothing to wait for',
            )
        if self.tournament_size is not None and self.tournament_size > self.population:
            yield "tournament_size", f"must be at most population = {self.population}"
        if self.elites is not None and self.elites >= self.population:
            yield "elites", f"must be less than population = {self.population}"
        for key in ("depth", "units"):
            pair = getattr(self, key)
            if pair is not None and pair[0] > pair[1]:
                yield key, "the first number must not be greater than the second"
        widest, deepest = (self.units or (1, 1))[1], (self.depth or (1, 4))[1]
        if (most := widest**2 * max(1, deepest - 1)) > MOST_WEIGHTS:
            yield (
                "units",
                f"{deepest} layers of {widest:,} units have {most:,} weights, and a network may have {MOST_WEIGHTS:,}",
            )

    def _of_parents(self) -> Iterator[tuple[str, str]]:
        """What is wrong with what children are to take over."""
        kinds = ALGORITHMS.things()
        if self.from_ is None and self.inheritance != "none" and not kinds[self.algorithm].has_parents:
            having = either([name for name, kind in kinds.items() if kind.has_parents], "and")
            yield "inherit", f'algorithm = "{self.algorithm}" has no parents to inherit from; {having} have'
        if self.from_ is not None and self.inherit == "none":
            yield "inherit", 'nothing can start from a network (from) if inherit = "none"; leave it out'
        if self.from_ is None and self.freeze:
            yield "freeze", "there is nothing to freeze without a network to start from (from)"
        if self.merge is not None and (not self.crossover or self.inheritance == "none"):
            yield (
                "merge",
                "only children of two parents that inherit have use for it: set inherit and crossover too",
            )

    @classmethod
    def compared(cls, base: RunConfig, algorithm: str) -> dict[str, Any]:
        """The settings of an algorithm's run in a comparison: those that all runs share, as far as it takes them."""
        kind, found = ALGORITHMS.find(algorithm), values_of(base)
        for key, info in cls.model_fields.items():
            needed = set(base.options or {}) if key == "options" else {key}
            unused = extra(info, "of") == "algorithm" and not needed <= kind.takes().keys()
            unused |= key == "inherit" and not kind.has_parents
            unused |= key == "merge" and "crossover" not in kind.takes()
            if unused:
                found[key] = info.default
        if base.final_examples == "auto":  # one training of the champion, at the cost of each network
            found["final_examples"] = base.examples
        if base.final == "auto":
            found["final"] = "doubling"
        return {**found, "patience": None}

    @property
    def networks(self) -> int:
        """How many networks it trains, if no time is up before."""
        return self.evaluations or (self.generations or 10) * self.population

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
        return self.divided(self.seed)
