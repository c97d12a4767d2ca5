from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from speciate.spaces import Choice, Gene, Integer, Real, Value
from speciate.spaces.wider import range_of, wider

CASES: list[tuple[Gene, list[Value], Gene]] = [
    (Integer(8, 64, log=True, multiple=8), [16, 8], Integer(8, 64, log=True, multiple=8)),
    (Integer(8, 64, log=True, multiple=4), [100, 5], Integer(4, 100, log=True, multiple=4)),
    (
        Integer(8, 64, log=True, multiple=8),
        [3],
        Integer(3, 64, log=True, multiple=8),
    ),  # the grid would reach 0
    (Integer(8, 64, log=True), [0], Integer(0, 64)),
    (Integer(8, 64), [2.5], Real(2.5, 64)),
    (Real(0.1, 0.5, log=True), [0.7], Real(0.1, 0.7, log=True)),
    (Real(0.1, 0.5, log=True), [0.0], Real(0.0, 0.5)),
    (Choice((1, 2), ordered=True), [4, 3], Choice((1, 2, 3, 4), ordered=True)),
    (Choice((1, 3), ordered=True, weights=(5, 2)), [2], Choice((1, 2, 3), ordered=True, weights=(5, 2, 2))),
    (Choice(("max",)), ["mean"], Choice(("max", "mean"))),
    (Real(0, 1), ["half"], Choice(("half",))),
]


@pytest.mark.parametrize(("gene", "values", "expected"), CASES, ids=str)
def test_ranges_grow_as_little_as_needed(gene: Gene, values: list[Value], expected: Gene) -> None:
    assert wider(gene, values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2], Integer(1, 3)),
        ([0.5, 0], Real(0.0, 0.5)),
        (["relu", "tanh", "relu"], Choice(("relu", "tanh"))),
    ],
)
def test_the_range_of_some_values(values: list[Value], expected: Gene) -> None:
    assert range_of(values) == expected


@given(
    gene=st.sampled_from([case[0] for case in CASES]),
    values=st.lists(
        st.integers(-5, 200) | st.floats(-5, 200) | st.sampled_from(["a", "b"]), min_size=1, max_size=4
    ),
)
def test_every_value_is_in_the_wider_range(gene: Gene, values: list[Value]) -> None:
    known = [*getattr(gene, "options", ()), *values]
    assume(
        len({(type(value), value) for value in known}) == len(set(known))
    )  # no choice holds both 0 and 0.0
    assert all(value in wider(gene, values) for value in values)
    assert all(value in range_of(values) for value in values)
