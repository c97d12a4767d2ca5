"""What a search on data has to beat: the majority or the mean, a linear model, boosted trees, the ancestor, a hand-made network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from speciate.data import Data
from speciate.data.metrics import find_metric
from speciate.evaluators.base import Evaluator
from speciate.evaluators.champion import RunContext
from speciate.evaluators.intervals import Tested, difference, scored
from speciate.networks import hand_made
from speciate.networks.network import Network
from speciate.records import Budget, Candidate, Phase
from speciate.rng import Stream, derive, generator
from speciate.spaces import count_parameters
from speciate.store import Baseline
from speciate.text import clean

Answer = Callable[[np.ndarray], np.ndarray]
"""From inputs (n, *shape) to probabilities (n, classes) or values (n,)."""

Predict = Callable[[Network, np.ndarray], np.ndarray]
"""The same of a network."""

Fit = Callable[[], Answer]
"""Fits what answers to the training rows."""

LINEAR_ROWS = 20_000
"""The linear model sees at most this many training rows; more cost time and hardly change it."""

BOOSTING = "gradient boosting"

BOOSTED = 20_000_000
"""Inputs times rows times trees of one round: boosting sees as many training rows as that leaves, about 10 seconds on one core."""

LEAST_SECONDS = 0.5
"""With less time nothing is fitted: the library alone takes a second to load."""
LEAST_ROWS = 1_000
"""A model of fewer of the rows than that is no rival."""

IMPORTANCE, HAND_MADE = 0.2, 0.2
"""Shares of the time that is left for columns' importance, and for training the hand-made network as long as the champion."""

HAND_MADE_SECONDS = 1.0
"""With less time than that the hand-made network is not trained before the search: libraries are loaded for it, too."""
LINEAR_WORK, BOOSTING_WORK = 30_000_000, 2_000_000
"""Rows times inputs times outputs of a linear model, and rows times inputs times trees of one round of boosting, that take a second."""

BOOSTED_BINS = ((250, 255, 20_000), (4_000, 63, 5_000))
"""Inputs times trees of one round, up to which numbers are in so many bins, and as how many rows the bins cost a tree."""


def scored_baselines(
    evaluator: Evaluator,
    predict: Predict,
    context: RunContext,
    examples: int,
    fitted: Iterable[tuple[Baseline, Answer]],
    champion: Tested | None = None,
) -> Iterator[Baseline]:
    """Every baseline with its score on the validation rows; with the champion's answers, on the test rows too.

    Args:
        evaluator: Trains the hand-made network, and has the data.
        predict: What a network says of some rows.
        context: The run.
        examples: Training examples for the hand-made network: as many as what it is compared with; 0 to leave it out.
        fitted: Those of `fit_baselines`.
        champion: The champion on the sealed test rows, which are opened here again. None before there is one.
    """
    data = evaluator.data
    assert data is not None
    test = None if champion is None else data.test.open()

    def tested(row: Baseline, answer: Answer) -> Baseline:
        """A baseline with its score on the test rows, and with how much better the champion is on the same rows."""
        if test is None or champion is None:
            return row
        answers = answer(test.x)
        found = scored(data.metric, test.y, answers, test.weight, data.class_weights)
        own, lead = found.interval, difference(champion, found)
        metrics = {**row.metrics, "test_low": own.low, "test_high": own.high}
        if np.isfinite((lead.low, lead.high)).all():
            metrics |= {"lead": lead.score, "lead_low": lead.low, "lead_high": lead.high}
        if data.classes:
            metrics["log_loss"] = -data.score(test, answers, "neg_log_loss")
        return replace(row, test_score=own.score, metrics=metrics)

    for baseline, answer in fitted:
        yield tested(baseline, answer)
    if context.ancestor is not None and context.ancestor.whole:  # one with fresh layers knows nothing yet
        came = _as_it_came(context.ancestor, data, predict)
        if came is not None:
            yield tested(came, partial(predict, context.ancestor))
    if champion is None and context.left() < HAND_MADE_SECONDS:
        context.note("The hand-made network is left out of the comparison: there is no time to train it")
        return
    if not examples:
        context.note(
            "There was no time to train the hand-made network as long and to score it on the test rows."
        )
        return
    started, seed = time.perf_counter(), derive(context.seed, Stream.BASELINE, 0)
    phase = Phase.SEARCH if champion is None else Phase.CHAMPION
    candidate = Candidate(-1, hand_made(), seed, Budget(examples), operator="hand-made", phase=phase)
    (found,) = evaluator.evaluate([candidate])
    if found.score is None:
        return
    metrics = {"examples": float(examples), "parameters": float(found.parameters)}
    seconds = time.perf_counter() - started
    row = Baseline("hand-made", found.score, None, metrics, hand_made().describe(), seconds)
    if champion is None:
        yield row
    elif found.weights and evaluator.weights is not None:
        network = Network(hand_made(), evaluator.weights.load(found.weights))
        yield tested(row, partial(predict, network))


