"""A table as a task: what gradients learn from can be evolved for, too."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.data import Data, load_data
from speciate.errors import DataError
from speciate.evaluators.intervals import Interval, scored
from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.base import Scores, Task, task

COLUMNS = 65_536
"""Examples times networks that are worked on at a time."""


@task
class TableTask(Task):
    """Predict a column of a table.

    Fitness is the negative loss on the training rows: the mean cross-entropy of the classes, whose probabilities are the softmax of
    the outputs (rows count by their weights and by those of their classes), or the mean squared error in units of the target's
    standard deviation. The validation rows decide nothing here; `verify` scores the champion on them.

    Args:
        source: Anything that `load_data` reads, or data that it has read.
        target: The column to predict; see `load_data` for this and the following.
        metric: A name of a score.
        validation: Share of the rows that the champion is chosen on.
        test: Share of the rows that are sealed.
        split_seed: Decides the split; None for `seed`.
        seed: The run's seed.
        class_weights: Whether every class counts the same in training.
        weight_column: The column that says what each row counts.
        group: The column that says which rows belong together.
        time_column: The column that says when the rows were.
        validation_file: A source with the validation rows.
        test_file: A source with the test rows.
        ignore: Columns to leave out.
        categorical: Columns that are categories.
        numeric: Columns that are numbers.
        encoding: Of a text table; None finds it out.
        keep_none: Whether words such as None are classes.

    Raises:
        DataError: The source cannot be used.
    """

    name = "table"
    data: Data
    recurrent = False
    random = True  # the champion is chosen on the validation rows
    goal = None
    output_activation = "linear"

    def __init__(
        self,
        source: str | Data,
        /,
        *,
        target: str | None = None,
        metric: str = "auto",
        validation: float | None = None,
        test: float = 0.2,
        split_seed: int | None = None,
        seed: int = 0,
        class_weights: str = "none",
        weight_column: str | None = None,
        group: str | None = None,
        time_column: str | None = None,
        validation_file: str | None = None,
        test_file: str | None = None,
        ignore: list[str] | None = None,
        categorical: list[str] | None = None,
        numeric: list[str] | None = None,
        encoding: str | None = None,
        keep_none: bool = False,
    ) -> None:
        self._settings: dict[str, Any] = {
            "target": target,
            "metric": metric,
            "validation": validation,
            "test": test,
            "class_weights": class_weights,
            "weight_column": weight_column,
        }
        more: dict[str, Any] = {"group": group, "time_column": time_column}
        more |= {"validation_file": validation_file, "test_file": test_file, "encoding": encoding}
        more |= {
            "ignore": ignore,
            "categorical": categorical,
            "numeric": numeric,
            "keep_none": keep_none or None,
        }
        self._settings |= {name: value for name, value in more.items() if value is not None}
        self._settings["seed"] = seed if split_seed is None else split_seed
        self.data = source if isinstance(source, Data) else load_data(source, **self._settings)
        self.name = f"table:{self.data.source}"
        self.inputs = int(np.prod(self.data.input_shape))
        self.outputs = self.data.outputs
        loss = "cross-entropy" if self.data.classes else "mean squared error"
        self.fitness = f"negative {loss} on the training rows"
        if not np.isfinite(self.data.train.x).all():
            raise DataError("networks need finite numbers", where=self.data.source)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "data": self.data.without_test()}

    def settings(self) -> dict[str, Any]:
        """See the base class."""
        return dict(self._settings)

    @cached_property
    def _columns(self) -> NDArray[np.float64]:
        """(inputs, rows) of the training rows."""
        return _inputs(self.data.train.x)

    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """The negative loss of every network on the training rows; nothing is drawn."""
        rows = self._columns.shape[1]
        block = max(1, COLUMNS // rows)
        fitness = np.concatenate(
            [
                -self._losses(answers(networks, np.arange(at, min(at + block, networks.size)), self._columns))
                for at in range(0, networks.size, block)
            ]
        )
        return Scores(fitness, np.zeros(networks.size, np.bool_), np.full(networks.size, rows))

    def choose(self, networks: TableNetworks, seed: int) -> float:
        """The first network's score on the validation rows, by the data's own metric."""
        valid = self.data.valid
        return self.data.score(valid, self.predict(networks, valid.x))

    def verify(self, networks: TableNetworks, seed: int) -> dict[str, float]:
        """The first network's score on the validation rows, by the data's own metric."""
        return {f"{self.data.metric} on the validation rows": self.choose(networks, seed)}

    def test(self, networks: TableNetworks) -> Interval | None:
        """The first network's score on the test rows, whose seal this opens; None where there are none."""
        if not self.data.test.rows:
            return None
        split = self.data.test.open()
        answers = self.predict(networks, split.x)
        return scored(self.data.metric, split.y, answers, split.weight, self.data.class_weights).interval

    def table(self) -> dict[str, Any]:
        """What it takes to predict for raw rows."""
        data = self.data
        names = ("task", "target", "target_mean", "target_scale", "metric")
        known = {name: getattr(data, name) for name in names}
        weights = None if data.class_weights is None else list(data.class_weights)
        known |= {"classes": list(data.classes), "class_weights": weights}
        return {**known, "preprocessing": data.preprocessing.to_json()}

    def predict(self, networks: TableNetworks, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """What the first network says of some rows: probabilities (n, classes), or values (n,) in the target's units."""
        outputs = answers(networks, np.array([0]), _inputs(x))[:, 0]
        if self.data.classes:
            return np.ascontiguousarray(np.exp(log_softmax(outputs - self.data.shift[:, None])).T)
        return np.asarray(outputs[0] * self.data.target_scale + self.data.target_mean)

    def _losses(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(networks,) from (outputs, networks, rows)."""
        y, weight = self.data.train.y, self.data.weight
        each = np.ones(len(y)) if weight is None else weight.astype(np.float64)
        if not self.data.classes:
            squares = (outputs[0] - self.data.standardized(y)) ** 2
            return np.asarray(squares.mean(axis=1) if weight is None else np.average(squares, 1, each))
        said = log_softmax(outputs)[y, :, np.arange(len(y))]
        return np.asarray(-np.ascontiguousarray(said.T * each).sum(axis=1) / each.sum())


def answers(
    networks: TableNetworks, which: NDArray[np.intp], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(outputs, networks, rows): what some networks make of every row, each row for itself.

    Args:
        networks: The networks.
        which: (n,) of them.
        columns: (inputs, rows).
    """
    rows = columns.shape[1]
    working = networks.start(np.repeat(which, rows))
    outputs = working.step(np.ascontiguousarray(np.tile(columns, len(which))))
    return outputs.reshape(-1, len(which), rows)


def log_softmax(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of probabilities over axis 0."""
    shifted = outputs - outputs.max(axis=0)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=0)))


def _inputs(x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.ascontiguousarray(x.reshape(len(x), -1).T, dtype=np.float64)
