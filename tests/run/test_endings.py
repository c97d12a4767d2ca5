"""How a run ends."""

from __future__ import annotations

from contextlib import suppress

import pytest

from speciate.errors import StorageError
from speciate.run.limits import ended


def test_what_ends_well_is_finished() -> None:
    said: list[str] = []
    with ended(said.append):
        assert not said
    assert said == ["finished"]


@pytest.mark.parametrize("error", [RuntimeError("boom"), StorageError("no disk"), SystemExit(1)])
def test_errors_are_failures(error: BaseException) -> None:
    said: list[str] = []
    with pytest.raises(type(error)), ended(said.append):
        raise error
    assert said == ["failed"]


def during_an_interruption(error: BaseException) -> None:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise error  # noqa: B904  # as compilers do


@pytest.mark.fault(32)
def test_an_interruption_is_one_also_where_a_compiler_makes_an_error_of_it() -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt), ended(said.append):
        during_an_interruption(RuntimeError("no compiled object yet"))
    assert said == ["interrupted"]


def test_what_fails_while_it_stops_is_a_failure() -> None:
    said: list[str] = []
    with pytest.raises(StorageError), ended(said.append):
        during_an_interruption(StorageError("no disk"))
    assert said == ["failed"]


def run_while_handling() -> list[str]:
    said: list[str] = []
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with suppress(ValueError), ended(said.append):
            int("x")
    return said


def test_an_interruption_that_is_being_handled_outside_is_over() -> None:
    assert run_while_handling() == ["failed"]
