"""What a search on data has to beat: the majority or the mean, a linear model, the ancestor, a hand-made network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from speciate.data import Data, score
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

Fit = Callable[[np.ndarray, np.ndarray], Answer]
"""From inputs and targets to what answers."""

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
        found = scored(data.metric, test.y, answer(test.x))
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
    size = count_parameters(ancestor.genome, data.input_shape, data.outputs)
    return Baseline(
        "ancestor",
        score(data.metric, data.valid.y, answers),
        None,
        {"examples": float(ancestor.origin.examples), "parameters": float(size)},
        f"{ancestor.origin.name or 'the network'} as it came: {replace(ancestor.genome, hyper=()).describe()}",
        time.perf_counter() - started,
    )


def fit_baselines(data: Data) -> Iterator[tuple[Baseline, Answer]]:
    """Both baselines that need no network, fitted on the training rows and scored on the validation rows."""
    for name, description, fit in (_constant(data), _linear(data)):
        started = time.perf_counter()
        answer = fit(data.train.x, data.train.y)
        value = score(data.metric, data.valid.y, answer(data.valid.x))
        yield Baseline(name, value, None, {}, description, time.perf_counter() - started), answer


def _constant(data: Data) -> tuple[str, str, Fit]:
    if data.task == "regression":
        return "mean", "always the mean", lambda x, y: lambda new: np.full(len(new), y.mean())

    def fit(x: np.ndarray, y: np.ndarray) -> Answer:
        shares = np.bincount(y, minlength=data.outputs) / len(y)
        return lambda new: np.tile(shares, (len(new), 1))

    return "majority", "always the most frequent class", fit


def _linear(data: Data) -> tuple[str, str, Fit]:
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = min(len(data.train), LINEAR_ROWS)
    note = f" on {rows:,} rows" if rows < len(data.train) else ""

    def fit(x: np.ndarray, y: np.ndarray) -> Answer:
        chosen = generator(0, Stream.BASELINE).permutation(len(x))[:rows]
        x, y = x[chosen].reshape(rows, -1), y[chosen]
        if data.task == "regression":
            ridge = Ridge().fit(x, y)
            return lambda new: np.asarray(ridge.predict(new.reshape(len(new), -1)))
        weights = None if data.class_weights is None else dict(enumerate(data.class_weights))
        # A coarse tolerance: the score settles long before the weights do.
        model = LogisticRegression(max_iter=200, tol=1e-2, class_weight=weights).fit(x, y)

        def probabilities(new: np.ndarray) -> np.ndarray:
            found = np.zeros((len(new), data.outputs))
            found[:, model.classes_] = model.predict_proba(new.reshape(len(new), -1))
            return found

        return probabilities

    return "linear", ("ridge regression" if data.task == "regression" else "logistic regression") + note, fit
