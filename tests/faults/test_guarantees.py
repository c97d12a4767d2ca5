"""The page of guarantees names the tests that there are, and every fault has some."""

from __future__ import annotations

from tests.faults.guarantees import PAGE, marked, page
from tests.faults.rows import ROWS, WITHOUT


def test_the_table_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run make guarantees"


def test_every_fault_has_a_test() -> None:
    assert set(marked()) == set(ROWS) - WITHOUT
    assert len(marked()) >= 40
