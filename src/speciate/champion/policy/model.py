"""A champion without gradients that is read from its folder and acts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.champion.policy.description import PolicyDescription, TableRecord, read_policy
from speciate.champion.policy.wiring import wiring
from speciate.errors import DataError, UsageError

if TYPE_CHECKING:  # torch and pandas are imported where they are used
    import pandas as pd
    import torch

    from speciate.champion.standalone.policy import Network


class Policy:
    """A network that acts in a task, or predicts for the rows of a table.

    Args:
        description: What model.json says.

    Attributes:
        module: Inputs (rows, inputs) to outputs (rows, outputs) in float64; if it is recurrent, also what it was one step before
            to what it is now.
    """

    def __init__(self, description: PolicyDescription) -> None:
        self.description = description
        self.module = module_of(description.genome.model_dump())

    def act(self, observations: NDArray[Any], before: torch.Tensor | None = None) -> Any:
        """Actions for some observations; champions of tables have `predict` instead.

        Args:
            observations: (rows, ...) as the environment gives them.
            before: For a recurrent network, what `act` returned beside the actions one step before; None at the start.

        Returns:
            The actions, (rows, ...); with what to hand in next if the network is recurrent.

        Raises:
            UsageError: It was evolved for a table.
        """
        if self.description.table is not None:
            raise UsageError(
                "this champion predicts for rows of a table; it does not act",
                hint="predict(rows) takes raw rows, outputs(inputs) what the preprocessing makes of them",
            )
        import torch

        from speciate.champion.standalone.policy import to_actions, to_inputs

        task = self.description.task
        with torch.inference_mode():
            inputs = to_inputs(torch.as_tensor(np.asarray(observations)), task.observations)
            answer = self.module(inputs, before)
            outputs, state = answer if self.module.recurrent else (answer, None)
            actions = to_actions(outputs, task.actions).numpy()
        return (actions, state) if self.module.recurrent else actions

    def predict_table(self, source: object) -> pd.DataFrame:
        """Predictions for all rows of a source, in its order, where it was evolved for a table.

        Raises:
            UsageError: It was evolved for something else.
            DataError: The source cannot be read, or does not fit.
        """
        from speciate.data import Preprocessing, load_rows

        table = self._table()
        return self._answers(table, load_rows(source, Preprocessing.from_json(table.preprocessing))[1])

    def predict(self, rows: pd.DataFrame | NDArray[Any]) -> NDArray[Any]:
        """Labels (n,) as text, or values (n,) in the target's own units, where it was evolved for a table.

        Args:
            rows: Raw rows: a table, whose columns are found by name, or an array (n, ...).

        Raises:
            UsageError: It was evolved for something else.
            DataError: Columns are missing, or the shape does not fit.
        """
        from speciate.data import Preprocessing

        table = self._table()
        answers = self._answers(table, Preprocessing.from_json(table.preprocessing).transform(rows))
        return np.asarray(answers["prediction"])

    def _table(self) -> TableRecord:
        if self.description.table is None:
            raise UsageError(
                f"this champion acts in {self.description.task.name}; it does not predict for rows of a table",
                hint="in Python: speciate.load_model(FOLDER).act(observations); model.py does it with torch alone",
            )
        return self.description.table

    def _answers(self, table: TableRecord, inputs: NDArray[Any]) -> pd.DataFrame:
        import pandas as pd

        outputs = self.outputs(inputs)
        if table.task == "regression":
            return pd.DataFrame({"prediction": outputs[:, 0] * table.target_scale + table.target_mean})
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
        labels = np.array(table.classes, dtype=object)
        columns: dict[str, Any] = {"prediction": labels[shares.argmax(axis=1)]}
        columns |= {f"probability_{label}": shares[:, i] for i, label in enumerate(table.classes)}
        return pd.DataFrame(columns)

    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Inputs (rows, ...) to outputs (rows, outputs), each row by itself.

        Where it was evolved for a table, inputs are what the preprocessing in `description.table` makes of raw rows, and outputs
        a logit for each class, or standardized values.
        """
        import torch

        with torch.inference_mode():
            answer = self.module(torch.as_tensor(inputs).reshape(len(inputs), -1))
            return np.asarray((answer[0] if self.module.recurrent else answer).numpy())


def module_of(genome: dict[str, Any]) -> Network:
    """A genome in canonical form as a torch module in evaluation mode."""
    import torch

    from speciate.champion.standalone.policy import Network

    wired = wiring(genome)
    module = Network(wired.inputs, wired.groups, wired.outputs, wired.recurrent)
    module.load_state_dict({name: torch.from_numpy(value) for name, value in wired.tensors.items()})
    return module.eval()


def load_policy(folder: Path) -> Policy:
    """The champion in a folder. Nothing in it is executed.

    Raises:
        DataError: It is damaged.
    """
    try:
        description = read_policy(folder / "model.json")
        content = (folder / "model.safetensors").read_bytes()
        if hashlib.sha256(content).hexdigest() != description.sha256:
            raise ValueError("model.safetensors was altered: its SHA-256 is not the one in model.json")
        return Policy(description)
    except (OSError, ValueError) as error:
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
        raise DataError(f"{folder} is not a model that can be used: {reason:.400}") from None
