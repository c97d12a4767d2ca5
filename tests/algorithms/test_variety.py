"""Variety among the best."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from speciate.algorithms.variety import structure_of, varied
from speciate.spaces import NetworkSpace
from speciate.spaces.genome import BINS


def test_two_of_a_structure_come_before_others_and_the_rest_at_the_end() -> None:
    items = ["a1", "a2", "a3", "b1", "a4", "b2", "b3", "c1"]
    found = list(varied(items, lambda item: (item[0],), 2))
    assert found == ["a1", "a2", "b1", "b2", "c1", "a3", "a4", "b3"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=20), st.integers(1, 5))
def test_nothing_is_lost_and_the_best_is_first(items: list[tuple[str, int]], alike: int) -> None:
    found = list(varied(items, lambda item: (item[0],), alike))
    assert sorted(found) == sorted(items)
    assert found[:1] == items[:1]
    for name in "abc":  # in their order
        assert [i for i in found if i[0] == name] == [i for i in items if i[0] == name]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.sampled_from("abc"), st.integers(0, 12))
def test_who_is_not_among_the_first_is_not_later_either(names: list[str], new: str, at: int) -> None:
    """However good a newcomer is: weights of those that have left a population are deleted."""
    before = [(name, number) for number, name in enumerate(names)]
    after = [*before[:at], (new, -1), *before[at:]]
    first, then = (set(islice(varied(some, lambda item: (item[0],), 2), 5)) for some in (before, after))
    assert then - first <= {(new, -1)}


def test_networks_are_alike_by_the_kinds_of_their_layers_and_by_bins() -> None:
    recipes = NetworkSpace.table(features=8, rows=5000, outputs=2, bins=(16, 32)).recipes()
    assert structure_of(recipes["hand-made"]) == ("dense", "dense")
    assert structure_of(recipes["linear"]) == ()
    assert structure_of(recipes["additive"]) == (BINS,)
    assert structure_of(recipes["MLP with bins"]) == (BINS, "dense", "dense", "dense")
