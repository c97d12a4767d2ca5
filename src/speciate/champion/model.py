"""A champion that is read from its folder and predicts."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.champion.description import Description, read_description
from speciate.champion.limits import check, needs, rows_at_once
from speciate.champion.policy.description import is_policy
from speciate.champion.policy.model import Policy, load_policy
from speciate.data import Preprocessing, load_rows
from speciate.errors import DataError
from speciate.spaces import NetworkGenome
from speciate.text import quoted

if TYPE_CHECKING:  # torch and pandas are imported where they are used: commands that only look can do without
    import pandas as pd
    from torch import nn

FILES = ("model.safetensors", "model.json", "model.py", "README.md")
"""What a champion's folder holds."""
MOST_HEADER = 16_000_000


class Model:
    """A trained network with what it takes to use it on raw rows.

    Args:
        description: What model.json says.
        genome: Layers and hyper-parameters.
        module: The trained layers.

    Attributes:
        module: Torch's own layers in evaluation mode: an `nn.Sequential`, or a `Branching` if the layers do not form one path.
        preprocessing: From raw rows to inputs.
    """

    def __init__(self, description: Description, genome: NetworkGenome, module: nn.Module) -> None:
        self.description, self.genome, self.module = description, genome, module
        self.preprocessing = Preprocessing.from_json(description.preprocessing)

    @property
    def task(self) -> str:
        """Either "classification" or "regression"."""
        return self.description.task

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels in the order of the probabilities; empty for regression."""
        return tuple(self.description.classes)

    def predict(self, rows: pd.DataFrame | NDArray[Any]) -> NDArray[Any]:
        """Labels (n,) as text, or values (n,) in the target's own units.

        Args:
            rows: A table, whose columns are found by name, or an array (n, ...).

        Raises:
            DataError: Columns are missing, or the shape does not fit.
        """
        return self._answers(self.preprocessing.transform(rows))

    def predict_proba(self, rows: pd.DataFrame | NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities (n, classes).

        Raises:
            DataError: Columns are missing, the shape does not fit, or the model is for regression.
        """
        return self._probabilities(self.preprocessing.transform(rows))

    def predict_table(self, source: object) -> pd.DataFrame:
        """Predictions for all rows of a source, in its order.

        Args:
            source: What `speciate.data.load_rows` takes.

        Returns:
            The column `prediction` and, for classification, `probability_<class>` for each class; for a folder of
            images the column `file` before them.

        Raises:
            DataError: The source cannot be read, or does not fit.
        """
        import pandas as pd

        shown, inputs = load_rows(source, self.preprocessing)
        columns: dict[str, Any] = {"prediction": self._answers(inputs)}
        if self.preprocessing.kind == "image" and isinstance(shown, pd.DataFrame) and list(shown) == ["file"]:
            columns = {"file": shown["file"].to_numpy(), **columns}
        if self.task == "classification":
            probabilities = self._probabilities(inputs)
            columns |= {f"probability_{label}": probabilities[:, i] for i, label in enumerate(self.classes)}
        return pd.DataFrame(columns)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The weights by the names that they have in a network built from the genome, which begin with its marks."""
        from speciate.champion.plain import built_names, plain

        built, tensors = _built(self.description), self.module.state_dict()
        names = built_names(built, plain(built, *self.description.network))
        return {name: tensors[same].numpy() for name, same in names.items()}

    def _answers(self, inputs: NDArray[np.float32]) -> NDArray[Any]:
        if self.task == "classification":
            labels = np.array(self.classes, dtype=object)
            return np.asarray(labels[self._probabilities(inputs).argmax(axis=1)])
        values = self._outputs(inputs)[:, 0]
        return values * self.description.target_scale + self.description.target_mean

    def _probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        if self.task != "classification":
            raise DataError("a model for regression has no probabilities", hint="use predict")
        outputs = self._outputs(inputs)
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def _outputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, *input_shape) to (n, outputs), in float64: a row's answer hardly depends on the rows beside it."""
        import torch

        exact = copy.deepcopy(self.module).double()
        at_once = rows_at_once(*self.description.network)
        with torch.inference_mode():
            parts = [exact(part.double()) for part in torch.split(torch.from_numpy(inputs), at_once)]
            return np.asarray(torch.cat(parts).numpy())


def load_model(path: Path | str) -> Model | Policy:
    """The champion of a run.

    Nothing in the folder is executed, and it is not trusted: sizes are checked before memory is taken. That of a run without
    gradients is a `Policy`, which acts.

    Args:
        path: A run's folder, or a champion's.

    Raises:
        DataError: There is none, or it is damaged or was not written by speciate.
    """
    folder = Path(path)
    if not (folder / FILES[1]).exists() and (folder / "champion").exists():
        folder = folder / "champion"
    try:
        if (folder / "run.sqlite").exists():
            raise ValueError("the run has no champion yet; speciate resume goes on with it")
        for name in FILES[:2]:
            if not (folder / name).is_file():
                raise ValueError(f"there is no {name}")
        if is_policy(folder / FILES[1]):
            return load_policy(folder)
        description, genome = read_description(folder / FILES[1])
        return Model(description, genome, _load_module(folder / FILES[0], description))
    except (OSError, ValueError) as error:
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
        raise DataError(f"{quoted(folder, 200)} is not a model that can be used: {reason:.400}") from None


def _load_module(file: Path, description: Description) -> nn.Module:
    _check_sizes(file, description)
    from speciate.champion.plain import plain
    from speciate.champion.standalone.weights import read_weights

    # The weights drawn here are replaced at once.
    module = plain(_built(description), *description.network)
    module.load_state_dict(read_weights(file, module.state_dict()), assign=True)
    return module


def _check_sizes(file: Path, description: Description) -> None:
    """Refuse a genome that cannot be built, or is larger than its weight file, before anything is built."""
    need, size = needs(*description.network), file.stat().st_size
    check(need)
    # A layer may keep statistics beside its parameters, at most as many.
    least, most = 4 * need.parameters, 8 * need.parameters + MOST_HEADER
    if need.parameters != description.parameters or not least <= size <= most:
        raise ValueError("the layers are not those of the weight file")
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != description.weights.sha256:
            raise ValueError(f"{file.name} was altered: its SHA-256 is not the one in model.json")


def _built(description: Description) -> nn.Module:
    from speciate.networks import build

    try:
        return build(*description.network, np.random.default_rng(0))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a layer has a name that torch keeps for itself: {error}") from None
