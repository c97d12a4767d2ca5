"""Champions that are networks of layers: what their model.json says, and how they predict and are written."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from speciate.champion.description import Count, Description, Record, RowsRecord, Sha256, Size
from speciate.champion.limits import check, needs, rows_at_once
from speciate.champion.model import Model, check_weights
from speciate.champion.writing import PARTS, rendered, standalone
from speciate.data import METRICS
from speciate.networks.network import Network, Origin
from speciate.spaces import NetworkGenome, count_multiplications, count_parameters

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn

    from speciate.data import Data

MOST_LAYERS = 1000


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


class DataRecord(Record):
    """What it was trained on."""

    name: str
    source: str
    fingerprint: str
    rows: dict[str, Count]
    summary: list[str]


class SearchRecord(Record):
    """How it was found.

    Attributes:
        name: The run's name; empty if it had no folder.
        seed: Its seed.
        algorithm: How it searched.
        candidates: Networks that the search trained.
        examples: Training examples each of them saw.
        finalists: Trainings of the final.
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


class LayersDescription(RowsRecord, Description):
    """A network of layers, but for its weights.

    Attributes:
        scores: The champion's.
        baselines: What it is compared with.
        input_shape: Of one row.
        outputs: Width of the head.
        parameters: Trainable parameters.
        genome: Layers and hyper-parameters, in canonical form.
        layers: The genome in one line.
        examples: Training examples shown in its real training.
        weights: The weight file.
        data: What it was trained on.
        run: How it was found.
        versions: Of the libraries.
    """

    format: Literal["speciate-model"]
    scores: ScoresRecord
    baselines: list[BaselineRecord]
    input_shape: Annotated[list[Size], Field(min_length=1, max_length=3)]
    outputs: Size
    parameters: Count
    genome: LayersRecord
    layers: str
    preprocessing: dict[str, Any]
    examples: Count
    weights: WeightsRecord
    data: DataRecord
    run: SearchRecord
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.fits(int(np.prod(self.input_shape, dtype=object)), self.outputs, self.input_shape)
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
    def network(self) -> tuple[NetworkGenome, tuple[int, ...], int]:
        """Genome, shape of one example and width of the head: what a network is built from."""
        return NetworkGenome.from_json(self.genome.model_dump()), tuple(self.input_shape), self.outputs


