"""model.json: everything about a champion but its weights, read strictly because it may come from a stranger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from speciate.data import Preprocessing
from speciate.data.metrics import find_metric
from speciate.spaces import NetworkGenome

FORMAT = "speciate-model"
MOST_BYTES = 64_000_000
"""The largest model.json that is read; one with 50,000 columns has about 6 MB."""
MOST_LAYERS = 1000

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Record(BaseModel):
    """Frozen, no unknown keys, no conversions, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Scores(Record):
    """Scores of the champion or a baseline, higher is better; the test's with a 95 % confidence interval."""

    valid: float
    test: float | None
    test_low: float | None
    test_high: float | None


class Lead(Record):
    """By how much the champion is better on the same test rows, with the 95 % confidence interval of that difference."""

    value: float
    low: float
    high: float


class Baseline(Record):
    """What the champion is compared with."""

    name: str
    description: str
    scores: Scores
    lead: Lead | None = None


class DataFacts(Record):
    """What it was trained on."""

    name: str
    source: str
    fingerprint: str
    rows: dict[str, Count]
    summary: list[str]


class RunFacts(Record):
    """How it was found.

    Attributes:
        name: The run's name; empty if it had no folder.
        seed: Its seed.
        algorithm: How it searched.
        candidates: Networks that the search trained.
        examples: Training examples each of them saw.
        finalists: Trainings of the final.
        champion: The winner's number in the search.
        lineage: Training examples that went into its weights, those of the ancestors it inherited from included.
        ancestor: What the search started from; empty if from scratch.
        notes: What people should know about that.
        frozen: How many of its layers the search was not allowed to change or to train.
    """

    name: str
    seed: Count
    algorithm: str
    candidates: Count
    examples: Count
    finalists: Count
    champion: int
    lineage: Count = 0
    ancestor: str = ""
    notes: list[str] = []
    frozen: Count = 0


class WeightFacts(Record):
    """The weight file.

    Attributes:
        sha256: Of model.safetensors.
        trained: SHA-256 of the weight file in the run's own folder.
    """

    sha256: Sha256
    trained: str | None


class LayerRecord(Record):
    """A node of the genome."""

    mark: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,64}$")]
    kind: str
    genes: dict[str, int | float | str]


class GenomeRecord(Record):
    """The canonical form of a genome; what it means is checked by `NetworkGenome`."""

    nodes: Annotated[list[LayerRecord], Field(max_length=MOST_LAYERS)]
    edges: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]], Field(max_length=4 * MOST_LAYERS)
    ]
    hyper: dict[str, int | float | str]


class Description(Record):
    """A champion, but for its weights.

    Attributes:
        format: Says what kind of file this is.
        version: Of the format.
        task: What the network does.
        target: What it predicts.
        target_mean: A regression's value is target_mean + target_scale * output.
        target_scale: See `target_mean`.
        classes: Labels in the order of the outputs; empty for regression.
        metric: What the scores measure.
        scores: The champion's.
        baselines: What it is compared with.
        input_shape: Of one row.
        outputs: Width of the head.
        parameters: Trainable parameters.
        genome: Layers and hyper-parameters, in canonical form.
        layers: The genome in one line.
        preprocessing: From raw rows to inputs; see `speciate.data.schema`.
        examples: Training examples shown in its real training.
        weights: The weight file.
        data: What it was trained on.
        run: How it was found.
        versions: Of the libraries.
    """

    format: Literal["speciate-model"]
    version: Literal[1]
    task: Literal["classification", "regression"]
    target: str
    target_mean: float
    target_scale: Annotated[float, Field(gt=0)]
    classes: list[str]
    metric: str
    scores: Scores
    baselines: list[Baseline]
    input_shape: Annotated[list[Size], Field(min_length=1, max_length=3)]
    outputs: Size
    parameters: Count
    genome: GenomeRecord
    layers: str
    preprocessing: dict[str, Any]
    examples: Count
    weights: WeightFacts
    data: DataFacts
    run: RunFacts
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        find_metric(self.metric, self.task)
        if len(self.classes) != len(set(self.classes)):
            raise ValueError("a class is named twice")
        if self.outputs != (len(self.classes) if self.task == "classification" else 1):
            raise ValueError(
                f"a network for {self.task} of {len(self.classes)} classes cannot have these outputs"
            )
        if (self.task == "regression") != (not self.classes):
            raise ValueError(f"{self.task} with {len(self.classes)} classes")
        if list(Preprocessing.from_json(self.preprocessing).input_shape) != self.input_shape:
            raise ValueError("the preprocessing makes inputs of another shape")
        return self

    @property
    def network(self) -> tuple[NetworkGenome, tuple[int, ...], int]:
        """Genome, shape of one example and width of the head: what a network is built from."""
        return NetworkGenome.from_json(self.genome.model_dump()), tuple(self.input_shape), self.outputs

    def to_text(self) -> str:
        """As JSON for people and programs."""
        return json.dumps(self.model_dump(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_description(file: Path) -> tuple[Description, NetworkGenome]:
    """What a model.json says, and its genome.

    Raises:
        ValueError: It says anything that this version does not write; in one line.
        OSError: It cannot be read.
    """
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"model.json is larger than {MOST_BYTES:,} bytes")
    try:
        value = json.loads(file.read_bytes(), parse_constant=_refuse)
        if isinstance(value, dict) and value.get("version", 1) != 1:
            raise ValueError(f"it has version {value['version']!r:.20} of the format, this program reads 1")
        description = Description.model_validate(value)
        return description, NetworkGenome.from_json(description.genome.model_dump())
    except RecursionError:
        raise ValueError("model.json is nested too deeply") from None
    except ValidationError as error:
        raise ValueError(f"model.json: {first_mistake(error)}") from None
    except ValueError as error:  # those of speciate.errors among them
        raise ValueError(f"model.json: {error}") from None


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong, with its place, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}{': ' if place else ''}{message}"


def _refuse(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is not a number")
