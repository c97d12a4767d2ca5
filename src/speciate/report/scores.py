"""How scores and other numbers are shown: percentages for shares, the error itself where the score is minus an error."""

from __future__ import annotations

import math
from dataclasses import dataclass

from speciate.intervals import Bounds, bounds_of
from speciate.store.values import number
from speciate.text import clean

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def large(count: int) -> str:
    """`9,010`, `2.24 million`."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count:,}"


def short(value: float) -> str:
    """A number with as many digits as a reader can use."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        return f"{value:.2g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def operator_title(operator: str) -> str:
    """An operator's name for people."""
    return clean(operator.replace("_", " "), 60)


def shown(value: object) -> str:
    """A gene's value for people."""
    found = number(value)
    return clean(value, 40) if found is None else (f"{found:,.0f}" if type(value) is int else short(found))


SHARES = {"accuracy", "balanced_accuracy"}
ERRORS = {
    "neg_log_loss": "log loss",
    "neg_root_mean_squared_error": "root mean squared error",
    "neg_mean_absolute_error": "mean absolute error",
}
NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1 score (macro)",
    "roc_auc": "area under the ROC curve",
    "r2": "R²",
    **ERRORS,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a metric's scores are shown. Stored scores are always better the higher they are.

    Attributes:
        metric: The metric's name in the run.
    """

    metric: str

    @property
    def name(self) -> str:
        """The metric's name for people."""
        return NAMES.get(self.metric, clean(self.metric.replace("_", " "), 60) or "score")

    @property
    def axis(self) -> str:
        """The name, with a note where lower is better."""
        return f"{self.name} (lower is better)" if self.metric in ERRORS else self.name

    @property
    def bounds(self) -> Bounds:
        """The least and the greatest score that there can be."""
        return bounds_of(self.metric)

    @property
    def method(self) -> str:
        """How intervals of mean scores are made, in words; see `statistics.estimate`."""
        low, high = self.bounds
        if math.isfinite(high - low):
            within = f"within {self.show(low)} and {self.show(high)}"
            return f"Student's t on the arcsine scale, which keeps them {within}"
        return "Student's t, cut at the best possible score" if math.isfinite(high) else "Student's t"

    def floor(self, best: float) -> float:
        """The score down to which an axis may go whatever the best is: nothing right, or five times the error of the best."""
        return 5 * best if self.metric in ERRORS else 0.0

    def show(self, score: float | None, digits: int = 3) -> str:
        """A score, such as `97.2%` or `53.1`; a dash for none."""
        if score is None:
            return DASH
        if self.metric in SHARES:
            return f"{100 * score:.{max(0, digits - 2)}f}%"
        if self.metric in ERRORS:
            return _digits(-score, digits)
        plain = f"{score:.{digits}f}" if abs(score) < 10 else _digits(score, digits)
        return (plain if plain.strip("-0.") else plain.lstrip("-")).replace("-", MINUS)

    def difference(self, change: float | None) -> str:
        """A difference of two scores with its sign; plus is better whatever the metric."""
        if change is None:
            return DASH
        return self._signed(change) + self.unit

    def amount(self, change: float) -> str:
        """The size of a difference, or that below 0, without its unit."""
        return self._signed(change).removeprefix("+")

    @property
    def unit(self) -> str:
        """What follows a difference."""
        return " points" if self.metric in SHARES else ""

    def changes(self, low: float | None, high: float | None) -> str:
        """A range of differences, such as `-0.9 to +2.0 points`; a dash where it is not known."""
        return DASH if low is None or high is None else f"{self._signed(low)} to {self.difference(high)}"

    def between(self, low: float | None, high: float | None) -> str:
        """A range of scores, such as `95.0% to 98.1%`; a dash where it is not known."""
        return DASH if low is None or high is None else f"{self.show(low)} to {self.show(high)}"

    def _signed(self, change: float) -> str:
        digits = f"{100 * abs(change):.1f}" if self.metric in SHARES else _digits(abs(change), 3)
        nothing = not digits.strip("0.")
        return ("" if nothing else "+" if change > 0 else MINUS) + digits

    def change_tick(self, change: float, step: float) -> str:
        """A difference on an axis, in points where scores are percentages; plus is better."""
        if abs(change) < step / 1000:
            return "0"
        size = 100 * abs(change) if self.metric in SHARES else abs(change)
        return ("+" if change > 0 else MINUS) + f"{size:.4g}"

    def tick(self, score: float, step: float) -> str:
        """A score on an axis whose ticks are `step` apart."""
        value, size = (100 * score, 100 * step) if self.metric in SHARES else (score, step)
        value = -value if self.metric in ERRORS else value
        places = next((p for p in range(7) if abs(round(size, p) - size) < size * 1e-6), 6)
        text = f"{value + 0.0:,.{places}f}".replace("-", MINUS)
        return ("0" if float(f"{value:.{places}f}") == 0 else text) + ("%" if self.metric in SHARES else "")


def _digits(value: float, digits: int) -> str:
    """Three decimals for numbers about 1, fewer for large ones."""
    size = abs(value)
    places = digits if size < 10 else max(0, digits - 1) if size < 100 else max(0, digits - 2)
    text = f"{value:,.{places}f}" if 1e-3 <= size < 1e7 or size == 0 else f"{value:.{digits}g}"
    return text.replace("-", MINUS)
