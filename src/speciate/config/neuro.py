"""The configuration of a run that evolves weights, with or without topologies: flags, TOML and Python's keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from speciate.config.model import Backend, RunConfig
from speciate.config.settings import Name, Options, Seconds, Settings, Whole, setting


def _tasks() -> Mapping[str, Any]:
    from speciate.neat.tasks import TaskNames

    return TaskNames()


def _evolvers() -> Mapping[str, Any]:
    from speciate.neat.evolvers import EVOLVERS

    return EVOLVERS


def _presets() -> Mapping[str, Any]:
    from speciate.neat.parameters import PRESETS

    return PRESETS


def widths_of(value: Any) -> Any:
    """Widths of layers from "8", "16,16", "" (none) or a list; anything else is left to the model."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*(\d+\s*(,\s*\d+\s*)*)?", value):
            raise PydanticCustomError("widths", 'must be numbers of units such as "8" or "16,16"')
        value = [int(part) for part in value.split(",") if part.strip()]
    return tuple(value) if isinstance(value, list) else value


def words_of(value: Any) -> Any:
    """Words from "tanh,sine" or a list; anything else is left to the model."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    return tuple(value) if isinstance(value, list) else value


Widths = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(widths_of)]
Words = Annotated[tuple[str, ...], BeforeValidator(words_of), Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Task = Annotated[str, Name(_tasks)]
Evolver = Annotated[str, Name(_evolvers, takes=lambda kind: {name: name for name in kind.settings()})]
Preset = Annotated[str, Name(_presets)]


class NeuroConfig(Settings):
    """Everything that can be set about a run without gradients."""

    command: ClassVar[str] = "neat"

    task: Task = setting(
        ...,
        "xor, single-pole, double-pole, double-pole-without-velocities, the id of a Gymnasium environment, table:DATA, or "
        "module:Name for one of your own.",
        min_length=1,
    )
    episodes: Whole | None = setting(
        None, "Episodes that each network plays. [default: 5]", "Task", of="task"
    )
    goal: float | None = setting(
        None, "Fitness that solves the task. [default: the task's own]", "Task", of="task"
    )
    start: float | None = setting(
        None, "Angle at which poles start, in degrees. [default: the task's own]", "Task", of="task"
    )
    target: str | None = setting(None, "Column to predict (table:DATA).", "Task", metavar="COLUMN", of="task")
    metric: str | None = setting(
        None, "Score of a table:DATA, such as accuracy. [default: auto]", "Task", of="task"
    )
    validation: float | None = setting(
        None,
        "Share of the rows of a table:DATA that the champion is chosen on. [default: 0.2]",
        "Task",
        gt=0,
        lt=1,
        of="task",
    )
    test: float | None = setting(
        None,
        "Share of the rows of a table:DATA that are sealed. [default: 0.2]",
        "Task",
        ge=0,
        lt=1,
        of="task",
    )
    split_seed: int | None = setting(
        None, "Seed of the split. [default: the run's seed]", "Task", ge=0, of="task"
    )
    recurrent: bool | None = setting(
        None, "Whether networks have a memory. [default: the task's own]", "Task", of="task"
    )
    options: Options | None = setting(
        None,
        "An argument of the environment, the task or the algorithm that has no flag; may be repeated.",
        "Task",
        metavar="KEY=VALUE",
        flag="--option",
    )
    algorithm: Evolver = setting(
        "neat",
        "neat; or for the weights of a fixed network alone genetic (algorithm), openai-es (evolution strategy) or cma-es; or "
        "module:Name.",
        "Search",
        metavar="NAME",
    )
    preset: Preset | None = setting(
        None,
        "NEAT's parameters: tuned, or paper and paper-large as printed. [default: tuned]",
        "NEAT",
        metavar="NAME",
        of="algorithm",
    )
    population: int = setting(150, "Networks in a generation.", "Search", ge=2, le=1000000)
    generations: int | None = setting(
        None, "When to stop at the latest: after so many generations. [default: 100]", "Budget", ge=1
    )
    evaluations: int | None = setting(
        None, "When to stop at the latest: after so many networks.", "Budget", ge=1
    )
    time: Seconds | None = setting(
        None, "When to stop at the latest: 90s, 10m, 1h30m.", "Budget", metavar="TIME"
    )
    go_on: bool = setting(False, "Go on to the limit although the task is solved.", "Budget")
    finalists: int = setting(
        5, "Networks scored again on other episodes before one is champion; 0 for no final.", "Budget", ge=0
    )
    repeats: int = setting(3, "How often each finalist is scored again.", "Budget", ge=1)
    refine: bool | None = setting(
        None,
        "Train the champion's weights by gradient, where there are data. [default: with table:DATA]",
        "Budget",
    )
    add_node: Share | None = setting(
        None, "Chance of a new node. [default: the preset's]", "NEAT", of="algorithm"
    )
    add_connection: Share | None = setting(
        None, "Chance of a new connection. [default: the preset's]", "NEAT", of="algorithm"
    )
    mutate_weights: Share | None = setting(
        None, "Chance that a child's weights change. [default: the preset's]", "NEAT", of="algorithm"
    )
    weight_power: Positive | None = setting(
        None, "Greatest change of a weight. [default: the preset's]", "NEAT", of="algorithm"
    )
    compatibility_threshold: Positive | None = setting(
        None, "Distance at which another species begins. [default: the preset's]", "NEAT", of="algorithm"
    )
    species_target: Whole | None = setting(
        None, "Species that the threshold is steered to. [default: the preset's]", "NEAT", of="algorithm"
    )
    interspecies: Share | None = setting(
        None, "Chance that a mate is of another species. [default: the preset's]", "NEAT", of="algorithm"
    )
    survival: Share | None = setting(
        None, "Share of a species that may have children. [default: the preset's]", "NEAT", of="algorithm"
    )
    stagnation: Whole | None = setting(
        None,
        "Generations after which a species without progress ends. [default: the preset's]",
        "NEAT",
        of="algorithm",
    )
    activations: Words | None = setting(
        None,
        "Activations of hidden nodes, such as sigmoid,sine. [default: the preset's]",
        "NEAT",
        metavar="A,B,...",
        of="algorithm",
    )
    mutate_activation: Share | None = setting(
        None,
        "Chance that a hidden node gets another activation. [default: the preset's]",
        "NEAT",
        of="algorithm",
    )
    hidden: Widths | None = setting(
        None,
        "Units of the hidden layers, such as 16,16 (genetic, openai-es, cma-es). [default: 8]",
        "Weights only",
        metavar="N,N,...",
        of="algorithm",
    )
    parents: Whole | None = setting(
        None,
        "Networks that may have children (genetic). [default: an eighth]",
        "Weights only",
        of="algorithm",
    )
    power: Positive | None = setting(
        None, "Deviation of a mutation (genetic). [default: 0.5]", "Weights only", of="algorithm"
    )
    deviation: Positive | None = setting(
        None,
        "Of the weights, at first (cma-es) or always (openai-es). [default: the algorithm's own]",
        "Weights only",
        of="algorithm",
    )
    learning_rate: Positive | None = setting(
        None, "Of the mean (openai-es). [default: 0.3]", "Weights only", of="algorithm"
    )
    seed: int = setting(0, "Seed of everything random.", "Search", ge=0, le=2**63 - 1)
    brood: Whole | None = setting(
        None,
        "Networks that a worker gets at a time; part of what a run is. [default: the task's own]",
        "Search",
    )
    backend: Backend = setting(
        "auto", "Where networks are scored: in this process, in others, or on a Ray cluster.", "Machine"
    )
    workers: int | None = setting(
        None,
        "Worker processes. [default: none for what is quick, else one a core; ray: all that the cluster has room for]",
        "Machine",
        ge=1,
        le=1024,
        of="backend",
        neutral=1,
    )
    address: str | None = setting(
        None,
        "Ray cluster, such as 10.0.0.1:6379, or auto for this machine's. [default: RAY_ADDRESS, or else a Ray of the "
        "run's own]",
        "Machine",
        metavar="HOST:PORT",
        min_length=1,
        of="backend",
    )
    runs: str = setting("runs", "Folder of all runs.", "Files", metavar="DIR", min_length=1)
    name: str | None = setting(None, "Name of the run. [default: made up]", "Files")

    @property
    def limits(self) -> dict[str, Any]:
        """When to stop, as `Search.run` takes it."""
        given = (self.generations, self.evaluations, self.time)
        generations = 100 if given == (None, None, None) else self.generations
        evaluations = self.evaluations
        if evaluations is not None:  # generations are whole
            evaluations = max(1, evaluations // self.population) * self.population
        return {"generations": generations, "evaluations": evaluations, "seconds": self.time}

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Settings that do not go together."""
        yield from super().contradictions()
        if self.generations is not None and self.evaluations is not None:
            yield "evaluations", "give generations or evaluations, not both"
        for key in ("parents", "brood"):
            if (getattr(self, key) or 0) > self.population:
                yield key, f"must be at most population = {self.population}"

    @classmethod
    def compared(cls, base: RunConfig, algorithm: str) -> dict[str, Any]:
        """The settings of an algorithm's run in a comparison; no gradient touches its champion."""
        same = {key: getattr(base, key) for key in ("target", "validation", "test", "finalists")}
        metric = None if base.metric == "auto" else base.metric
        return {**same, "task": f"table:{base.data}", "metric": metric, "refine": False}

    def at_cost(self, examples: int, rows: int) -> Self:
        """As many networks as may see all training rows, in ten generations or more of at most 150.

        Args:
            examples: How many examples it may show in all.
            rows: Training rows.
        """
        evaluations = max(2, examples // rows)
        population = min(150, max(2, evaluations // 10))
        whole = evaluations // population * population
        return self.model_copy(update={"evaluations": whole, "population": population})
