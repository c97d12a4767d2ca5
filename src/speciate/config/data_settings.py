"""The settings of a run that say which data it learns from, how they are read and how they are divided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from speciate.config.settings import Bytes, ImageSize, Names, Settings, setting
from speciate.data.splitting import contradictions

DIVIDING = ("group", "time_column", "validation_file", "test_file")
"""Settings that say how data are divided, beside shares and a seed."""
READING = ("ignore", "categorical", "numeric", "encoding", "keep_none")
"""Settings that say how a table is read."""


class DataSettings(Settings):
    """What can be set about the data of a run."""

    data: str = setting(
        ..., "CSV or Parquet file, .npz, folder of images, idx:DIR, sklearn:NAME, openml:ID.", min_length=1
    )
    target: str | None = setting(None, "Column to predict; needed for tables.", "Data", metavar="COLUMN")
    task: Literal["auto", "classification", "regression"] = setting("auto", "What to learn.", "Data")
    metric: str = setting("auto", "Score to evolve, such as accuracy or r2.", "Data")
    validation: float | None = setting(
        None, "Share of the rows not for test that fitness is measured on. [default: 0.2]", "Data", gt=0, lt=1
    )
    test: float = setting(0.2, "Share of the rows sealed for the champion's test.", "Data", ge=0, lt=1)
    split_seed: int | None = setting(
        None, "Seed of the split. [default: the run's seed]", "Data", ge=0, le=2**63 - 1
    )
    image_size: ImageSize | None = setting(
        None,
        "Height and width that images are resized to, such as 32x48 or 32. [default: their median size, at most 256]",
        "Data",
        metavar="HxW",
    )
    memory: Bytes | None = setting(
        None,
        "Most memory that reading the data may take, such as 4GB. [default: half of the machine's]",
        "Data",
        metavar="SIZE",
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none",
        "balanced: every class counts the same in training. It always does for balanced_accuracy. Probabilities stay those of "
        "the data.",
        "Data",
    )
    weight_column: str | None = setting(
        None,
        "Column that says what each row counts, in training and in scores; it is no input.",
        "Data",
        metavar="COLUMN",
        min_length=1,
    )
    group: str | None = setting(
        None,
        "Column that says which rows belong together: no group is in two parts. It is no input.",
        "Data",
        metavar="COLUMN",
        min_length=1,
    )
    time_column: str | None = setting(
        None,
        "Column of dates or numbers: train on the past, validate on what comes next, test on the latest. It is no input.",
        "Data",
        metavar="COLUMN",
        min_length=1,
    )
    validation_file: str | None = setting(
        None, "The validation rows, in a file of their own.", "Data", metavar="FILE", min_length=1
    )
    test_file: str | None = setting(
        None, "The test rows, in a file of their own.", "Data", metavar="FILE", min_length=1
    )
    ignore: Names | None = setting(None, "Columns to leave out.", "Data", metavar="A,B,...")
    categorical: Names | None = setting(
        None, "Columns that are categories although they look like numbers.", "Data", metavar="A,B,..."
    )
    numeric: Names | None = setting(
        None, "Columns that are numbers; other texts in them are missing.", "Data", metavar="A,B,..."
    )
    encoding: str | None = setting(
        None, "Encoding of a text table, such as gb18030. [default: found out]", "Data", min_length=1
    )
    keep_none: bool = setting(False, "Words such as None or NA in the target are classes.", "Data")

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Settings that do not go together, as (key, what is wrong)."""
        yield from super().contradictions()
        yield from contradictions(self.data, **self.divided(0))

    def divided(self, seed: int) -> dict[str, Any]:
        """How data are read and split, as `load_data` takes it.

        Args:
            seed: Of the split, where it has none of its own.
        """
        seed = seed if self.split_seed is None else self.split_seed
        names = (
            "target",
            "task",
            "metric",
            "validation",
            "test",
            "class_weights",
            "weight_column",
            "image_size",
            "memory",
            *DIVIDING,
        )
        reading = {name: getattr(self, name) or () for name in ("ignore", "categorical", "numeric")}
        reading |= {"encoding": self.encoding, "keep_none": self.keep_none}
        return {**{name: getattr(self, name) for name in names}, **reading, "seed": seed}