def _as_it_came(ancestor: Network, data: Data, predict: Predict) -> Baseline | None:
    """The network that the run starts from as it came: what the search adds is the difference to it."""
    started = time.perf_counter()
    answers = predict(ancestor, data.valid.x)
    if not np.isfinite(answers).all():
        return None
    shape = data.encoded(ancestor.genome.bins).input_shape
    size = count_parameters(ancestor.genome, shape, data.outputs)
    return Baseline(
        "ancestor",
        data.score(data.valid, answers),
        None,
        {"examples": float(ancestor.origin.examples), "parameters": float(size)},
        f"{ancestor.origin.name or 'the network'} as it came: {replace(ancestor.genome, hyper=()).describe()}",
        time.perf_counter() - started,
    )


def fit_baselines(
    data: Data,
    seed: int = 0,
    only: Collection[str] | None = None,
    note: Callable[[str], None] | None = None,
    left: Callable[[], float] = lambda: math.inf,
) -> Iterator[tuple[Baseline, Answer]]:
    """Every baseline that needs no network, fitted on the training rows and scored on the validation rows.

    Args:
        data: Training and validation rows.
        seed: The run's seed.
        only: Names of those to fit; None for all.
        note: Told why one cannot be fitted, which is then left out; None raises.
        left: Seconds that are left for fitting: rows are left out, or models, that would take longer.
    """
    for make in (_constant, _linear, _boosting):
        if (made := make(data, seed, left())) is None:
            continue
        name, description, fit = made
        if only is not None and name not in only:
            continue
        started = time.perf_counter()
        try:
            answer = fit()
            answers = answer(data.valid.x)
            if not np.isfinite(answers).all():
                raise ValueError("some of its answers are not finite numbers")
        except Exception as error:  # what is compared with must not stop what is compared
            if note is None:
                raise
            note(
                f"{name[:1].upper() + name[1:]} is left out of the comparison: {clean(error) or type(error).__name__}"
            )
            continue
        value = data.score(data.valid, answers)
        yield Baseline(name, value, None, {}, description, time.perf_counter() - started), answer


def _constant(data: Data, seed: int, seconds: float) -> tuple[str, str, Fit]:
    y, weight = data.train.y, data.train.weight
    if data.task == "regression":
        mean = np.average(y, weights=weight)
        return "mean", "always the mean", lambda: lambda new: np.full(len(new), mean)

    def fit() -> Answer:
        shares = np.bincount(y, weight, minlength=data.outputs)
        shares = shares / shares.sum()
        if find_metric(data.metric).labels and data.class_weights:  # whatever these make of shares
            shares = np.eye(data.outputs)[shares.argmax()]
        return lambda new: np.tile(shares, (len(new), 1))

    return "majority", "always the most frequent class", fit


def _linear(data: Data, seed: int, seconds: float) -> tuple[str, str, Fit]:
    work = int(np.prod(data.input_shape)) * data.outputs
    rows, note = _rows(data, min(LINEAR_ROWS, seconds * LINEAR_WORK / work))

    def fit() -> Answer:
        _refuse_few(data, rows, seconds)
        from sklearn.linear_model import LogisticRegression, Ridge  # it takes a second to load

        x, y, weight = _chosen(data, rows, generator(0, Stream.BASELINE))
        if data.task == "regression":
            return _values(data, Ridge().fit(x, y, weight))
        # A coarse tolerance: the score settles long before the weights do.
        return _probabilities(data, LogisticRegression(max_iter=200, tol=1e-2).fit(x, y, weight))

    return "linear", ("ridge regression" if data.task == "regression" else "logistic regression") + note, fit


