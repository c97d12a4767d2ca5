"""What a model.json says of a network of layers, or of an ensemble of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from speciate.champion.description import Count, Description, Record, RowsRecord, Sha256, Size, optional
from speciate.spaces import NetworkGenome

if TYPE_CHECKING:  # it imports torch
    from speciate.champion.assembling import Member

MOST_LAYERS = 1000
MOST_MEMBERS = 100


class ScoresRecord(Record):
    """Scores of the champion or a baseline, higher is better; the test's with a 95 % confidence interval."""

    valid: float
    test: float | None
    test_low: float | None
    test_high: float | None


class LeadRecord(Record):
    """By how much the champion is better on the same test rows, with the 95 % confidence interval of that difference."""

    value: float
    low: float
    high: float


class BaselineRecord(Record):
    """What the champion is compared with."""

    name: str
    description: str
    scores: ScoresRecord
    lead: LeadRecord | None = None


class ColumnRecord(Record):
    """By how much the score falls when a column is shuffled, with the 95 % confidence interval."""

    name: str
    value: float
    low: float | None
    high: float | None


class DataRecord(Record):
    """What it was trained on; `split` says in words how the test rows were drawn."""

    name: str
    source: str
    fingerprint: str
    rows: dict[str, Count]
    split: str = optional("")
    summary: list[str]


class SearchRecord(Record):
    """How it was found.

    Attributes:
        name: The run's name; empty if it had no folder.
        seed: Its seed.
        algorithm: How it searched.
        candidates: Networks that the search trained.
        examples: Training examples each of them saw.
        finalists: Networks of the search that the final trained; where `trainings` is 0, as in older files, its trainings.
        trainings: Trainings of the final.
        rungs: Training examples of each rung of the final, where it had some.
        folds: Into how many folds the rows that are not for test were divided for its validation score.
        champion: The champion's number in the search.
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
    trainings: Count = optional(0)
    rungs: list[Size] = optional([])
    folds: Size = optional(1)
    champion: int
    lineage: Count = 0
    ancestor: str = ""
    notes: list[str] = Field(default_factory=list)
    frozen: Count = 0


class WeightsRecord(Record):
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


class LayersRecord(Record):
    """The canonical form of a genome; what it means is checked by `NetworkGenome`."""

    nodes: Annotated[list[LayerRecord], Field(max_length=MOST_LAYERS)]
    edges: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]], Field(max_length=4 * MOST_LAYERS)
    ]
    hyper: dict[str, int | float | str]


class MemberRecord(Record):
    """A network of an ensemble; see `LayersDescription`. It comes from a candidate of the search, and was shown so many examples."""

    genome: LayersRecord
    layers: str
    parameters: Count
    bin_inputs: Size | None = optional(None)
    candidate: int | None = optional(None)
    examples: Count | None = optional(None)


class LayersDescription(RowsRecord, Description):
    """A network of layers, or an ensemble of such networks, but for its weights.

    Attributes:
        scores: The champion's.
        baselines: What it is compared with.
        numbers: What else was measured of it, by what it is: on the test rows, but for its out-of-fold score.
        input_shape: Of one row.
        outputs: Width of the head.
        parameters: Trainable parameters, of all networks.
        genome: Layers and hyper-parameters, in canonical form; of an ensemble those of its leading network.
        layers: The genome in one line.
        bin_inputs: How many numbers that network takes, if those of a row are spread over bins first.
        members: The networks of an ensemble, the leading one first.
        temperature: See `speciate.networks.Ensemble`.
        examples: Training examples shown in its real training; of an ensemble in that of its leading network.
        refit: Whether it was trained again on all rows, the test rows among them, after its scores were measured.
        weights: The weight file.
        data: What it was trained on.
        run: How it was found.
        columns: The most important ones; none where that was not measured.
        versions: Of the libraries.
    """

    format: Literal["speciate-model"]
    scores: ScoresRecord
    baselines: list[BaselineRecord]
    numbers: dict[str, float] = Field(default_factory=dict)
    input_shape: Annotated[list[Size], Field(min_length=1, max_length=3)]
    outputs: Size
    parameters: Count
    genome: LayersRecord
    layers: str
    bin_inputs: Size | None = optional(None)
    members: list[MemberRecord] = optional([], max_length=MOST_MEMBERS)
    temperature: Annotated[float, Field(gt=0)] = optional(1.0)
    preprocessing: dict[str, Any]
    examples: Count
    refit: bool = optional(False)
    weights: WeightsRecord
    data: DataRecord
    run: SearchRecord
    columns: list[ColumnRecord] = optional([])
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.fits(int(np.prod(self.input_shape, dtype=object)), self.outputs, self.input_shape)
        if self.members and self.members[0].genome != self.genome:
            raise ValueError("the leading network is another")
        if any(m.bin_inputs for m in self.parts) and len(self.input_shape) > 1:
            raise ValueError("images have no bins")
        return self

    @property
    def rows(self) -> RowsRecord:
        """What it takes to predict for raw rows: the description itself."""
        return self

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of model.safetensors."""
        return self.weights.sha256

    @property
    def trained(self) -> str | None:
        """The SHA-256 of the weight file in the run's own folder."""
        return self.weights.trained

    @property
    def parts(self) -> list[MemberRecord]:
        """Its networks, however many there are."""
        names = "genome", "layers", "parameters", "bin_inputs", "examples"
        return self.members or [MemberRecord(**{name: getattr(self, name) for name in names})]

    @property
    def networks(self) -> list[Member]:
        """What its networks are built from."""
        from speciate.champion.assembling import Member

        genomes = [NetworkGenome.from_json(part.genome.model_dump()) for part in self.parts]
        return [
            Member(genome, tuple(self.input_shape), self.outputs, part.bin_inputs)
            for genome, part in zip(genomes, self.parts, strict=True)
        ]


def scores_of(valid: float, test: float | None, ends: Mapping[str, Any]) -> dict[str, float | None]:
    """The fields of a `ScoresRecord`."""
    return {
        "valid": valid,
        "test": test,
        "test_low": ends.get("test_low"),
        "test_high": ends.get("test_high"),
    }
