"""What a search on data has to beat: the majority or the mean, a linear model, the ancestor, a hand-made network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

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

Answer = Callable[[np.ndarray], np.ndarray]
"""From inputs (n, *shape) to probabilities (n, classes) or values (n,)."""

Predict = Callable[[Network, np.ndarray], np.ndarray]
"""The same of a network."""

Fit = Callable[[], Answer]
"""Fits what answers to the training rows."""

LINEAR_ROWS = 20_000
"""The linear model sees at most this many training rows; more cost time and hardly change it."""


def scored_baselines(
    evaluator: Evaluator,
    predict: Predict,
    context: RunContext,
    examples: int,
    champion: Tested | None = None,
) -> Iterator[Baseline]:
    """Every baseline with its score on the validation rows; with the champion's answers, on the test rows too.

    Args:
        evaluator: Trains the hand-made network, and has the data.
        predict: What a network says of some rows.
        context: The run.
        examples: Training examples for the hand-made network: as many as what it is compared with.
        champion: The champion on the sealed test rows, which are opened here again. None before there is one.
    """
    data = evaluator.data
    assert data is not None
    test = None if champion is None else data.test.open()

    def tested(row: Baseline, answer: Answer) -> Baseline:
        """A baseline with its score on the test rows, and with how much better the champion is on the same rows."""
        if test is None or champion is None:
            return row
        found = scored(data.metric, test.y, answer(test.x), test.weight, data.class_weights)
        own, lead = found.interval, difference(champion, found)
        metrics = {**row.metrics, "test_low": own.low, "test_high": own.high}
        if np.isfinite((lead.low, lead.high)).all():
            metrics |= {"lead": lead.score, "lead_low": lead.low, "lead_high": lead.high}
        return replace(row, test_score=own.score, metrics=metrics)

    for baseline, answer in fit_baselines(data):
        yield tested(baseline, answer)
    if context.ancestor is not None and context.ancestor.whole:  # one with fresh layers knows nothing yet
        came = _as_it_came(context.ancestor, data, predict)
        if came is not None:
            yield tested(came, partial(predict, context.ancestor))
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


def fit_baselines(data: Data) -> Iterator[tuple[Baseline, Answer]]:
    """Both baselines that need no network, fitted on the training rows and scored on the validation rows."""
    for name, description, fit in (_constant(data), _linear(data)):
        started = time.perf_counter()
        answer = fit()
        value = data.score(data.valid, answer(data.valid.x))
        yield Baseline(name, value, None, {}, description, time.perf_counter() - started), answer


def _constant(data: Data) -> tuple[str, str, Fit]:
    y, weight = data.train.y, data.train.weight
    if data.task == "regression":
        mean = np.average(y, weights=weight)
        return "mean", "always the mean", lambda: lambda new: np.full(len(new), mean)

    def fit() -> Answer:
        shares = np.bincount(y, weight, minlength=data.outputs)
        shares = shares / shares.sum()
        if find_metric(data.metric).labels:  # whatever class weights make of shares
            shares = np.eye(data.outputs)[shares.argmax()]
        return lambda new: np.tile(shares, (len(new), 1))

    return "majority", "always the most frequent class", fit


def _linear(data: Data) -> tuple[str, str, Fit]:
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = min(len(data.train), LINEAR_ROWS)
    note = f" on {rows:,} rows" if rows < len(data.train) else ""

    def fit() -> Answer:
        chosen = generator(0, Stream.BASELINE).permutation(len(data.train))[:rows]
        x, y = data.train.x[chosen].reshape(rows, -1), data.train.y[chosen]
        weight = None if data.weight is None else data.weight[chosen]
        if data.task == "regression":
            ridge = Ridge().fit(x, data.standardized(y), weight)
            return lambda new: (
                np.asarray(ridge.predict(new.reshape(len(new), -1)), np.float64) * data.target_scale
                + data.target_mean
            )
        # A coarse tolerance: the score settles long before the weights do.
        model = LogisticRegression(max_iter=200, tol=1e-2).fit(x, y, weight)

        def probabilities(new: np.ndarray) -> np.ndarray:
            found = np.zeros((len(new), data.outputs))
            found[:, model.classes_] = model.predict_proba(new.reshape(len(new), -1))
            found /= np.exp(data.shift)
            return np.asarray(found / found.sum(axis=1, keepdims=True))

        return probabilities

    return "linear", ("ridge regression" if data.task == "regression" else "logistic regression") + note, fit
