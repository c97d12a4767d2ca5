"""The steps of the lineage: what is drawn of a parent and its child, and where weights came from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from genomes import graph, layer, random_graph, row

from speciate.inheritance.inherit import inherit
from speciate.mutation import crossover, mutate
from speciate.networks import build
from speciate.report.drawing import Label, Rectangle
from speciate.report.figures.rows import lineage_chain
from speciate.report.figures.step import step_drawing
from speciate.report.layout import aligned
from speciate.report.lineage import lineage, rooted
from speciate.report.network import network
from speciate.report.scores import Scale
from speciate.report.steps import MOST_ROWS, MOST_STEPS, origins, policy_of, steps
from speciate.spaces import NetworkSpace
from speciate.store import Baseline

SHAPE, OUTPUTS = (3, 8, 8), 10
SCALE = Scale("accuracy")


def stack(*layers, **hyper):
    """A path."""
    return graph(layers, ["input", *(n.mark for n in layers), "output"], **hyper)


def only_step(parent, child, policy="", **how):
    """The step from a parent to its child."""
    given = {"parents": (0,), "operator": "made", "ancestors": ((0, parent),), **how}
    (step,) = steps([row(0, parent), row(1, child, **given)], 1, lambda genome: SHAPE, OUTPUTS, policy)
    return step


def said(member):
    """Sign, changes and origin of every layer by mark, where there is something to say."""
    pairs = zip(member.network.layers, member.remarks, strict=True)
    return {n.mark: (r.sign, *r.changes, r.origin) for n, r in pairs if r.sign or r.changes or r.origin}


def texts(drawing):
    return [mark.text for mark in drawing.marks if isinstance(mark, Label)]


def test_alignment_is_a_listing_of_differences():
    assert aligned(["abcd", "axcd"]) == [(0, 0), (1, None), (None, 1), (2, 2), (3, 3)]
    assert aligned(["", "ab"]) == [(None, 0), (None, 1)]
    assert aligned(["ab", "bc", "abc"]) == [(0, None, 0), (1, 0, 1), (None, 1, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_alignment_keeps_every_order_and_loses_nothing(seed):
    rng = np.random.default_rng(seed)
    columns = [["abcdefghij"[i] for i in rng.permutation(10)[: rng.integers(1, 10)]] for _ in range(3)]
    rows = aligned(columns)
    for k, column in enumerate(columns):
        assert [r[k] for r in rows if r[k] is not None] == list(range(len(column)))
    for held in rows:
        assert len({columns[k][i] for k, i in enumerate(held) if i is not None}) == 1


def test_what_was_added_removed_and_changed():
    parent = stack(layer("a"), layer("b", "dense"), learning_rate=0.01)
    child = stack(layer("a", units=32), layer("c", "batch_norm"), learning_rate=0.02, optimizer="sgd")
    step = only_step(parent, child)
    assert said(step.parents[0]) == {"b": ("-", "")}
    assert said(step.child) == {"a": ("~", "units 16 → 32", ""), "c": ("+", "")}
    assert step.hyper == ("learning rate 0.01 → 0.02", "optimizer none → sgd")
    assert step.wiring == ()  # b came out and c went in: that says it all
    assert step.structural
    assert step.change == pytest.approx(0.01)
    assert (step.parents[0].name, step.child.name) == ("#0", "#1")


def test_the_kind_of_a_layer_can_change():
    step = only_step(stack(layer("a", "conv")), stack(layer("a", "pool")))
    sign, *words = said(step.child)["a"]
    assert sign == "~"
    assert words[0] == "conv → pool"


def test_connections_that_come_and_go_by_themselves():
    layers = [layer("a"), layer("b"), layer("c"), layer("j", "add")]
    way = ["input", "a", "b", "c", "j", "output"]
    parent, child = graph(layers, way, ["a", "j"]), graph(layers, way, ["b", "j"])
    step = only_step(parent, child)
    assert step.wiring == (
        "connection removed: layer 1 → layer 4",
        "connection added: layer 2 → layer 4",
    )
    assert step.structural
    old, new = step.parents[0], step.child
    assert [e for e, sign in zip(old.network.edges, old.edges, strict=True) if sign == "-"] == [(1, 4)]
    assert [e for e, sign in zip(new.network.edges, new.edges, strict=True) if sign == "+"] == [(2, 4)]
    assert "connection added: layer 2 → layer 4" in step_drawing(step, SCALE).about


def test_a_step_of_hyper_parameters_alone_is_not_structural():
    step = only_step(stack(layer("a"), learning_rate=0.01), stack(layer("a"), learning_rate=0.1))
    assert not step.structural
    assert "learning rate 0.01 → 0.1" in texts(step_drawing(step, SCALE))


def test_a_child_of_two_shows_what_came_from_whom():
    first = stack(layer("a"), layer("b"), layer("c"), learning_rate=0.01)
    second = stack(layer("a"), layer("b", units=64), layer("d", "dropout"), learning_rate=0.05)
    child = stack(layer("a"), layer("b", units=64), layer("c"), layer("n"), learning_rate=0.05)
    rows = [row(0, first), row(1, second), row(2, child, parents=(0, 1), operator="crossover")]
    (step,) = steps(rows, 2, lambda genome: SHAPE, OUTPUTS, "")
    assert said(step.child) == {"a": ("AB", ""), "b": ("B", ""), "c": ("A", ""), "n": ("+", "")}
    assert said(step.parents[0]) == {"a": ("A", ""), "b": ("-", ""), "c": ("A", "")}
    assert said(step.parents[1]) == {"a": ("B", ""), "b": ("B", ""), "d": ("-", "")}
    assert step.hyper == ("learning rate 0.01 → 0.05 (as in B)",)
    for width in (820, 380):
        drawing = step_drawing(step, SCALE, width)
        assert {"parent A · #0", "parent B · #1", "child #2"} <= set(texts(drawing))
        assert all(
            r.x >= -0.1 and r.x + r.width <= width + 0.1 for r in drawing.marks if isinstance(r, Rectangle)
        )


def test_signs_stand_beside_colors_and_are_explained():
    parent = stack(layer("a"), layer("b"))
    drawing = step_drawing(only_step(parent, stack(layer("a", units=32), layer("c", "batch_norm"))), SCALE)
    assert {"+", "\N{MINUS SIGN}", "~"} <= set(texts(drawing))
    legend = texts(drawing)[-1].replace("\N{NO-BREAK SPACE}", " ")
    assert legend == "+ added · \N{MINUS SIGN} removed · ~ changed"
    for words in ("removed: 16 relu, dropout 0.1", "batch norm (added)", "units 16 → 32"):
        assert words in drawing.about


def test_the_child_stands_below_where_words_have_no_room():
    wide = graph(
        [layer("a"), layer("b"), layer("c"), layer("j", "concat")],
        *(["input", m, "j"] for m in "abc"),
        ["j", "output"],
    )
    step = only_step(stack(layer("a")), wide)
    heads = {m.text: (m.x, m.y) for m in step_drawing(step, SCALE, 380).marks if isinstance(m, Label)}
    assert heads["child #1"][1] > heads["parent #0"][1]
    heads = {m.text: (m.x, m.y) for m in step_drawing(step, SCALE, 820).marks if isinstance(m, Label)}
    assert heads["child #1"][1] == heads["parent #0"][1]


def test_weights_under_both_policies_by_hand():
    parent = stack(layer("c", "conv"), layer("r", "activation"), layer("a"), layer("b"))
    child = stack(layer("c", "conv"), layer("r", "activation"), layer("a", units=32), layer("n"), layer("b"))
    assert said(only_step(parent, child, "common").child) == {
        "c": ("", "taken over from #0"),  # the activation has no weights
        "a": ("~", "units 16 → 32", "new"),
        "n": ("+", "new"),
        "b": ("", "taken over from #0"),
        "output": ("", "taken over from #0"),
    }
    kept = said(only_step(parent, child, "preserve").child)
    assert kept["a"] == ("~", "units 16 → 32", "adapted from #0")
    assert kept["n"] == ("+", "new")


def test_the_parent_whose_layer_fits_comes_first_and_then_the_one_with_equal_genes():
    first, second = stack(layer("a", units=8)), stack(layer("a", dropout=0.5))
    child = stack(layer("a"))
    drawn = [network(g.to_json(), SHAPE, OUTPUTS) for g in (child, first, second, child)]
    named = [("#1", drawn[1]), ("#2", drawn[2]), ("#3", drawn[3])]
    assert origins(drawn[0], named, "preserve")[1] == "taken over from #3"
    assert origins(drawn[0], named[:2], "preserve")[1] == "taken over from #2"
    assert origins(drawn[0], named[:1], "preserve")[1] == "adapted from #1"
    assert origins(drawn[0], named[:1], "common")[1] == "new"


def test_what_cannot_be_known_is_said_with_care():
    made = stack(layer("t", "a_kind_of_tomorrow"), layer("a"))
    words = said(
        only_step(made, stack(layer("t", "a_kind_of_tomorrow"), layer("a"), layer("b")), "preserve").child
    )
    assert words["t"] == words["a"] == ("", "from #0, if it fits")
    assert words["b"] == ("+", "new")


SPACES = {
    "mlp": NetworkSpace.mlp(features=192, rows=500, outputs=OUTPUTS, depth=(1, 4), units=(4, 24)),
    "conv": NetworkSpace.conv(input_shape=SHAPE, rows=500, outputs=OUTPUTS),
    "graph": NetworkSpace.graph(input_shape=SHAPE, rows=500, outputs=OUTPUTS),
}


@pytest.mark.parametrize("policy", ["common", "preserve"])
@pytest.mark.parametrize("name", SPACES)
def test_the_words_agree_with_what_is_inherited(name, policy):
    space, rng = SPACES[name], np.random.default_rng(0)
    for seed in range(20):
        parents = [space.sample(rng)]
        parents.append(mutate(mutate(parents[0], space, rng)[0], space, rng)[0])
        child = crossover(*parents, space, rng) if seed % 2 else mutate(parents[1], space, rng)[0]
        parents = parents if seed % 2 else parents[1:]
        own, *tensors = (
            {k: v.numpy() for k, v in build(g, SHAPE, OUTPUTS, rng).state_dict().items()}
            for g in (child, *parents)
        )
        trained = list(zip(parents, tensors, strict=True))
        found = inherit(child, own, trained, SHAPE, OUTPUTS, policy, rng)
        drawn = [network(g.to_json(), SHAPE, OUTPUTS) for g in (child, *parents)]
        words = origins(drawn[0], [(f"#{i}", n) for i, n in enumerate(drawn[1:])], policy)
        for layer_, text in zip(drawn[0].layers, words, strict=True):
            source, sure = found.sources.get(layer_.mark), text.removesuffix(", if it fits")
            if source is None:
                assert text == ("" if layer_.parameters == 0 else "new") or text != sure
            else:
                assert sure.endswith(f"from #{source}")


def test_a_network_from_outside_the_run():
    made = stack(layer("a"))
    step = only_step(stack(layer("a", units=8)), made, "common", ancestors=((-1, made),))
    assert said(step.child)["a"][-1] == "taken over from the ancestor"


def test_the_first_generation_descends_from_the_network_from_outside():
    """The champion is a first change of it: it is drawn as the parent, and so is what the change brought."""
    ancestor, wider = stack(layer("a", units=28)), stack(layer("a", units=40))
    facts = {"name": "teacher", "genome": ancestor.to_json(), "examples": 32_000}
    known = Baseline("ancestor", 0.5, 0.6, {"parameters": 7.0}, "teacher as it came", 0.1)
    rows = [
        row(0, ancestor, operator="ancestor", ancestors=((-1, ancestor),), key=ancestor.key, score=0.6),
        row(1, wider, operator="widen", ancestors=((-1, ancestor),), score=0.75),
        row(2, wider, parents=(0,), operator="widen", ancestors=((0, ancestor),), score=0.8),
    ]
    family = rooted(rows, facts, [known])
    assert [r.parents for r in family] == [(), (-1,), (-1,), (0,)]
    (step,) = steps(family, 1, lambda genome: SHAPE, OUTPUTS, "preserve")
    assert step.change == 0.25
    assert [m.name for m in (*step.parents, step.child)] == ["the ancestor", "#1"]
    assert said(step.child)["a"] == ("~", "units 28 → 40", "adapted from the ancestor")
    assert {"the ancestor", "child #1"} <= set(texts(step_drawing(step, SCALE)))
    before, child = lineage(family, 1)
    assert (before.id, before.score, before.change, child.change) == (-1, 0.5, None, 0.25)
    assert before.description.startswith("teacher: ")
    assert child.changes == ("layer 1: units 28 → 40",)
    assert {"before", "gen 1"} <= set(texts(lineage_chain([before, child], SCALE)))
    # Trained further it is a step, and the steps from there on are drawn as ever.
    assert [(s.id, s.changes[0]) for s in lineage(family, 2)] == [
        (-1, "the network that the run started from"), (0, "trained further"), (2, "layer 1: units 28 → 40"),
    ]  # fmt: skip
    assert [s.parents[0].name for s in steps(family, 2, lambda genome: SHAPE, OUTPUTS, "preserve")] == ["#0"]


@pytest.mark.parametrize("facts", [{}, {"genome": {"nodes": 7}}, {"genome": []}, {"name": "x"}])
def test_without_a_network_from_outside_that_can_be_read_rows_stay_as_they_are(facts):
    rows = (row(0, stack(layer("a")), ancestors=((-1, stack(layer("a"))),)),)
    assert rooted(rows, facts, []) == rows


def test_a_network_from_outside_with_new_weights_has_no_score():
    made = stack(layer("a"))
    first, child = lineage(rooted([row(0, made, ancestors=((-1, made),))], {"genome": made.to_json()}, []), 0)
    assert (first.score, child.change) == (None, None)
    assert first.description.startswith("a network of your own: ")


def test_a_copy_is_called_by_the_name_of_what_it_copies():
    first, second = stack(layer("a")), stack(layer("a", units=32))
    rows = [
        row(0, first),
        row(4, first, parents=(0,), operator="elite", repeat_of=0),
        row(7, second, parents=(4,), ancestors=((4, first),)),
    ]
    (step,) = steps(rows, 7, lambda genome: SHAPE, OUTPUTS, "preserve")
    assert step.parents[0].name == "#0"
    assert said(step.child)["a"][-1] == "adapted from #0"


def test_policies_of_runs():
    assert policy_of({"evaluator": {"inherit": "common"}}) == "common"
    for nothing in (
        {},
        {"evaluator": 3},
        {"evaluator": {"inherit": "<b>"}},
        {"evaluator": {"inherit": ["common"]}},
    ):
        assert policy_of(nothing) == ""


def test_only_the_latest_steps_and_no_huge_networks():
    line = [stack(layer("a", units=i + 1)) for i in range(MOST_STEPS + 9)]
    rows = [row(i, g, parents=(i - 1,) if i else ()) for i, g in enumerate(line)]
    found = steps(rows, len(line) - 1, lambda genome: SHAPE, OUTPUTS, "")
    assert [s.id for s in found] == list(range(9, len(line)))
    huge = stack(*(layer(f"n{i}") for i in range(MOST_ROWS)))
    assert steps([row(0, huge), row(1, line[0], parents=(0,))], 1, lambda genome: SHAPE, OUTPUTS, "") == ()


@pytest.mark.parametrize("broken", [{}, {"nodes": 3}, {"nodes": [], "edges": [], "hyper": {}}])
def test_damaged_genomes_are_no_steps(broken):
    rows = [row(0, broken), row(1, stack(layer("a")), parents=(0,))]
    assert steps(rows, 1, lambda genome: SHAPE, OUTPUTS, "preserve") == ()


def test_any_two_graphs_can_be_a_step():
    made = [random_graph(seed, 12, 6) for seed in range(12)]
    for parent, child in pairwise(made):
        step = only_step(parent, child, "preserve")
        for width in (820, 380):
            assert len(step_drawing(step, SCALE, width).svg()) < 80_000
