"""What a prepared data set is: its splits, the sealed test rows, and what was understood about it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from speciate.data.encoding import Encoding, options
from speciate.data.metrics import score
from speciate.data.notes import ColumnPlan, Note
from speciate.errors import UsageError
from speciate.text import clean, counted, listed

if TYPE_CHECKING:
    from speciate.data.preprocessing import Preprocessing

Task = Literal["classification", "regression"]

IMBALANCED = 0.9
"""From this share of the largest class on, accuracy says too little."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The rows of one part.

    Attributes:
        x: float32 (n, *input_shape), C-contiguous, finite.
        y: int64 (n,) class indices, or values (n,) in the target's own units for regression: float32 where that holds them to
            within 1e-4 of their standard deviation, else float64.
        weight: float32 (n,), positive, what each row counts in training and in scores; None where all count the same.
        numbers: int64 (n,), where each row is in its source, from 1; None where that is not known.
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    weight: NDArray[np.float32] | None = None
    numbers: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, chosen: NDArray[np.bool_]) -> Split:
        """Some of the rows: (n,) True for those."""
        weight = None if self.weight is None else self.weight[chosen]
        return Split(self.x[chosen], self.y[chosen], weight)

    def joined(self, other: Split) -> Split:
        """These rows and others after them."""
        weight = None
        if self.weight is not None and other.weight is not None:
            weight = np.concatenate([self.weight, other.weight])
        return Split(np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]), weight)


class Sealed:
    """The test rows, which only the champion may see, at the end.

    Args:
        rows: How many there are.
        split: The rows themselves, or None where they were taken out.
    """

    def __init__(self, rows: int, split: Split | None) -> None:
        self.rows = rows
        self._split = split
        self._opened = 0

    @property
    def opened(self) -> int:
        """How often the seal was broken."""
        return self._opened

    def open(self) -> Split:
        """The rows, counted.

        Raises:
            UsageError: The rows are not in this copy of the data.
        """
        if self._split is None:
            raise UsageError(
                "the test rows are not in this copy of the data",
                why="workers get the data without them, so that nothing can be selected on the test rows",
                hint="open them in the process that called load_data",
            )
        self._opened += 1
        return self._split

    def __repr__(self) -> str:
        return f"Sealed(rows={self.rows}, opened={self.opened})"


