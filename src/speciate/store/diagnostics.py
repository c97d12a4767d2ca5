"""What is known of a champion's answers beside its score: records of a size that does not grow with rows, classes or columns."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge, Le, Len

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_CLASSES = 26
"""A confusion matrix has at most so many classes."""
MOST_SCORES = 100
"""So many classes have scores of their own."""
MOST_POINTS = 1000
"""Points of a curve or a cloud."""
MOST_ROWS = 10
"""Rows with the largest errors."""
MOST_COLUMNS = 30
"""Columns whose importance is told."""

SOUND: Any = {"allow_inf_nan": False}
"""How pydantic reads these records, which may come from a stranger. What a later version adds is left out."""

Count = Annotated[int, Ge(0)]
Part = Annotated[float, Ge(0), Le(1)]
Sum = Annotated[float, Ge(0)]


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its 95 % interval; without one where that is not known."""

    __pydantic_config__: ClassVar[Any] = SOUND
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ClassScores:
    """One class: which (as an index), its rows, and its scores; None where there are no rows to measure them on.

    `auc` is the area under the ROC curve of this class against the rest.
    """

    __pydantic_config__: ClassVar[Any] = SOUND
    label: Count
    rows: Count
    precision: Measured | None
    recall: Measured | None
    f1: float | None
    auc: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose probability is in one bin: how many, their mean probability, and the share in which it came true."""

    __pydantic_config__: ClassVar[Any] = SOUND
    rows: Count
    predicted: Part
    seen: Measured


@dataclass(frozen=True, slots=True)
class Certain:
    """The most certain rows: which share of all, how many, and the accuracy on them."""

    __pydantic_config__: ClassVar[Any] = SOUND
    share: Part
    rows: Count
    accuracy: Measured


@dataclass(frozen=True, slots=True)
class WrongLabel:
    """A row that was given a wrong label: its number, both classes, and how probable the wrong one was thought."""

    __pydantic_config__: ClassVar[Any] = SOUND
    row: Count
    label: Count
    called: Count
    probability: Part


@dataclass(frozen=True, slots=True)
class Labels:
    """Answers of a classification. Where rows count by weights, so do all shares and sums, and there are no intervals.

    Attributes:
        matrix: Rows of each class (first axis) that were called each class; empty where there are too many classes.
        confused: Otherwise the most frequent errors: (class, called, rows).
        scores: Of each class in order; with more than `MOST_SCORES`, of those with the lowest F1.
        bins: Calibration, of the bins that hold rows: of the second class of two, else of the class that was named.
        calibration_error: Mean distance between probability and share over the bins, by their rows (ECE).
        auc: Area under the ROC curve; of more than two classes, the mean of each against the rest.
        roc: Its points (false positive rate, true positive rate) for two classes; else empty.
        certain: Accuracy on the most certain rows.
        wrong: Wrong labels, the surest first.
    """

    __pydantic_config__: ClassVar[Any] = SOUND
    matrix: Annotated[tuple[tuple[Sum, ...], ...], Len(0, MOST_CLASSES)]
    confused: Annotated[tuple[tuple[Count, Count, Sum], ...], Len(0, MOST_SCORES)]
    scores: Annotated[tuple[ClassScores, ...], Len(0, MOST_SCORES)]
    bins: Annotated[tuple[Bin, ...], Len(0, MOST_SCORES)]
    calibration_error: float
    auc: Measured | None
    roc: Annotated[tuple[tuple[Part, Part], ...], Len(0, MOST_POINTS)]
    certain: Annotated[tuple[Certain, ...], Len(0, MOST_SCORES)]
    wrong: Annotated[tuple[WrongLabel, ...], Len(0, MOST_ROWS)]


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A row with a large error: its number, the value, and the prediction."""

    __pydantic_config__: ClassVar[Any] = SOUND
    row: Count
    value: float
    predicted: float


@dataclass(frozen=True, slots=True)
class Residuals:
    """How residuals (value minus prediction) are distributed: rows in equal bins from `low` to `high`, and beyond both ends."""

    __pydantic_config__: ClassVar[Any] = SOUND
    low: float
    high: float
    counts: Annotated[tuple[Count, ...], Len(1, MOST_SCORES)]
    below: Count
    above: Count
    mean: float


@dataclass(frozen=True, slots=True)
class Values:
    """Answers of a regression, in the target's own units.

    Attributes:
        points: (value, prediction) of some rows, drawn at random.
        residuals: The distribution of all residuals.
        within: (share, error): that share of the rows has at most this absolute error.
        largest: The largest errors, the largest first.
    """

    __pydantic_config__: ClassVar[Any] = SOUND
    points: Annotated[tuple[tuple[float, float], ...], Len(1, MOST_POINTS)]
    residuals: Residuals
    within: Annotated[tuple[tuple[Part, Sum], ...], Len(0, MOST_ROWS)]
    largest: Annotated[tuple[WrongValue, ...], Len(0, MOST_ROWS)]


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """By how much the score falls when a column's values are shuffled among the rows."""

    __pydantic_config__: ClassVar[Any] = SOUND
    name: str
    fall: Measured


@dataclass(frozen=True, slots=True)
class Importance:
    """Permutation importance.

    Attributes:
        rows: Rows of each repeat.
        repeats: How often each column was shuffled.
        columns: How many columns there are.
        found: The most important ones, the most important first.
    """

    __pydantic_config__: ClassVar[Any] = SOUND
    rows: Count
    repeats: Count
    columns: Count
    found: Annotated[tuple[ColumnImportance, ...], Len(1, MOST_COLUMNS)]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What is known of a champion's answers on some rows.

    Attributes:
        rows: How many rows.
        sealed: Whether they are the sealed test rows, else the validation rows, by which the champion was chosen.
        labels: Of a classification.
        values: Of a regression.
        importance: Of the columns of a table.
    """

    __pydantic_config__: ClassVar[Any] = SOUND
    rows: Count
    sealed: bool
    labels: Labels | None = None
    values: Values | None = None
    importance: Importance | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, value: object) -> Diagnostics | None:
        """What `to_json` wrote; None for anything else."""
        if not value:
            return None
        try:
            found = _reader().validate_python(value)
        except ValueError:
            return None
        matrix = found.labels.matrix if found.labels else ()
        return found if all(len(row) == len(matrix) for row in matrix) else None


@cache
def _reader() -> TypeAdapter[Diagnostics]:
    from pydantic import TypeAdapter  # takes longer to import than most reports to read

    return TypeAdapter(Diagnostics)
