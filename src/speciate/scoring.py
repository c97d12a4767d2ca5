"""Scores a finished champion on rows with known answers, and says which of them it was trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.champion import Model, load_model
from speciate.data import METRICS
from speciate.data.cells import text_of
from speciate.data.splitting import USES
from speciate.errors import DataError, EvaluationError, SpeciateError
from speciate.evaluators.intervals import Interval, scored
from speciate.files import read_file
from speciate.intervals import few
from speciate.store import RunFolder, find_champion
from speciate.text import counted, quoted

if TYPE_CHECKING:
    from speciate.data import Data
    from speciate.data.raw import Raw


@dataclass(frozen=True)
class Scoring:
    """What a champion is worth on some rows.

    Attributes:
        metric: Name of the score that the run evolved.
        rows: How many rows were scored.
        left_out: How many were not, by reason.
        scores: The score and its 95 % confidence interval by metric; without those that these rows do not allow.
        undefined: Why, for each metric that they do not allow.
        known: How many of the rows have the inputs of a row of the run, by what that was for; None if that cannot be told.
        unknown_why: Why it cannot be told.
        same_file: Whether the rows are the very file that the run was made of.
        fresh: The run's score on the rows that are neither among its training nor its validation rows; None if that is all rows
            or none, or cannot be told.
        refit: Whether it was trained on all rows of the run, those for test too; then they are not fresh.
    """

    metric: str
    rows: int
    left_out: dict[str, int]
    scores: dict[str, Interval]
    undefined: dict[str, str]
    known: dict[str, int] | None
    unknown_why: str
    same_file: bool
    fresh: Interval | None
    refit: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def lines(self) -> list[tuple[str, str]]:
        """Labels and lines for people."""
        found = [("rows", f"{self.rows:,} scored")]
        found += [("warning", f"{counted(n, 'row')} left out: {why}") for why, n in self.left_out.items()]
        each = [f"{name} {_shown(interval)}" for name, interval in self.scores.items()]
        each += [f"{name} is undefined: {why}" for name, why in self.undefined.items()]
        found += [("" if i else "score", text) for i, text in enumerate(each)]
        found += [("note", few(self.rows, "row"))] * bool(few(self.rows, "row"))
        if self.same_file:
            found.append(("warning", "this is the file that the run was made of"))
        if self.known is None:
            found.append(("note", f"whether it was trained on these rows cannot be told: {self.unknown_why}"))
            return found
        for use, number in self.known.items():
            label = "note" if use == USES[2] and not self.refit else "warning"
            found.append(
                (label, f"{number:,} of {self.rows:,} rows have the inputs of a {use} row of the run")
            )
        if not self.known:
            found.append(("note", "none of these rows is among the run's own"))
        if self.fresh is not None:
            text = f"{self.metric} {_shown(self.fresh)}, on {counted(self.fresh.rows, 'row')}"
            parts = (
                "any of the run's own rows, on all of which it was trained"
                if self.refit
                else "training and validation rows"
            )
            found.append(("", f"without {parts}: {text}"))
        elif self.refit and self.known:
            found.append(("", "it was trained on all rows of the run: only other rows can test it"))
        return found


def _shown(interval: Interval) -> str:
    low, high = interval.low, interval.high
    between = f" (95 % interval {low:.4g} to {high:.4g})" if np.isfinite((low, high)).all() else ""
    return f"{interval.score:.4g}{between}"


def score_champion(
    run: str | Path | Model,
    source: object,
    *,
    target: str | None = None,
    encoding: str | None = None,
    runs: str | Path = "runs",
) -> Scoring:
    """Score a champion on rows with known answers.

    Args:
        run: A run's name or folder, a champion's folder, or a loaded model.
        source: What `load_data` takes, with the target.
        target: The column that holds it, where that is not the one that the champion was trained to predict.
        encoding: Of a text table; None finds it out.
        runs: The folder of all runs.

    Raises:
        UsageError: The champion does something else than predicting for rows.
        DataError: The source cannot be read, or has no row that can be scored.
    """
    from speciate.data.sources import read_labeled

    folder = None if isinstance(run, Model) else find_champion(str(run), Path(runs))
    model = run if isinstance(run, Model) else load_model(folder or Path())
    preprocessing, rows = model.preprocessing, model.description.rows
    assert rows is not None
    raw = read_labeled(source, target, rows.target, preprocessing.text_columns, encoding)
    raw, y, left_out = _answers(raw, model)
    x: Any = raw.x.to_numpy() if raw.anonymous and not isinstance(raw.x, np.ndarray) else raw.x
    inputs = preprocessing.transform(x)
    outputs = model.outputs(inputs)
    said = model.answers(outputs)
    names = [
        rows.metric,
        *(name for name, m in METRICS.items() if m.task == rows.task and name != rows.metric),
    ]
    scores, undefined = dict[str, Interval](), dict[str, str]()
    for name in names:
        try:
            scores[name] = _finite(scored(name, y, said, None, rows.class_weights).interval)
        except EvaluationError as error:
            undefined[name] = error.why or error.what
    data, why = _data_of(folder)
    if data is not None and data.preprocessing != preprocessing:
        data, why = None, "the run's data are not what they were"
    known, fresh, refit = None, None, bool(getattr(model.description, "refit", False))
    if data is not None:
        part = _parts_of(inputs, data)
        known = {use: n for i, use in enumerate(USES) if (n := int((part == i).sum()))}
        new = part < 0 if refit else (part < 0) | (part == USES.index("test"))
        if new.any() and not new.all():
            try:
                fresh = _finite(scored(rows.metric, y[new], said[new], None, rows.class_weights).interval)
            except EvaluationError:
                fresh = None
    same = data is not None and _same_content(source, data.source)
    return Scoring(rows.metric, len(y), left_out, scores, undefined, known, why, same, fresh, refit)


def _answers(raw: Raw, model: Model) -> tuple[Raw, NDArray[Any], dict[str, int]]:
    """The rows whose answer can be scored, these answers, and how many others there are, by reason."""
    from speciate.data import values
    from speciate.data.targets import target_numbers

    left_out: dict[str, int] = {}
    known = set(model.classes)
    written = raw.y if raw.written is None else raw.written
    texts = values.spread(
        written, lambda cell: str(cell).strip() if str(cell).strip() in known else text_of(cell), None, object
    )
    there = values.has_text(texts)
    if not there.all():
        left_out[f"no value in {quoted(raw.target)}"] = int((~there).sum())
    if model.classes:
        places = {label: i for i, label in enumerate(model.classes)}
        y: NDArray[Any] = np.array([places.get(text, -1) for text in texts], dtype=np.int64)
        odd = there & (y < 0)
        labels, numbers = np.unique(texts[odd].astype(str), return_counts=True)
        for label, number in list(zip(labels, numbers, strict=True))[:20]:
            left_out[f"the model does not know class {quoted(label)}"] = int(number)
        if len(labels) > 20:
            left_out[f"nor {len(labels) - 20:,} other classes"] = int(numbers[20:].sum())
        usable = y >= 0
    else:
        y = target_numbers(raw)[0]
        usable = ~np.isnan(y)
        if odd_rows := int((there & ~usable).sum()):
            left_out[f"{quoted(raw.target)} is not a number"] = odd_rows
    if not usable.any():
        raise DataError(
            f"none of {counted(len(usable), 'row')} can be scored",
            where=raw.source,
            why="; ".join(f"{number:,}: {why}" for why, number in left_out.items()),
        )
    return raw.keep(usable), y[usable], left_out


def _finite(interval: Interval) -> Interval:
    """An interval whose ends are numbers, for JSON; those of a score that no resample has are the score itself."""
    ends = [end if np.isfinite(end) else interval.score for end in (interval.low, interval.high)]
    return Interval(interval.score, ends[0], ends[1], interval.rows)


def _data_of(folder: Path | None) -> tuple[Data | None, str]:
    """The data of a run, or why they are not there."""
    if folder is not None and folder.name == "champion":
        folder = folder.parent
    if folder is None or not RunFolder(folder).configuration.is_file():
        return None, "this is a champion without its run"
    from speciate.config.building import ready
    from speciate.config.starting import configuration

    try:
        about = ready(configuration(RunFolder(folder)))[1]
    except SpeciateError as error:
        return None, error.what
    return getattr(about, "data", about), ""


def _parts_of(inputs: NDArray[np.float32], data: Data) -> NDArray[np.int64]:
    """(n,) which part of the run's data has the same inputs, the first of them; -1 for none."""
    from speciate.data.repeats import digests

    splits = (data.train, data.valid, data.test.open())
    places: dict[bytes, int] = {}
    for i, split in reversed(list(enumerate(splits))):
        places |= dict.fromkeys(digests(split.x), i)
    return np.array([places.get(digest, -1) for digest in digests(inputs)], dtype=np.int64)


def _same_content(source: object, other: str) -> bool:
    if not isinstance(source, str | Path) or not (Path(source).is_file() and Path(other).is_file()):
        return False
    same_size = Path(source).stat().st_size == Path(other).stat().st_size
    return same_size and read_file(Path(source), links=True) == read_file(Path(other), links=True)


__all__ = ["Scoring", "score_champion"]
