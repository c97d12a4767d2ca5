"""The configuration of a run that evolves weights, with or without topologies: flags, TOML and Python's keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from speciate.config.data_settings import DIVIDING, READING
from speciate.config.model import ADDRESS, NAME, RUNS, Backend, RunConfig
from speciate.config.settings import Name, Names, Options, Seconds, Settings, To65536, Whole, setting
from speciate.data.splitting import contradictions


def widths_of(value: Any) -> Any:
    """Widths of layers from "8", "16,16", "" (none) or a list; anything else is left to the model."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*(\d{1,99}\s*(,\s*\d{1,99}\s*)*)?", value):
            raise PydanticCustomError("widths", 'must be numbers of units such as "8" or "16,16"')
        value = [int(part) for part in value.split(",") if part.strip()]
    return tuple(value) if isinstance(value, list) else value


def words_of(value: Any) -> Any:
    """Words from "tanh,sine" or a list; anything else is left to the model."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    return tuple(value) if isinstance(value, list) else value


Widths = Annotated[tuple[To65536, ...], BeforeValidator(widths_of), Field(max_length=100)]
Words = Annotated[tuple[str, ...], BeforeValidator(words_of), Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=10**6)]
Task = Annotated[str, Name("speciate.neat.tasks:NAMES")]
Evolver = Annotated[
    str, Name("speciate.neat.evolvers:EVOLVERS", takes=lambda kind: {name: name for name in kind.settings()})
]
Preset = Annotated[str, Name("speciate.neat.parameters:PRESETS")]


def of_task(about: str, **rules: Any) -> Any:
    """A setting that is handed to the task, which has its own default."""
    return setting(None, about, "Task", of="task", **rules)


def of_neat(about: str, **rules: Any) -> Any:
    """A parameter of NEAT that can be set over a preset."""
    return setting(None, f"{about} [default: the preset's]", "NEAT", of="algorithm", **rules)


def of_weights(about: str, **rules: Any) -> Any:
    """A setting of algorithms that evolve weights alone."""
    return setting(None, about, "Weights only", of="algorithm", **rules)


class NeuroConfig(Settings):
    """Everything that can be set about a run without gradients."""

    command: ClassVar[str] = "neat"

    task: Task = setting(
        ...,
        "xor, single-pole, double-pole, double-pole-without-velocities, the id of a Gymnasium environment, table:DATA, or "
        "module:Name for one of your own.",
        min_length=1,
    )
    episodes: Whole | None = of_task("Episodes that each network plays. [default: 5]")
    goal: float | None = of_task(
        "Fitness that solves the task. [default: the task's own]", ge=-1e300, le=1e300
    )
    start: float | None = of_task(
        "Angle at which poles start, in degrees. [default: the task's own]", ge=-360, le=360
    )
    target: str | None = of_task("Column to predict (table:DATA).", metavar="COLUMN")
    metric: str | None = of_task("Score of a table:DATA, such as accuracy. [default: auto]")
    validation: float | None = of_task(
        "Share of the rows of a table:DATA that the champion is chosen on. [default: 0.2]", gt=0, lt=1
    )
    test: float | None = of_task(
        "Share of the rows of a table:DATA that are sealed. [default: 0.2]", ge=0, lt=1
    )
    split_seed: int | None = of_task("Seed of the split. [default: the run's seed]", ge=0, le=2**63 - 1)
    class_weights: Literal["none", "balanced"] | None = of_task(
        "balanced: every class of a table:DATA counts the same in training. [default: none]"
    )
    weight_column: str | None = of_task(
        "Column of a table:DATA that says what each row counts; it is no input.",
        metavar="COLUMN",
        min_length=1,
    )
    group: str | None = of_task("Column that says which rows of a table:DATA belong together.", min_length=1)
    time_column: str | None = of_task("Column that says when the rows of a table:DATA were.", min_length=1)
    validation_file: str | None = of_task("The validation rows of a table:DATA.", min_length=1)
    test_file: str | None = of_task("The test rows of a table:DATA.", min_length=1)
    ignore: Names | None = of_task("Columns of a table:DATA to leave out.", metavar="A,B,...")
    categorical: Names | None = of_task("Columns of a table:DATA that are categories.", metavar="A,B,...")
    numeric: Names | None = of_task("Columns of a table:DATA that are numbers.", metavar="A,B,...")
    encoding: str | None = of_task("Encoding of a text table:DATA. [default: found out]", min_length=1)
    keep_none: bool | None = of_task("Words such as None or NA in the target are classes.")
    recurrent: bool | None = of_task("Whether networks have a memory. [default: the task's own]")
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
        None,
        "When to stop at the latest: after so many generations. [default: 100]",
        "Budget",
        ge=1,
        le=10**9,
    )
    evaluations: int | None = setting(
        None, "When to stop at the latest: after so many networks.", "Budget", ge=1, le=10**9
    )
    time: Seconds | None = setting(
        None, "When to stop at the latest: 90s, 10m, 1h30m.", "Budget", metavar="TIME"
    )
    go_on: bool = setting(False, "Go on to the limit although the task is solved.", "Budget")
    finalists: int = setting(
        5,
        "Networks scored again on other episodes before one is champion; 0 for no final.",
        "Budget",
        ge=0,
        le=10000,
    )
    repeats: int = setting(3, "How often each finalist is scored again.", "Budget", ge=1, le=1000)
    refine: bool | None = setting(
        None,
        "Train the champion's weights by gradient, where there are data. [default: with table:DATA]",
        "Budget",
    )
    add_node: Share | None = of_neat("Chance of a new node.")
    add_connection: Share | None = of_neat("Chance of a new connection.")
    mutate_weights: Share | None = of_neat("Chance that a child's weights change.")
    weight_power: Positive | None = of_neat("Greatest change of a weight.")
    compatibility_threshold: Positive | None = of_neat("Distance at which another species begins.")
    species_target: Whole | None = of_neat("Species that the threshold is steered to.")
    interspecies: Share | None = of_neat("Chance that a mate is of another species.")
    survival: Share | None = of_neat("Share of a species that may have children.")
    stagnation: Whole | None = of_neat("Generations after which a species without progress ends.")
    activations: Words | None = of_neat(
        "Activations of hidden nodes, such as sigmoid,sine.", metavar="A,B,..."
    )
    mutate_activation: Share | None = of_neat("Chance that a hidden node gets another activation.")
    hidden: Widths | None = of_weights(
        "Units of the hidden layers, such as 16,16 (genetic, openai-es, cma-es). [default: 8]",
        metavar="N,N,...",
    )
    parents: Whole | None = of_weights("Networks that may have children (genetic). [default: an eighth]")
    power: Positive | None = of_weights("Deviation of a mutation (genetic). [default: 0.5]")
    deviation: Positive | None = of_weights(
        "Of the weights, at first (cma-es) or always (openai-es). [default: the algorithm's own]"
    )
    learning_rate: Positive | None = of_weights("Of the mean (openai-es). [default: 0.3]")
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
    address: str | None = ADDRESS
    runs: str = RUNS
    name: str | None = NAME

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
        names = ("target", "validation", "test", *DIVIDING)
        yield from contradictions(
            self.task.partition(":")[2], **{name: getattr(self, name) for name in names}
        )
        for key in ("parents", "brood"):
            if (getattr(self, key) or 0) > self.population:
                yield key, f"must be at most population = {self.population}"

    @classmethod
    def compared(cls, base: RunConfig, algorithm: str) -> dict[str, Any]:
        """The settings of an algorithm's run in a comparison; no gradient touches its champion."""
        same = {key: getattr(base, key) for key in ("target", "validation", "test", *DIVIDING, "finalists")}
        same |= {key: getattr(base, key) or None for key in READING}
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