class LayersModel(Model):
    """A trained network of layers.

    Args:
        description: What model.json says.
        module: Torch's own layers in evaluation mode: an `nn.Sequential`, or a `Branching` if the layers do not form one path.
    """

    describes = LayersDescription
    description: LayersDescription

    def __init__(self, description: LayersDescription, module: nn.Module) -> None:
        super().__init__(description)
        self._module = module

    @classmethod
    def of(
        cls, champion: Mapping[str, Any], network: Network, data: Data, facts: Mapping[str, Any]
    ) -> LayersModel:
        """The champion of a run.

        Args:
            champion: The JSON form of the run's champion.
            network: The trained network.
            data: What it was trained on. The sealed test rows are not looked at.
            facts: How it was found, as `run_facts` gives it.
        """
        import torch

        from speciate.champion.plain import plain

        genome, shape, outputs = network.genome, data.input_shape, data.outputs
        built = _built(genome, shape, outputs)
        built.load_state_dict({name: torch.from_numpy(value) for name, value in network.tensors.items()})
        module = plain(built, genome, shape, outputs)
        rows = {"train": len(data.train), "valid": len(data.valid), "test": data.test.rows}
        names = ("task", "target", "target_mean", "target_scale", "metric")
        sha256 = hashlib.sha256(weight_file(module)).hexdigest()
        about = {name: getattr(data, name) for name in ("name", "source", "fingerprint")}
        value = {
            "format": "speciate-model",
            "version": 1,
            **{name: getattr(data, name) for name in names},
            "classes": list(data.classes),
            "class_weights": None if data.class_weights is None else list(data.class_weights),
            "scores": scores_of(champion["valid_score"], champion["test_score"], champion),
            "baselines": facts["baselines"],
            "input_shape": list(shape),
            "outputs": outputs,
            "parameters": count_parameters(genome, shape, outputs),
            "genome": genome.to_json(),
            "layers": genome.describe(),
            "preprocessing": data.preprocessing.to_json(),
            "examples": champion["examples"],
            "weights": {"sha256": sha256, "trained": champion["weights"]},
            "data": {**about, "rows": rows, "summary": data.summary()},
            "run": {**facts["run"], "champion": champion["id"]},
            "versions": facts["versions"],
        }
        return cls(LayersDescription.model_validate(value), module)

    @classmethod
    def load(cls, file: Path, description: LayersDescription) -> LayersModel:
        """The network whose weights are in a file, which is refused before anything is built if it is not that network's."""
        from speciate.champion.plain import plain
        from speciate.champion.standalone.weights import read_weights

        network = description.network
        need = needs(*network)
        check(need)
        if need.parameters != description.parameters:
            raise ValueError("the layers are not those of the weight file")
        # A layer may keep statistics beside its parameters, at most as many.
        check_weights(file, description.weights.sha256, 4 * need.parameters, 8 * need.parameters)
        module = plain(_built(*network), *network)  # the weights drawn here are replaced at once
        module.load_state_dict(read_weights(file, module.state_dict()), assign=True)
        return cls(description, module)

    @property
    def module(self) -> nn.Module:
        """Torch's own layers in evaluation mode."""
        return self._module

    @cached_property
    def genome(self) -> NetworkGenome:
        """Layers and hyper-parameters."""
        return self.description.network[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.description.input_shape)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The weights by the names that they have in a network built from the genome, which begin with its marks."""
        from speciate.champion.plain import built_names, plain

        network, tensors = self.description.network, self.module.state_dict()
        built = _built(*network)
        names = built_names(built, plain(built, *network))
        return {name: tensors[same].numpy() for name, same in names.items()}

    def network(self) -> Network:
        """The network with what model.json says about where it comes from, so that a search can start from it."""
        about = self.description
        origin = Origin(
            name=about.run.name,
            task=about.task,
            target=about.target,
            classes=tuple(about.classes),
            class_weights=tuple(about.class_weights or ()),
            target_mean=about.target_mean,
            target_scale=about.target_scale,
            source=about.data.name,
            fingerprint=about.data.fingerprint,
            examples=about.examples,
        )
        return Network(self.genome, self.tensors(), origin)

    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """(n, *input_shape) to (n, outputs), in float64: a row's answer hardly depends on the rows beside it."""
        import torch

        exact = copy.deepcopy(self.module).double()
        at_once = rows_at_once(*self.description.network)
        with torch.inference_mode():
            parts = [exact(part.double()) for part in torch.split(torch.from_numpy(inputs), at_once)]
            return np.asarray(torch.cat(parts).numpy())

    def weight_file(self) -> bytes:
        """The content of model.safetensors."""
        return weight_file(self.module)

    def source(self) -> str:
        """The text of model.py."""
        from speciate.champion.network_code import network_code

        shape = ", ".join(map(str, self.input_shape))
        about = f"The layers, with fresh weights: (rows, {shape}) to (rows, {self.description.outputs})."
        bins = () if self.preprocessing.encoding is None else ("bins",)
        return rendered(
            "layers.py",
            d=self.description,
            rows=self.description,
            at_once=rows_at_once(*self.description.network),
            about=about,
            code=network_code(self.module, about, "    "),
            **standalone(*PARTS[self.preprocessing.kind], *bins, "weights", "command"),
        )

    def card(self) -> str:
        """The text of README.md."""
        from speciate.champion.network_code import network_code

        d = self.description
        shapes = f"(rows, {', '.join(map(str, d.input_shape))}) to (rows, {d.outputs})"
        return rendered(
            "layers.md",
            d=d,
            rows=d,
            shapes=shapes,
            about_metric=METRICS[d.metric].about,
            multiplications=count_multiplications(*d.network),
            **_best_baseline(d),
            code=network_code(self.module, f"{shapes}."),
        )


def weight_file(module: nn.Module) -> bytes:
    """The content of model.safetensors."""
    from safetensors.numpy import save

    return bytes(save({name: tensor.numpy() for name, tensor in module.state_dict().items()}))


def scores_of(valid: float, test: float | None, ends: Mapping[str, Any]) -> dict[str, float | None]:
    """The fields of a `ScoresRecord`."""
    return {
        "valid": valid,
        "test": test,
        "test_low": ends.get("test_low"),
        "test_high": ends.get("test_high"),
    }


def _best_baseline(d: LayersDescription) -> dict[str, Any]:
    """The best baseline on the rows that count, its score there and the champion's; None if there is none."""
    tested = d.scores.test is not None
    scored = [(b.scores.test if tested else b.scores.valid, i) for i, b in enumerate(d.baselines)]
    score, i = max(((score, i) for score, i in scored if score is not None), default=(None, None))
    mine = d.scores.valid if d.scores.test is None else d.scores.test
    return {
        "rival": None if i is None else d.baselines[i],
        "best": score,
        "mine": mine,
        "tested_rows": tested,
    }


def _built(genome: NetworkGenome, shape: tuple[int, ...], outputs: int) -> nn.Module:
    """The network with weights that are to be replaced."""
    from speciate.networks import build

    try:
        return build(genome, shape, outputs, np.random.default_rng(0))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a layer has a name that torch keeps for itself: {error}") from None
