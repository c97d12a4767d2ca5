"""model.json: everything about a champion but its weights, read strictly because it may come from a stranger."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from speciate.data import Preprocessing
from speciate.data.metrics import find_metric
from speciate.files import read_file

MOST_BYTES = 64_000_000
"""The largest model.json that is read; one with 50,000 columns has about 6 MB."""

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def optional(default: Any, **more: Any) -> Any:
    """A field that is left out of the file where it says what is usual."""
    return Field(default=default, exclude_if=lambda value: value == default, **more)


class Record(BaseModel):
    """Frozen, no unknown keys, no conversions, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RowsRecord(Record):
    """What it takes to predict for raw rows.

    Attributes:
        task: What the network does.
        target: What it predicts.
        target_mean: A regression's value is target_mean + target_scale * output.
        target_scale: See `target_mean`.
        classes: Labels in the order of the outputs; empty for regression.
        metric: What scores measure.
        class_weights: Of the classes in training, or None: the label is that of the largest output, and probabilities are the
            softmax of the outputs minus the logarithms of these.
        preprocessing: From raw rows to inputs; see `speciate.data.schema`.
    """

    task: Literal["classification", "regression"]
    target: str
    target_mean: float
    target_scale: Annotated[float, Field(gt=0)]
    classes: list[str]
    metric: str
    class_weights: list[Annotated[float, Field(gt=0)]] | None = optional(None)
    if TYPE_CHECKING:  # a subclass declares it: each kind of file has it at another place
        preprocessing: dict[str, Any]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        find_metric(self.metric, self.task)
        if len(self.classes) != len(set(self.classes)):
            raise ValueError("a class is named twice")
        if self.class_weights is not None and len(self.class_weights) != len(self.classes):
            raise ValueError(f"{len(self.class_weights)} weights of {len(self.classes)} classes")
        if (self.task == "regression") != (not self.classes):
            raise ValueError(f"{self.task} with {len(self.classes)} classes")
        return self

    def fits(self, inputs: int, outputs: int, shape: list[int] | None = None) -> None:
        """Refuse a network that does not take what the preprocessing makes, or gives another number of outputs.

        Args:
            inputs: How many numbers the network takes for a row.
            outputs: How many it gives.
            shape: The shape of its inputs; None if it takes them flat.

        Raises:
            ValueError: It is such a network.
        """
        made = list(Preprocessing.from_json(self.preprocessing).input_shape)
        if shape not in (None, made) or math.prod(made) != inputs:
            raise ValueError("the preprocessing makes inputs of another shape")
        if outputs != (len(self.classes) or 1):
            raise ValueError(
                f"a network for {self.task} of {len(self.classes)} classes cannot have these outputs"
            )


class Description(Record, ABC):
    """A champion, but for its weights; each kind of network adds what it has to say.

    Attributes:
        format: Says of which kind the network is.
        version: Of the format.
    """

    format: str
    version: Literal[1]
    if TYPE_CHECKING:  # a subclass declares it, as its last field
        versions: dict[str, str]

    @property
    @abstractmethod
    def rows(self) -> RowsRecord | None:
        """What it takes to predict for raw rows; None if it does something else."""

    @property
    @abstractmethod
    def weights_sha256(self) -> str:
        """The SHA-256 of model.safetensors."""

    @property
    def trained(self) -> str | None:
        """The SHA-256 of the weight file in the run's own folder; None if the run has none."""
        return None

    def to_text(self) -> str:
        """As JSON for people and programs."""
        return json.dumps(self.model_dump(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(file: Path) -> dict[str, Any]:
    """What a model.json holds.

    Raises:
        ValueError: It is no JSON object that this version could have written; in one line.
        OSError: It cannot be read.
    """
    content = read_file(file, most=MOST_BYTES, links=True)
    try:
        value = json.loads(content, parse_constant=_refuse)
    except RecursionError:
        raise ValueError(f"{file.name} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{file.name} holds no object")
    if value.get("version", 1) != 1:
        raise ValueError(
            f"{file.name} has version {value['version']!r:.20} of the format, this program reads 1"
        )
    return value


def _refuse(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is not a number")
