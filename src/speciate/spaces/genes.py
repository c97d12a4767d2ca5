"""The genes: one value each, with its range, how it is sampled and what a small step is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

Value = int | float | str
"""What a gene may hold: what JSON can."""

STEP = 0.12
"""Standard deviation of a step of a number, as a share of its range (of the logarithm's range on a log scale)."""


class Gene(ABC):
    """A range of values."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Value:
        """A value drawn uniformly over the range (over its logarithm on a log scale)."""

    @abstractmethod
    def step(self, value: Value, rng: np.random.Generator) -> Value:
        """A different value near `value`; the same one only where the range has no other."""

    @abstractmethod
    def __contains__(self, value: object) -> bool:
        """Whether `value` has the right type and lies in the range."""

    def nearest(self, value: Value) -> Value | None:
        """The value of the range that is closest to `value`; None where none is like it."""
        return value if value in self else None

    def coordinates(self, value: Value) -> Mapping[str, float]:
        """Where a value stands among the others: numbers by name, of which those that are 0 may be left out.

        The distance of two values is the sum of the absolute differences of their numbers, at most 1; a genome without the
        gene has none of them. By default any two values are 1 apart.
        """
        return {repr(value): 0.5}

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The gene as JSON, for the run's configuration and fingerprint."""


def _reflect(x: float) -> float:
    """Fold a number back into [0, 1]."""
    x = abs(x) % 2.0
    return 2.0 - x if x > 1.0 else x


@dataclass(frozen=True)
class Real(Gene):
    """A real number, on a linear or log scale, kept to four significant digits so that genomes stay readable.

    Args:
        low: Smallest value.
        high: Largest value.
        log: Whether sampling and steps are on a log scale; needs `low` > 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and self.low <= self.high < math.inf) or (self.log and self.low <= 0):
            raise ValueError(f"a range needs finite low <= high, and low > 0 on a log scale, got {self}")

    @cached_property
    def _logs(self) -> tuple[float, float]:
        """The logarithm of the smallest value, and by how much that of the largest is more."""
        return math.log(self.low), math.log(self.high) - math.log(self.low)

    def _value(self, position: float) -> float:
        if self.log:
            low, span = self._logs
            raw = math.exp(low + position * span)
        else:
            raw = self.low + position * (self.high - self.low)
        return min(self.high, max(self.low, float(f"{raw:.4g}")))

    def _position(self, value: float) -> float:
        if self.low == self.high:
            return 0.0
        if self.log:
            return (math.log(value) - self._logs[0]) / self._logs[1]
        return (value - self.low) / (self.high - self.low)

    def sample(self, rng: np.random.Generator) -> float:
        """Uniform over the range or its logarithm."""
        return self._value(rng.random())

    def step(self, value: Value, rng: np.random.Generator) -> float:
        """A normal step, reflected at the ends."""
        return self._value(_reflect(self._position(float(value)) + rng.normal(0.0, STEP)))

    def __contains__(self, value: object) -> bool:
        """Whether `value` is a number in the range."""
        return type(value) in (int, float) and self.low <= value <= self.high  # type: ignore[operator]

    def nearest(self, value: Value) -> float | None:
        """Itself, or the end of the range that it lies beyond."""
        return None if isinstance(value, str) else min(self.high, max(self.low, float(value)))

    def coordinates(self, value: Value) -> Mapping[str, float]:
        """Its place in the range, from the middle."""
        return {"": self._position(float(value)) - 0.5}

    def to_json(self) -> dict[str, Any]:
        """The gene as JSON."""
        return {"type": "real", "low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Integer(Gene):
    """A whole number, on a linear or log scale.

    Args:
        low: Smallest value.
        high: Largest value.
        log: Whether sampling and steps are on a log scale; needs `low` > 0.
        multiple: Only `low` plus multiples of this are used: neighbouring widths hardly differ, round ones run faster.
    """

    low: int
    high: int
    log: bool = False
    multiple: int = 1

    def __post_init__(self) -> None:
        if self.low > self.high or self.multiple < 1 or (self.log and self.low <= 0):
            raise ValueError(
                f"a range needs low <= high, multiple >= 1, and low > 0 on a log scale, got {self}"
            )

    @cached_property
    def _line(self) -> Real:
        return Real(self.low, self.high, self.log)

    def _round(self, raw: float) -> int:
        steps = round((raw - self.low) / self.multiple)
        return self.low + self.multiple * min(max(steps, 0), (self.high - self.low) // self.multiple)

    def sample(self, rng: np.random.Generator) -> int:
        """Uniform over the values on a linear scale; over the logarithm on a log scale."""
        if self.log:
            return self._round(self._line.sample(rng))
        return self.low + self.multiple * int(rng.integers((self.high - self.low) // self.multiple + 1))

    def step(self, value: Value, rng: np.random.Generator) -> int:
        """A normal step, reflected at the ends, of at least one multiple."""
        new = self._round(self._line.step(value, rng))
        if new != value or self.high - self.low < self.multiple:
            return new
        up = bool(rng.integers(2))
        if int(value) + self.multiple > self.high:
            up = False
        if int(value) - self.multiple < self.low:
            up = True
        return self._round(int(value) + (self.multiple if up else -self.multiple))

    def __contains__(self, value: object) -> bool:
        """Whether `value` is a whole number in the range. Off-grid numbers are fine: imported networks have them."""
        return type(value) is int and self.low <= value <= self.high

    def nearest(self, value: Value) -> int | None:
        """The closest of the values that are used."""
        return None if isinstance(value, str) else self._round(float(value))

    def coordinates(self, value: Value) -> Mapping[str, float]:
        """Its place in the range, from the middle."""
        return self._line.coordinates(value)

    def to_json(self) -> dict[str, Any]:
        """The gene as JSON."""
        return {
            "type": "integer",
            "low": self.low,
            "high": self.high,
            "log": self.log,
            "multiple": self.multiple,
        }


@dataclass(frozen=True)
class Choice(Gene):
    """One of a few options.

    Args:
        options: The options, all different.
        ordered: Whether neighbours are alike: a step then goes to the option before or after.
        weights: How often a sample is each option, relative to the others; all the same where not given.
    """

    options: tuple[Value, ...]
    ordered: bool = False
    weights: tuple[float, ...] = ()

    def __init__(
        self, options: Sequence[Value], ordered: bool = False, weights: Sequence[float] = ()
    ) -> None:
        object.__setattr__(self, "options", tuple(options))
        object.__setattr__(self, "ordered", ordered)
        object.__setattr__(self, "weights", tuple(map(float, weights)))
        if not self.options or len(set(self.options)) != len(self.options):
            raise ValueError(f"a choice needs options, all different, got {self.options}")
        if self.weights and not (len(self.weights) == len(self.options) and min(self.weights) > 0):
            raise ValueError(f"a choice needs a positive weight an option, got {self.weights}")

    def sample(self, rng: np.random.Generator) -> Value:
        """Each option as often as its weight says."""
        if self.weights:
            totals = list(accumulate(self.weights))
            return self.options[bisect(totals, rng.random() * totals[-1], hi=len(totals) - 1)]
        return self.options[int(rng.integers(len(self.options)))]

    def step(self, value: Value, rng: np.random.Generator) -> Value:
        """A neighbour where options are ordered, any other option where not."""
        others = [option for option in self.options if option != value]
        if self.ordered and value in self.options:
            at = self.options.index(value)
            others = [self.options[i] for i in (at - 1, at + 1) if 0 <= i < len(self.options)]
        return others[int(rng.integers(len(others)))] if others else value

    def __contains__(self, value: object) -> bool:
        """Whether `value` is one of the options, of the same type."""
        return any(value == option and type(value) is type(option) for option in self.options)

    def nearest(self, value: Value) -> Value | None:
        """The option itself, or of numbers the closest."""
        numbers = [option for option in self.options if not isinstance(option, str)]
        if value in self or isinstance(value, str) or not numbers:
            return super().nearest(value)
        return min(numbers, key=lambda option: abs(option - value))

    def coordinates(self, value: Value) -> Mapping[str, float]:
        """Its place where options are ordered, from the middle."""
        if self.ordered and len(self.options) > 2 and value in self.options:
            return {"": self.options.index(value) / (len(self.options) - 1) - 0.5}
        return super().coordinates(value)

    def to_json(self) -> dict[str, Any]:
        """The gene as JSON."""
        value = {"type": "choice", "options": list(self.options), "ordered": self.ordered}
        return {**value, "weights": list(self.weights)} if self.weights else value
