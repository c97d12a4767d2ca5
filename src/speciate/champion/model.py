"""A champion that predicts, or acts: what all kinds of networks have in common."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from speciate.champion.description import Description, RowsRecord
from speciate.data import Preprocessing, load_rows
from speciate.errors import DataError, UsageError
from speciate.files import open_file

if TYPE_CHECKING:  # torch and pandas are imported where they are used: commands that only look can do without
    import pandas as pd
    import torch
    from torch import nn

    from speciate.networks import Network

FILES = ("model.safetensors", "model.json", "model.py", "README.md")
"""What a champion's folder holds."""
MOST_HEADER = 16_000_000
"""Bytes of a weight file that are no weights."""


class Model(ABC):
    """A finished network with what it takes to use it.

    Args:
        description: What model.json says.

    Attributes:
        describes: The class of its description, whose `format` names the kind of network.
    """

    describes: ClassVar[type[Description]]

    def __init__(self, description: Description) -> None:
        self.description = description
        rows = description.rows
        self._preprocessing = None if rows is None else Preprocessing.from_json(rows.preprocessing)

    @classmethod
    @abstractmethod
    def load(cls, file: Path, description: Any) -> Self:
        """The network whose weights are in a file.

        Args:
            file: model.safetensors; it is not trusted.
            description: What model.json beside it says, read as `describes`.

        Raises:
            ValueError: They do not belong together, or the network takes absurd amounts.
            OSError: The file cannot be read.
        """

    @property
    @abstractmethod
    def module(self) -> nn.Module:
        """The network as a torch module, in evaluation mode."""

    @property
    @abstractmethod
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one row of inputs."""

    @property
    def bin_inputs(self) -> int | None:
        """How many numbers the network takes where those of a row are spread over bins first; None where they are not."""
        return None

    @abstractmethod
    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Inputs (n, ...) to outputs (n, outputs) in float64: a logit for each class, or standardized values, where it predicts.

        The largest logit names the class. Where classes were weighted in training (`description.rows.class_weights`), the logits are
        raised by the logarithms of these weights, and probabilities are the softmax of what they were without.
        """

    @abstractmethod
    def weight_file(self) -> bytes:
        """The content of model.safetensors."""

    @abstractmethod
    def source(self) -> str:
        """The text of model.py, which needs torch alone."""

    @abstractmethod
    def card(self) -> str:
        """The text of README.md, the model card; every number in it comes from the run."""

    def files(self) -> dict[str, bytes]:
        """The content of each file of a champion's folder."""
        texts = self.description.to_text(), self.source(), self.card()
        encoded = (text.encode("utf-8", "backslashreplace") for text in texts)
        return dict(zip(FILES, (self.weight_file(), *encoded), strict=True))

    def example(self) -> tuple[torch.Tensor, ...]:
        """What `module` takes, for two rows: inputs, and what it keeps from one step to the next if it has a memory."""
        import torch

        return (torch.zeros(2, *self.input_shape, dtype=torch.float32),)

    @abstractmethod
    def network(self) -> Network:
        """The network as one that a search can start from.

        Raises:
            UsageError: Searches grow networks of another kind.
        """

    @property
    def task(self) -> str:
        """Either "classification" or "regression"."""
        return self._rows().task

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels in the order of the probabilities; empty for regression."""
        return tuple(self._rows().classes)

    @property
    def preprocessing(self) -> Preprocessing:
        """From raw rows to inputs."""
        self._rows()
        assert self._preprocessing is not None
        return self._preprocessing

    def predict(self, rows: pd.DataFrame | NDArray[Any]) -> NDArray[Any]:
        """Labels (n,) as text, or values (n,) in the target's own units.

        Args:
            rows: A table, whose columns are found by name, or an array (n, ...).

        Raises:
            UsageError: It does something else than predicting for rows.
            DataError: Columns are missing, or the shape does not fit.
        """
        return self._predictions(self.outputs(self.preprocessing.transform(rows)))

    def predict_proba(self, rows: pd.DataFrame | NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities (n, classes).

        Raises:
            UsageError: It does something else than predicting for rows.
            DataError: Columns are missing, the shape does not fit, or the model is for regression.
        """
        if not self.classes:
            raise DataError("a model for regression has no probabilities", hint="use predict")
        return self._probabilities(self.outputs(self.preprocessing.transform(rows)))

    def predict_table(self, source: object, encoding: str | None = None) -> pd.DataFrame:
        """Predictions for all rows of a source, in its order.

        Args:
            source: What `speciate.data.load_rows` takes.
            encoding: Of a text table; None finds it out.

        Returns:
            The column `prediction` and, for classification, `probability_<class>` for each class; for a folder of
            images the column `file` before them.

        Raises:
            UsageError: It does something else than predicting for rows.
            DataError: The source cannot be read, or does not fit.
        """
        import pandas as pd

        raw, inputs = load_rows(source, self.preprocessing, encoding)
        outputs, columns = self.outputs(inputs), dict[str, Any]()
        if self.preprocessing.kind == "image" and isinstance(raw, pd.DataFrame) and list(raw) == ["file"]:
            columns["file"] = raw["file"].to_numpy()
        columns["prediction"] = self._predictions(outputs)
        if self.classes:
            shares = self._probabilities(outputs)
            columns |= {f"probability_{label}": shares[:, i] for i, label in enumerate(self.classes)}
        return pd.DataFrame(columns)

    def act(self, observations: NDArray[Any], before: torch.Tensor | None = None) -> Any:
        """An action for an observation, or actions for several, where it was evolved for a task in which it acts.

        Args:
            observations: One as the environment gives it, or several (rows, ...).
            before: Where networks have a memory, what `act` returned beside the action one step before; None at the start.

        Returns:
            The action, as the search gave it to the environment, or the actions (rows, ...); where networks have a memory, with
            what to hand in next.

        Raises:
            UsageError: It predicts for rows of a table.
            DataError: The shape is another, or numbers are missing.
        """
        raise UsageError(
            "this champion predicts for rows of a table; it does not act",
            hint="predict(rows) takes raw rows, outputs(inputs) what the preprocessing makes of them",
        )

    def answers(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """From outputs to probabilities (n, classes), or values (n,) in the target's own units."""
        return self._probabilities(outputs) if self.classes else np.asarray(self._predictions(outputs))

    def _rows(self) -> RowsRecord:
        """What it takes to predict for raw rows; raises UsageError if it does something else."""
        assert self.description.rows is not None
        return self.description.rows

    def _probabilities(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = self._rows().class_weights
        return _softmax(outputs if weights is None else outputs - np.log(weights))

    def _predictions(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        if self.classes:
            return np.asarray(np.array(self.classes, dtype=object)[_softmax(outputs).argmax(axis=1)])
        return outputs[:, 0] * self._rows().target_scale + self._rows().target_mean


def check_weights(file: Path, sha256: str, least: int, most: int) -> None:
    """Refuse a weight file that is not the one of its description, without reading more of it than it may hold.

    Args:
        file: model.safetensors.
        sha256: The one in model.json.
        least: Bytes that the weights take at least.
        most: Bytes that they take at most.

    Raises:
        ValueError: It is another one.
        OSError: It cannot be read.
    """
    with open_file(file, links=True) as content:
        if not least <= os.fstat(content.fileno()).st_size <= most + MOST_HEADER:
            raise ValueError("the network's weights are not those of the weight file")
        if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
            raise ValueError(f"{file.name} was altered: its SHA-256 is not the one in model.json")


def _softmax(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
