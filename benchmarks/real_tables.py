"""Nine real tables, each as a training file and a test file, and how predictions on them are scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import places

TARGET = "y"
"""The target's name in every table."""

TRAINING_ROWS = 12_000
"""Most training rows, as in the tables that come already split."""

TEST = 0.2
"""Share of the test rows where a table comes in one file."""

HOLDOUT = 0.25
"""Share of the training rows that stand for the test rows during development."""


@dataclass(frozen=True)
class RealTable:
    """A table.

    Attributes:
        source: Its folder with train.csv and test.csv, or its one file, relative to the folder of the data.
        regression: Whether the target is a number.
        target: The target's name in the source.
    """

    source: str
    regression: bool = False
    target: str = TARGET


TABLES = {
    "phoneme": RealTable("benchmark/phoneme"),
    "credit-g": RealTable("benchmark/credit-g"),
    "churn": RealTable("benchmark/churn"),
    "winequality": RealTable("benchmark/winequality", regression=True),
    "concrete": RealTable("benchmark/concrete", regression=True),
    "protein": RealTable("benchmark/protein", regression=True),
    "adult": RealTable("tabular/adult.csv", target="income"),
    "housing": RealTable("tabular/housing.csv", regression=True, target="medianHouseValue"),
    "letter": RealTable("tabular/letter.csv", target="class"),
}
"""The tables by name."""

FILES = tuple(table.source for table in TABLES.values())


def chosen(names: str) -> dict[str, RealTable]:
    """The tables of a list such as `adult,housing`, or `all`.

    Raises:
        ValueError: There is no such table.
    """
    wanted = list(TABLES) if names == "all" else names.split(",")
    if unknown := [name for name in wanted if name not in TABLES]:
        raise ValueError(f"there is no table {', '.join(unknown)}; there are {', '.join(TABLES)}")
    return {name: TABLES[name] for name in wanted}


def count(names: str) -> int:
    """How many tables a list has."""
    return len(TABLES) if names == "all" else len(names.split(","))


def write(name: str, folder: Path, develop: int | None = None) -> tuple[Path, Path]:
    """Write a table's train.csv and test.csv into a folder, every cell as it is in the source.

    Args:
        name: Of the table.
        folder: Where to.
        develop: Seed of the split of the training rows; then the test rows are not looked at. None for the test rows.

    Returns:
        Both files.
    """
    table = TABLES[name]
    source = places.data() / table.source
    if source.is_dir():
        train, test = _text(source / "train.csv"), _text(source / "test.csv")
    else:
        rows = _text(source).rename(columns={table.target: TARGET})
        train, test = split(rows, TEST, 0)
        train = train.iloc[:TRAINING_ROWS]
    if develop is not None:
        train, test = split(train, HOLDOUT, develop)
    files = folder / "train.csv", folder / "test.csv"
    for file, part in zip(files, (train, test), strict=True):
        part.to_csv(file, index=False)
    return files


def _text(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def split(rows: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All but a share of the rows, and that share, both in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(rows))
    count = round(share * len(rows))
    return rows.iloc[order[count:]], rows.iloc[order[:count]]


def classification_scores(y: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> dict[str, float]:
    """Error, log loss, and of two classes the calibration error.

    Args:
        y: Labels, (n,) text.
        probabilities: (n, classes).
        classes: The label of each column. A label of `y` that is not among them has probability 0.

    Returns:
        `error`: the share of wrong answers. `log_loss`: in nats, probabilities clipped at 1e-7. `ece`: see
        `calibration_error`; `ece_by_chance`: what it would be, on so few rows, if the probabilities were exactly right.
    """
    column = {label: i for i, label in enumerate(classes)}
    truth = np.array([column.get(label, -1) for label in y])
    p = np.where(truth >= 0, probabilities[np.arange(len(y)), truth], 0.0)
    right = probabilities.argmax(axis=1) == truth
    found = {
        "error": float(1 - right.mean()),
        "log_loss": float(-np.log(p.clip(1e-7, 1.0)).mean()),
    }
    if len(classes) == 2:
        confidence, rng = probabilities.max(axis=1), np.random.default_rng(0)
        found["ece"] = calibration_error(confidence, right)
        drawn = [calibration_error(confidence, rng.random(len(y)) < confidence) for _ in range(200)]
        found["ece_by_chance"] = float(np.mean(drawn))
    return found


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: confidence less accuracy, over bins of equal width.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599, equation 3.

    Args:
        confidence: Probability of the answer given, (n,).
        right: Whether it was right, (n,).
        bins: How many.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(right))


def regression_scores(y: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """The root of the mean squared error as `error`."""
    return {"error": float(np.sqrt(np.mean((values - y) ** 2)))}
