"""The contract of a backend: where evaluations run. It does not know what a genome means."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from speciate.evaluators.base import Evaluator
from speciate.records import Candidate, Evaluation
from speciate.registry import Registry


class Backend(ABC):
    """Candidates go in by `submit`, evaluations come out of `wait`, each exactly once, in any order.

    The arguments of its constructor are the settings that it takes from commands and configurations, such as `workers`; all can be
    left out.

    Attributes:
        name: The name in commands and configurations.
        workers: How many evaluations run at the same time.
        expected: How many candidates there will be at once, if that is known before it starts: more workers are no use.
        until: When what is not finished is given up, in seconds of `time.monotonic`. Its run sets it before it submits.
    """

    name: ClassVar[str]
    workers: int = 1
    expected: int | None = None
    until: float = math.inf

    @abstractmethod
    def start(self, evaluator: Evaluator) -> None:
        """Get ready to evaluate with this evaluator.

        Raises:
            ConfigurationError: The evaluator cannot be used here.
        """

    @property
    @abstractmethod
    def free(self) -> int:
        """How many more candidates it would like to have now."""

    @property
    @abstractmethod
    def idle(self) -> bool:
        """Whether nothing is running or waiting."""

    @abstractmethod
    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Take candidates; returns at once."""

    @abstractmethod
    def wait(self) -> list[Evaluation]:
        """Block until at least one evaluation is there; all that are. None if there is something else to tell."""

    def incidents(self) -> list[str]:
        """What has happened since the last call that people should know about, though no result depends on it."""
        return []

    @abstractmethod
    def close(self) -> None:
        """Stop everything; what was running is given up. May be called twice."""


BACKENDS: Registry[type[Backend]] = Registry(
    "speciate.backends",
    "backend",
    own=tuple(f"speciate.backends.{name}" for name in ("inline", "processes", "ray")),
    base=Backend,
)
"""The backends by the name used in commands and configurations."""

backend = BACKENDS.decorator("backend")
