"""From a source to data that is ready for training: read, understand, split, fit, transform."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from speciate.data.dataset import IMBALANCED, Data, Sealed, Split, fingerprint
from speciate.data.metrics import find_metric, score
from speciate.data.preprocessing import Preprocessing
from speciate.data.splitting import contradictions
from speciate.errors import ConfigurationError, DataError, EvaluationError
from speciate.rng import Stream, generator
from speciate.text import counted, did_you_mean, quoted

if TYPE_CHECKING:
    import pandas as pd

    from speciate.data.columns import Columns
    from speciate.data.raw import Raw, Reading
    from speciate.data.targets import Target

TASKS = ("auto", "classification", "regression")


def check_settings(
    source: object, task: str, metric: str, validation: float | None, test: float, seed: int, **others: Any
) -> None:
    """Refuse what makes no sense before any data is read; `others` are what `contradictions` takes besides.

    Raises:
        ConfigurationError: Some argument is unknown or out of range; says all of them.
    """
    problems: list[ConfigurationError] = []
    if task not in TASKS:
        close = did_you_mean(str(task), TASKS)
        hint = f"{close} " if close else ""
        problems.append(
            ConfigurationError(
                f"there is no task {quoted(task)}", where="task", hint=f"{hint}tasks: {', '.join(TASKS)}"
            )
        )
    if metric != "auto":
        try:
            find_metric(metric, task if task in TASKS[1:] else None)
        except ConfigurationError as error:
            problems.append(error)
    if validation is not None and not _within(validation, 0, 1, open_below=True):
        problems.append(_range("validation", validation, "above 0 and below 1"))
    if not _within(test, 0, 1, open_below=False):
        problems.append(_range("test", test, "at least 0 and below 1"))
    try:
        good = operator.index(seed) >= 0
    except TypeError:
        good = False
    if not good:
        problems.append(_range("seed", seed, "a whole number, at least 0"))
    found = contradictions(source, validation=validation, test=test, **others)
    problems += [ConfigurationError(f"{key}: {text}", where=key) for key, text in found]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ConfigurationError(
            f"{len(problems)} settings cannot be used: " + "; ".join(problem.what for problem in problems),
            where=", ".join(problem.where for problem in problems),
            hint="; ".join(problem.hint for problem in problems if problem.hint),
        )


def _within(value: object, low: float, high: float, *, open_below: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (low < value if open_below else low <= value) and value < high


def _range(name: str, value: object, rule: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is {str(value)[:40]}, but must be {rule}", where=name)


def load_data(
    source: object,
    *,
    target: str | None = None,
    task: str = "auto",
    metric: str = "auto",
    validation: float | None = None,
    test: float = 0.2,
    seed: int = 0,
    keep_rare: bool = False,
    class_weights: str = "none",
    weight_column: str | ArrayLike | None = None,
    group: str | ArrayLike | None = None,
    time_column: str | ArrayLike | None = None,
    validation_file: object = None,
    test_file: object = None,
    encoding: str | None = None,
    ignore: Iterable[str] = (),
    categorical: Iterable[str] = (),
    numeric: Iterable[str] = (),
    keep_none: bool = False,
    image_size: tuple[int, int] | None = None,
    memory: int | None = None,
) -> Data:
    """Read a source and prepare it for training.

    Args:
        source: `sklearn:NAME`, a CSV, TSV or Parquet file, an `.npz` file, `idx:DIR` (MNIST's format), a folder of
            images by class, `openml:ID`; or a pair (X, y) of arrays or tables, or a DataFrame with `target`.
        target: The column to predict; needed for tables, not allowed where the source says it itself.
        task: "auto", "classification" or "regression".
        metric: "auto" or a name from `METRICS`.
        validation: Fraction of the rows not for test that fitness is measured on; None for 1/6 if the source has
            its own test rows, else 1/5.
        test: Fraction of all rows to seal, 0 for none; a source's own test rows are kept as they are.
        seed: Decides the split.
        keep_rare: Keep classes with fewer rows than there are parts, for training alone, instead of refusing them.
        class_weights: "balanced" lets every class count the same in training. It always does where the metric is a balanced one.
        weight_column: The column that says what each row counts, in training and in scores, which is no input then; or (n,) numbers.
        group: The column that says which rows belong together, or (n,) of what says so: no group is in two parts.
        time_column: The column that says when, or (n,) numbers or dates: validation rows are later than training rows, test
            rows later than both.
        validation_file: A source with the validation rows, with the same columns.
        test_file: The same for the test rows.
        encoding: Of a text table; None finds it out.
        ignore: Columns to leave out.
        categorical: Columns to use as categories, whatever they look like, such as a code.
        numeric: Columns to use as numbers; other texts in them are missing.
        keep_none: Whether words such as None or NA are classes where they are in the target.
        image_size: Height and width that images from files are resized to; None for their median size, at most 256.
        memory: Bytes that reading may take; None for half of the machine's memory.

    Raises:
        DataError: The source cannot be read or used.
        ConfigurationError: An argument is unknown or out of range.
    """
    given = {"target": target, "group": group, "time_column": time_column}
    files = {"validation_file": validation_file, "test_file": test_file}
    check_settings(source, task, metric, validation, test, seed, **given, **files)
    # pandas takes half a second to import, and whoever only needs `Data` or `score` does without it.
    from speciate.data.orders import take_order
    from speciate.data.parts import divide, join_files
    from speciate.data.raw import Reading
    from speciate.data.sources import read_source
    from speciate.data.targets import drop_unlabeled, understand_target
    from speciate.data.weights import weighted

    reading = Reading(
        encoding, tuple(ignore), tuple(categorical), tuple(numeric), keep_none, image_size, memory
    )
    raw = join_files(read_source(source, target, reading), target, reading, *files.values())
    order = take_order(raw, group, time_column)
    raw = weighted(raw, weight_column)
    if order is not None:
        raw = order.usable(raw)
    raw, goal = understand_target(drop_unlabeled(raw, keep_none), task)
    rows = len(goal.y)
    to_split = rows - raw.own_valid - raw.own_test
    need = 1 + (raw.own_valid == 0) + (raw.own_test == 0 and test > 0)
    if to_split < need:
        raise DataError(
            f"{counted(rows, 'row')} with a target: too few to split", where=raw.source, hint="give more rows"
        )
    if rows < 50:
        raw.warn(f"only {counted(rows, 'row')}: every score will be very uncertain")
    columns = _columns(raw, reading)
    rng = generator(seed, Stream.SPLIT)
    parts, folds, split = divide(
        raw, goal, columns, order, need, rng, validation=validation, test=test, keep_rare=keep_rare
    )
    return _prepare(raw, goal, columns, parts, folds, split, metric, class_weights)


def _prepare(
    raw: Raw,
    goal: Target,
    columns: Columns | None,
    parts: tuple[NDArray[np.int64], ...],
    folds: NDArray[np.int8] | None,
    split: str,
    metric: str,
    class_weights: str,
) -> Data:
    from speciate.data.fitting import plan_of
    from speciate.data.weights import balanced

    preprocessing = _fit(raw, goal, columns, parts[0])
    labels = goal.y[parts[0]]
    regression = goal.task == "regression"
    mean, scale = (float(labels.mean()), _spread(labels)) if regression else (0.0, 1.0)
    splits = [_split(raw, goal, columns, rows, preprocessing, scale) for rows in parts]
    metric = _metric(raw, goal, labels, metric)
    weights = balanced(raw, goal, metric, class_weights, splits[0])
    settings = {
        "task": goal.task,
        "metric": metric,
        "classes": list(goal.classes),
        "target": raw.target,
        "preprocessing": preprocessing.state.fitted(),
    }
    data = Data(
        name=raw.name,
        source=raw.source,
        task=goal.task,
        metric=metric,
        train=splits[0],
        valid=splits[1],
        test=Sealed(len(splits[2]), splits[2]),
        classes=goal.classes,
        class_weights=weights,
        input_shape=preprocessing.input_shape,
        outputs=len(goal.classes) or 1,
        target=raw.target,
        target_mean=mean,
        target_scale=scale,
        preprocessing=preprocessing,
        notes=tuple(raw.notes),
        fingerprint=fingerprint(settings, [a for s in splits for a in (s.x, s.y, s.weight) if a is not None]),
        columns=() if columns is None else plan_of(columns, preprocessing.state),
        folds=folds,
        split=split,
    )
    return data if _is_defined(data) else replace(data, folds=None)


def _is_defined(data: Data) -> bool:
    """Whether the metric is defined on the rows of every fold: some need rows of every class."""
    split, classes = data.train, len(data.classes)
    for number in range(1, data.parts if classes else 1):
        rows = np.flatnonzero(data.folds == number)
        weight = None if split.weight is None else split.weight[rows]
        try:
            with warnings.catch_warnings(action="ignore"):  # of a class that is never the answer
                score(data.metric, split.y[rows], np.full((len(rows), classes), 1 / classes), weight)
        except EvaluationError:
            return False
    return True


def _columns(raw: Raw, reading: Reading) -> Columns | None:
    """The columns to use, whose cells become what they mean; None for arrays."""
    from speciate.data.fitting import choose_columns

    if not isinstance(raw.x, np.ndarray):
        return choose_columns(raw, reading)
    if named := [*reading.ignore, *reading.numeric, *reading.categorical]:
        raise DataError(
            f"there is no column {quoted(named[0])}: the rows of {raw.name} are no table", where=raw.source
        )
    return None


def _fit(raw: Raw, goal: Target, columns: Columns | None, train: NDArray[np.int64]) -> Preprocessing:
    from speciate.data import image
    from speciate.data.fitting import fit_rows

    if columns is not None:
        return Preprocessing(fit_rows(raw, goal, train, columns))
    x = np.asarray(raw.x)
    if lost := image.not_finite(x):
        raw.warn(f"{counted(lost, 'value')} of the arrays not finite: the mean is used instead")
    shape = x.shape[1:] if raw.white else image.input_shape(x.shape[1:])
    if len(shape) == 3 and not raw.white:
        raw.info(
            f"rows of shape {x.shape[1:]} are used as images of {shape[1]} x {shape[2]} in "
            f"{counted(shape[0], 'channel')}; values that stand for themselves have one axis: (n, features)"
        )
    return Preprocessing(image.fit(x[train], shape, raw.white))


def _split(
    raw: Raw,
    goal: Target,
    columns: Columns | None,
    rows: NDArray[np.int64],
    preprocessing: Preprocessing,
    scale: float,
) -> Split:
    if columns is None:
        x = preprocessing.transform(np.asarray(raw.x)[rows])
    else:  # its cells have been read
        x = preprocessing.encoder.encode(columns.read, rows)
    dtype = np.int64 if goal.task == "classification" else _float_for(goal.y, scale)
    weight = None if raw.weight is None else raw.weight[rows].astype(np.float32)
    numbers = np.asarray(raw.y.index if raw.numbers is None else raw.numbers, np.int64)[rows] + 1
    return Split(x, np.ascontiguousarray(goal.y[rows], dtype=dtype), weight, numbers)


def _float_for(values: NDArray[np.float64], scale: float) -> type[np.floating[Any]]:
    """Single precision where it holds the values as exactly as networks can learn them, else double."""
    with np.errstate(over="ignore"):
        lost = np.abs(values.astype(np.float32) - values).max()
    return np.float32 if lost <= 1e-4 * scale and scale > 1e-30 else np.float64


def _spread(values: NDArray[np.float64]) -> float:
    """The standard deviation, or 1 if the values do not differ."""
    unit = float(np.abs(values - values.mean()).max())
    return (float(values.std()) or float((values / unit).std()) * unit) if unit else 1.0


def _metric(raw: Raw, goal: Target, labels: NDArray[Any], metric: str) -> str:
    """The score's name."""
    default, why = "r2", "the default for regression: 1 is perfect, 0 is as good as the mean"
    if goal.task == "classification":
        counts = np.bincount(labels, minlength=len(goal.classes))
        largest = counts.max() / counts.sum()
        default, why = "accuracy", "the default for classification: the share of right answers"
        if largest >= IMBALANCED:
            default = "balanced_accuracy"
            why = f"always answering {goal.classes[int(counts.argmax())]} would already be {largest:.1%} accurate"
            raw.warn(f"strongly imbalanced classes, the largest has {largest:.1%} of the rows")
    if metric == "auto":
        raw.info(f"score: {default} ({why})")
    found = find_metric(default if metric == "auto" else metric, goal.task)
    if raw.weight is not None and not found.takes_weights:
        raise ConfigurationError(f"{found.name} cannot count rows by their weights", where="metric")
    return found.name


def load_rows(
    source: object, preprocessing: Preprocessing, encoding: str | None = None, memory: int | None = None
) -> tuple[pd.DataFrame | NDArray[Any], NDArray[np.float32]]:
    """Rows to predict for.

    Args:
        source: The same kinds of sources as for `load_data`, with or without a target.
        preprocessing: That of the network.
        encoding: Of a text table; None finds it out.
        memory: Bytes that reading may take; None for half of the machine's memory.

    Returns:
        The rows as they are in the source (for a folder of images, a table of the files' names), and the network's
        inputs (n, *input_shape) in the same order.

    Raises:
        DataError: The source cannot be read, or lacks columns.
    """
    from speciate.data.raw import Reading
    from speciate.data.sources import read_rows

    shown, rows = read_rows(source, preprocessing, Reading(encoding, memory=memory))
    return shown, preprocessing.transform(rows)