@dataclass(frozen=True, eq=False)
class Data:
    """A data set that is ready for training, and what was understood about it.

    Attributes:
        name: Short name, such as "digits" or "adult".
        source: Where it came from, as the user wrote it.
        task: "classification" or "regression".
        metric: Name of the score, resolved; see `speciate.data.METRICS`.
        train: The rows that networks learn from.
        valid: The rows that fitness is measured on.
        test: The sealed rows.
        classes: Labels as text, in the order of the class indices; empty for regression.
        class_weights: Weights in the order of `classes` that examples have in training besides their own, with a mean of 1 over
            the training rows; None if classes have none. They raise a network's logits by their logarithm.
        input_shape: (features,) or (channels, height, width).
        outputs: Number of classes, or 1.
        target: Name of what is predicted.
        target_mean: Mean of the training targets; 0 for classification.
        target_scale: Standard deviation of the training targets; 1 for classification. Networks are trained on
            (y - target_mean) / target_scale.
        preprocessing: How raw rows become standardized inputs, fitted on the training rows alone.
        notes: What was understood and decided; meant to be printed before any time is spent.
        fingerprint: SHA-256 over the prepared arrays and the settings.
        columns: What becomes of each column of a table; empty for anything else.
        encoding: What the inputs went through after the preprocessing, in data that `encoded` made.
        folds: int8 (training rows,), the fold of each, from 1: the validation rows are fold 0; see `fold`. None where training and
            validation rows cannot be exchanged: those of validation are later, or were given as such.
        split: In words, how the test rows were drawn; where there are none, those of validation.
    """

    name: str
    source: str
    task: Task
    metric: str
    train: Split
    valid: Split
    test: Sealed
    classes: tuple[str, ...]
    class_weights: tuple[float, ...] | None
    input_shape: tuple[int, ...]
    outputs: int
    target: str
    target_mean: float
    target_scale: float
    preprocessing: Preprocessing
    notes: tuple[Note, ...]
    fingerprint: str
    columns: tuple[ColumnPlan, ...] = ()
    encoding: Encoding | None = None
    folds: NDArray[np.int8] | None = None
    split: str = ""

    @property
    def parts(self) -> int:
        """Into how many folds the training and validation rows are divided; 1 where they cannot be exchanged."""
        return 1 if self.folds is None else int(self.folds.max()) + 1

    def fold(self, number: int) -> Data:
        """The same data with another part of the rows for validation, and the rest of what is not for test for training.

        Whatever was fitted to the training rows stays as it is.

        Args:
            number: 0 for the data as they are, or one of the training rows' folds, whose rows come next in order of their place;
                the validation rows then are the last training rows.
        """
        if not number:
            return self
        assert self.folds is not None
        chosen = self.folds == number
        train = self.train.take(~chosen).joined(self.valid)
        return dataclasses.replace(self, train=train, valid=self.train.take(chosen), folds=None)

    def whole(self) -> Data:
        """The same data with all rows for training, the test rows too, whose seal that opens."""
        train = self.train.joined(self.valid)
        train = train.joined(self.test.open()) if self.test.rows else train
        return dataclasses.replace(self, train=train, folds=None)

    @cached_property
    def weight(self) -> NDArray[np.float32] | None:
        """(n,) what each training row counts in the loss, its class included, with a mean of 1; None if all count the same."""
        weight, labels = self.train.weight, self.train.y
        if self.class_weights is not None:
            weight = np.asarray(self.class_weights)[labels] * (1 if weight is None else weight)
        return None if weight is None else (weight / weight.mean(dtype=np.float64)).astype(np.float32)

    @property
    def shift(self) -> NDArray[np.float64]:
        """(outputs,) by how much class weights raise the outputs of a network that is trained with them."""
        return np.zeros(self.outputs) if self.class_weights is None else np.log(self.class_weights)

    @property
    def start(self) -> NDArray[np.float64]:
        """(outputs,) where the outputs of fresh networks begin: the logarithms of the classes' shares, where these are far from equal.

        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002, section 4.1: otherwise the first steps go
        into learning them. Class weights make them equal.
        """
        if not self.classes or self.class_weights is not None or self.largest_class < IMBALANCED:
            return np.zeros(self.outputs)
        shares = np.bincount(self.train.y, self.train.weight, minlength=self.outputs) + 1e-3
        return np.asarray(np.log(shares) - np.log(shares).mean())

    def standardized(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Values (n,) of a regression as networks learn them, worked out in double precision."""
        return (values.astype(np.float64) - self.target_mean) / self.target_scale

    def score(self, split: Split, outputs: NDArray[Any], metric: str | None = None) -> float:
        """How good probabilities (n, classes), or values (n,), are for the rows of a split; see `speciate.data.score`."""
        return score(metric or self.metric, split.y, outputs, split.weight, self.class_weights)

    def weighting(self) -> dict[str, str]:
        """What a run has to remember of how classes were weighted, as JSON: nothing where nobody would think of it."""
        if self.class_weights is not None:
            return {"class_weights": "balanced"}
        return {"class_weights": "none"} if self.classes and self.largest_class >= IMBALANCED else {}

    @property
    def largest_class(self) -> float:
        """Share of the training rows that the largest class has."""
        return float(np.bincount(self.train.y).max() / len(self.train))

    @cached_property
    def bins(self) -> tuple[int, ...]:
        """The numbers of bins that `encoded` may be asked for beside 0; none for images."""
        return options(self.train.x)

    def encoding_for(self, bins: int) -> Encoding | None:
        """What a network does with its inputs first that takes numbers spread over bins; None if it takes them as they are (0)."""
        return Encoding.fit(self.train.x, bins) if bins else None

    def encoded(self, bins: int, fitted_to: Data | None = None) -> Data:
        """The data as such a network sees them; without the test rows.

        Args:
            bins: How many; 0 for the data as they are.
            fitted_to: The data whose training rows say where bins begin and end; these if not given.
        """
        if (encoding := (fitted_to or self).encoding_for(bins)) is None:
            return self
        train, valid = (dataclasses.replace(part, x=encoding(part.x)) for part in (self.train, self.valid))
        made = dataclasses.replace(self.without_test(), train=train, valid=valid, encoding=encoding)
        return dataclasses.replace(made, input_shape=(encoding.width,))

    def without_test(self) -> Data:
        """A copy for workers, in which the test rows are really absent."""
        return dataclasses.replace(self, test=Sealed(self.test.rows, None))

    def facts(self) -> dict[str, Any]:
        """What reports say about the data, as JSON."""
        return {
            "name": self.name,
            "source": self.source,
            "task": self.task,
            "metric": self.metric,
            "target": self.target,
            "classes": list(self.classes),
            "input_shape": list(self.input_shape),
            "widths": {str(bins): Encoding.fit(self.train.x, bins).width for bins in self.bins},
            "rows": {"train": len(self.train), "valid": len(self.valid), "test": self.test.rows},
            "split": self.split,
            "fingerprint": self.fingerprint,
            "notes": [[note.level, note.text] for note in self.notes],
            "summary": self.summary(),
        }

    def summary(self) -> list[str]:
        """A few plain lines for people."""
        parts = [(len(self.train), "training"), (len(self.valid), "validation"), (self.test.rows, "test")]
        total = sum(rows for rows, _ in parts)
        return [
            f"{self.name}: {counted(total, 'row')}, {self._inputs()}",
            f"target {listed([self.target])}: {self._goal()}",
            "rows: "
            + ", ".join(f"{rows:,} for {use}" for rows, use in parts)
            + (" (test is sealed until the end)" if self.test.rows else ""),
            f"score: {self.metric}"
            + (", with balanced class weights in training" if self.class_weights else ""),
        ]

    def lines(self) -> list[tuple[str, str]]:
        """All that people should see before a run, as labels and lines; what they should look at comes last."""
        lines = [("" if i else "data", text) for i, text in enumerate(self.summary())]
        lines += [("" if i else "columns", text) for i, text in enumerate(self.plan())]
        levels = {"info": "note", "warning": "warning"}
        notes = [
            (levels[note.level], note.text) for note in self.notes if not note.listed or not self.columns
        ]
        return lines + sorted(notes, key=lambda note: note[0] == "warning")

    def plan(self, most: int = 40) -> list[str]:
        """A line for each column of a table: how it is read and used; of many columns, one for those that are alike."""
        if len(self.columns) > most:
            groups: dict[str, list[ColumnPlan]] = {}
            for column in self.columns:
                groups.setdefault(column.alike, []).append(column)
            return [f"{_many(group)}: {listed([c.name for c in group], 4)}" for group in groups.values()]
        width = max((len(clean(column.name, 24)) for column in self.columns), default=0)
        return [f"{clean(column.name, 24):{width}}  {column.phrase}" for column in self.columns]

    def _inputs(self) -> str:
        if len(self.input_shape) == 3:
            channels, height, width = self.input_shape
            return f"images of {height} x {width} in {counted(channels, 'channel')}"
        made = counted(self.input_shape[0], "network input")
        return f"{self.preprocessing.describe()} -> {made}{' in bins' if self.encoding else ''}"

    def _goal(self) -> str:
        if self.task == "regression":
            return f"regression, mean {self.target_mean:.6g}, standard deviation {self.target_scale:.6g}"
        labels = np.concatenate([self.train.y, self.valid.y])
        shares = np.bincount(labels, minlength=self.outputs) / len(labels)
        if self.outputs <= 6:
            each = ", ".join(
                f"{label} {share:.1%}" for label, share in zip(self.classes, shares, strict=True)
            )
            return f"classification, {self.outputs} classes: {each}"
        return (
            f"classification, {self.outputs} classes of {shares.min():.1%} to {shares.max():.1%} of the rows"
        )


def _many(columns: list[ColumnPlan]) -> str:
    """`120 columns, number, 3 of them with up to 12 missing`."""
    gaps = [column.missing for column in columns if column.missing and column.kind]
    more = f", {len(gaps):,} of them with up to {max(gaps):,} missing" if gaps else ""
    return f"{counted(len(columns), 'column')}, {columns[0].alike}{more}"


def fingerprint(settings: Mapping[str, object], arrays: Iterable[NDArray[Any]]) -> str:
    """SHA-256 over settings (as JSON with sorted keys) and arrays (type, shape and bytes)."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