def _boosting(data: Data, seed: int, seconds: float) -> tuple[str, str, Fit] | None:
    """Boosted trees as scikit-learn has them by default, after LightGBM (Ke et al., NeurIPS 2017); none for images.

    A tree costs as much as its rows and its bins, which wide tables get fewer of. Trees take the inputs of networks: a column
    for each category, and one that says where a number was missing.
    """
    if len(data.input_shape) != 1:
        return None
    cost = data.input_shape[0] * (data.outputs if data.outputs > 2 else 1)
    bins, least = next(((bins, as_rows) for most, bins, as_rows in BOOSTED_BINS if cost <= most), (0, 0))
    rows, note = _rows(data, min(BOOSTED, BOOSTING_WORK * seconds) // cost - least)

    def fit() -> Answer:
        if bins:
            _refuse_few(data, rows, seconds)
        if not bins or rows < min(len(data.train), LEAST_ROWS):
            raise ValueError(f"{data.input_shape[0]:,} inputs and {data.outputs:,} outputs take it too long")
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        rng = generator(seed, Stream.BASELINE, 1)
        x, y, weight = _chosen(data, rows, rng)
        settings: dict[str, Any] = {"max_bins": bins, "random_state": int(rng.integers(2**32))}
        if data.classes and np.unique(y, return_counts=True)[1].min() < 2:
            settings["early_stopping"] = False  # which cannot split a class of one row
        kind = HistGradientBoostingRegressor if data.task == "regression" else HistGradientBoostingClassifier
        with threadpool_limits(
            1, "openmp"
        ):  # a pool of threads would hang in processes that are forked later
            model = kind(**settings).fit(x, y, weight)
        return _values(data, model) if data.task == "regression" else _probabilities(data, model)

    fewer = "" if bins in (0, BOOSTED_BINS[0][1]) else f" in {bins} bins"
    return BOOSTING, f"boosted trees with scikit-learn's default settings{fewer}{note}", fit


def _refuse_few(data: Data, rows: int, seconds: float) -> None:
    """Refuse to fit to rows that are few because of the time.

    Raises:
        ValueError: They are.
    """
    if seconds < (math.inf if rows < min(len(data.train), LEAST_ROWS) else LEAST_SECONDS):
        raise ValueError("there is no time to fit it")


def _rows(data: Data, most: float) -> tuple[int, str]:
    """How many of the training rows are seen, and a word on it if not all."""
    rows = int(min(len(data.train), max(most, 0)))
    return rows, f" on {rows:,} rows" if rows < len(data.train) else ""


def _chosen(
    data: Data, rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Inputs (rows, inputs), targets as networks learn them and weights of some training rows, drawn at random."""
    chosen = rng.permutation(len(data.train))[:rows]
    x, y = data.train.x[chosen].reshape(rows, -1), data.train.y[chosen]
    weight = None if data.weight is None else data.weight[chosen]
    return x, (data.standardized(y) if data.task == "regression" else y), weight


def _values(data: Data, model: Any) -> Answer:
    """What a model of standardized values answers, in the target's own units."""

    def answer(new: np.ndarray) -> np.ndarray:
        with threadpool_limits(1, "openmp"):
            found = np.asarray(model.predict(new.reshape(len(new), -1)), np.float64)
        return found * data.target_scale + data.target_mean

    return answer


def _probabilities(data: Data, model: Any) -> Answer:
    """What a model answers that was fitted to some of the classes, without what class weights have made of it."""

    def answer(new: np.ndarray) -> np.ndarray:
        found = np.zeros((len(new), data.outputs))
        with threadpool_limits(1, "openmp"):
            found[:, model.classes_] = model.predict_proba(new.reshape(len(new), -1))
        found /= np.exp(data.shift)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    return answer
