"""Fixtures: run folders written with the store and without any training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_reports import DATA, Run, finished, genome

from speciate.spaces import NetworkGenome


@pytest.fixture
def make() -> type[Run]:
    """Builds a run folder by hand."""
    return Run


@pytest.fixture
def whole() -> Callable[..., Run]:
    """Builds a whole small run."""
    return finished


@pytest.fixture
def perceptron() -> Callable[..., NetworkGenome]:
    """Builds a genome."""
    return genome


@pytest.fixture
def facts() -> dict[str, Any]:
    """What the runs say about their data."""
    return DATA
