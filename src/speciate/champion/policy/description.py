"""model.json of a champion without gradients, read strictly because it may come from a stranger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from speciate.champion.description import MOST_BYTES, Count, Record, Sha256, Size, first_mistake
from speciate.data import Preprocessing

FORMAT = "speciate-policy"
KINDS = {
    "observations": ("plain", "scaled", "one-hot"),
    "actions": ("plain", "greatest", "greatest of each", "positive", "span"),
}
"""How observations become inputs, and outputs actions; see `speciate.champion.standalone.policy`."""


class NodeRecord(Record):
    """A node that is no input."""

    node: Count
    position: float
    activation: Literal["sigmoid", "tanh", "relu", "linear", "sine", "gaussian", "absolute", "logistic"]


class ConnectionRecord(Record):
    """A connection."""

    innovation: Count
    source: Count
    target: Count
    weight: float
    enabled: bool


class GenomeRecord(Record):
    """The network, in canonical form."""

    kind: Literal["neat"]
    inputs: Size
    outputs: Size
    nodes: Annotated[list[NodeRecord], Field(max_length=100_000)]
    connections: Annotated[list[ConnectionRecord], Field(max_length=1_000_000)]


class TaskRecord(Record):
    """What it is good at.

    Attributes:
        name: Of the task.
        fitness: What fitness is, in one sentence.
        goal: The fitness that solves it.
        observations: How what the environment shows becomes inputs.
        actions: How outputs become actions.
    """

    name: str
    fitness: str
    goal: float | None
    observations: dict[str, Any]
    actions: dict[str, Any]


class TableRecord(Record):
    """What it takes to predict for raw rows, where it was evolved for a table; as in the models of other runs."""

    task: Literal["classification", "regression"]
    target: str
    target_mean: float
    target_scale: Annotated[float, Field(gt=0)]
    classes: list[str]
    metric: str
    preprocessing: dict[str, Any]


class PolicyRunRecord(Record):
    """How it was found."""

    name: str
    seed: Count
    algorithm: str
    evaluations: Count
    generations: Count
    champion: int


class PolicyDescription(Record):
    """A champion, but for its weights as a file of tensors; the genome has them too.

    Attributes:
        format: Says what kind of file this is.
        version: Of the format.
        task: What it is good at.
        table: Where the task is a table.
        genome: The network.
        text: The same in one line.
        fitness: In the search.
        numbers: What was measured of the champion afterwards, on fresh episodes or other starts.
        connections: Connections that are enabled.
        sha256: Of model.safetensors.
        run: How it was found.
        versions: Of the libraries.
    """

    format: Literal["speciate-policy"]
    version: Literal[1]
    task: TaskRecord
    table: TableRecord | None
    genome: GenomeRecord
    text: str
    fitness: float
    numbers: dict[str, float]
    connections: Count
    sha256: Sha256
    run: PolicyRunRecord
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for part, kinds in KINDS.items():
            if getattr(self.task, part).get("kind") not in kinds:
                raise ValueError(f"{part} of an unknown kind")
        if self.table is not None:
            preprocessing = Preprocessing.from_json(self.table.preprocessing)
            size = 1
            for n in preprocessing.input_shape:
                size *= n
            if size != self.genome.inputs:
                raise ValueError("the preprocessing makes inputs of another shape")
            classes = len(self.table.classes) if self.table.task == "classification" else 1
            if self.genome.outputs != classes:
                raise ValueError("the network has another number of outputs than the table needs")
        return self

    def to_text(self) -> str:
        """As JSON for people and programs."""
        return json.dumps(self.model_dump(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def is_policy(file: Path) -> bool:
    """Whether a model.json is of this kind; whatever else is wrong with it is for its reader to say."""
    try:
        if file.stat().st_size > MOST_BYTES:
            return False
        value = json.loads(file.read_bytes())
        return isinstance(value, dict) and value.get("format") == FORMAT
    except (OSError, ValueError, RecursionError):
        return False


def read_policy(file: Path) -> PolicyDescription:
    """What a model.json says.

    Raises:
        ValueError: It says anything that this version does not write; in one line.
        OSError: It cannot be read.
    """
    try:
        return PolicyDescription.model_validate(json.loads(file.read_bytes()))
    except ValidationError as error:
        raise ValueError(f"model.json: {first_mistake(error)}") from None
