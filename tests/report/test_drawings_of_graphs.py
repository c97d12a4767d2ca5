"""Drawings of networks that branch: every layer has its row, and wires go around what they do not belong to."""

from __future__ import annotations

import pytest
from genomes import KINDS, graph, layer, random_graph

from speciate.report.drawing import Drawing, Label, Polyline, Rectangle
from speciate.report.figures.network import network_drawing
from speciate.report.layout import layout, reading_order
from speciate.report.network import MOST_EDGES, TIMES, layer_words, network, one_line
from speciate.report.png import png

SHAPE, OUTPUTS = (3, 16, 16), 10


def bars(drawing: Drawing) -> list[Rectangle]:
    return [mark for mark in drawing.marks if isinstance(mark, Rectangle) and mark.title]


def wires(drawing: Drawing) -> list[Polyline]:
    return [mark for mark in drawing.marks if isinstance(mark, Polyline) and not mark.dash]


def test_side_paths_come_in_one_piece_before_the_path_that_they_leave():
    # 0 -> 1 -> 2 -> 5 -> 6 is the longest path, 0 -> 3 -> 5 and 0 -> 4 -> 5 are beside it
    edges = [(0, 1), (1, 2), (2, 5), (0, 3), (3, 5), (0, 4), (4, 5), (5, 6)]
    assert reading_order(7, edges) == (0, 3, 4, 1, 2, 5, 6)


def test_a_path_has_one_lane():
    found = layout(4, [(0, 1), (1, 2), (2, 3)])
    assert (found.lanes, found.routes, found.count) == ((0, 0, 0, 0), {}, 1)


def test_a_skip_runs_beside_the_layers_that_it_skips():
    found = layout(4, [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)])
    assert found.lanes == (0, 0, 0, 0)
    assert found.routes == {(0, 2): 1, (0, 3): 1}  # both carry what layer 0 says
    assert found.inhabited == {0}


def test_two_skips_at_once_have_a_lane_each_and_free_lanes_are_used_again():
    found = layout(6, [(i, i + 1) for i in range(5)] + [(0, 3), (1, 4), (3, 5)])
    assert found.routes[0, 3] != found.routes[1, 4]
    assert found.count == 3
    assert found.routes[3, 5] == found.routes[0, 3]


@pytest.mark.parametrize("seed", range(40))
def test_no_wire_runs_through_a_layer_or_shares_a_lane_with_another_source(seed):
    drawn = network(random_graph(seed).to_json(), SHAPE, OUTPUTS)
    found = layout(len(drawn.layers), drawn.edges)
    users: dict[tuple[int, int], int] = {}
    for source, target in drawn.edges:
        assert source < target
        for row in range(source + 1, target):
            lane = found.routes[source, target]
            assert found.lanes[row] != lane
            into = found.lanes[target] == lane and found.lanes[source] != lane
            assert users.setdefault((row, lane), source) == source or into
    assert max(found.lanes) < found.count


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("width", [820, 380])
def test_wires_keep_clear_of_bars_on_the_drawing(seed, width):
    drawn = network(random_graph(seed, 20, 8).to_json(), SHAPE, OUTPUTS)
    drawing = network_drawing(drawn, width)
    boxes = bars(drawing)
    assert len(boxes) >= len(drawn.layers)
    assert all(box.x >= -0.1 and box.x + box.width <= width for box in boxes)
    for line in wires(drawing):
        for (x1, y1), (x2, y2) in zip(line.points, line.points[1:], strict=False):
            for box in boxes:
                inside = box.y + 1 < (y1 + y2) / 2 < box.y + box.height - 1
                assert not (inside and box.x + 1 < (x1 + x2) / 2 < box.x + box.width - 1)


def test_every_layer_has_its_words_beside_it():
    drawn = network(random_graph(3).to_json(), SHAPE, OUTPUTS)
    texts = [mark.text for mark in network_drawing(drawn).marks if isinstance(mark, Label)]
    assert len(texts) == 3 * len(drawn.layers) - 2  # two lines and a number; the ends have no number
    numbers = {text: n.number for text in texts for n in drawn.layers if text == f"{n.number}"}
    assert sorted(numbers.values()) == list(range(1, len(drawn.layers) - 1))


def test_numbers_are_those_of_the_description():
    made = graph(
        [layer("b"), layer("a", units=8), layer("c", units=4), layer("j", "add")],
        ["input", "b", "c", "j", "output"],
        ["input", "a", "j"],
        ["b", "j"],
    )
    assert made.describe().startswith("8 relu (drop 0.1) → 16 relu (drop 0.1) from 0 → 4 relu")
    drawn = network(made.to_json(), SHAPE, OUTPUTS)
    assert {n.mark: n.number for n in drawn.layers} == {
        "input": 0,
        "a": 1,
        "b": 2,
        "c": 3,
        "j": 4,
        "output": 0,
    }
    drawing = network_drawing(drawn)
    assert "input to 1, input to 2, 1 to 4, 2 to 3, 2 to 4, 3 to 4, 4 to output" in drawing.about


@pytest.mark.parametrize(
    ("kind", "words"),
    {
        "dense": "16 relu, dropout 0.1",
        "conv": f"8 channels 3{TIMES}3 relu",
        "depthwise": f"depthwise 3{TIMES}3 elu, stride 2",
        "pool": f"max pool 2{TIMES}2",
        "global_pool": "global mean pool",
        "batch_norm": "batch norm",
        "layer_norm": "layer norm",
        "dropout": "dropout 0.25",
        "activation": "tanh",
        "flatten": "flatten",
        "add": "add",
        "concat": "concatenate",
        "a_kind_of_tomorrow": "3 a kind of tomorrow, heads 4",
    }.items(),
)
def test_words(kind, words):
    assert one_line(kind, KINDS[kind]) == words


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_layers_without_their_genes(kind):
    name, rest = layer_words(kind, {})
    assert name
    assert rest == []


def test_sizes_are_worked_out_as_far_as_they_are_known():
    made = graph(
        [layer("c", "conv", stride=2), layer("p", "pool"), layer("t", "a_kind_of_tomorrow"), layer("d")],
        ["input", "c", "p", "t", "d", "output"],
    )
    drawn = network(made.to_json(), SHAPE, OUTPUTS)
    assert [n.shape for n in drawn.layers] == [(3, 16, 16), (8, 8, 8), (8, 4, 4), None, None, None]
    assert [n.units for n in drawn.layers] == [768, 512, 128, 3, 16, 10]
    assert [n.parameters for n in drawn.layers] == [0, 8 * (3 * 9 + 1), 0, None, None, None]


def test_a_layer_without_weights_is_known_as_such_wherever_it_stands():
    made = graph(
        [layer("t", "a_kind_of_tomorrow"), layer("r", "activation"), layer("a", "add")],
        ["input", "t", "r", "a", "output"],
        ["t", "a"],
    )
    known = {n.mark: n.parameters for n in network(made.to_json(), SHAPE, OUTPUTS).layers}
    assert known == {"input": 0, "t": None, "r": 0, "a": None, "output": None}


def test_layers_that_cannot_take_their_inputs_are_drawn_all_the_same():
    made = graph(
        [layer("d"), layer("c", "conv"), layer("x", "conv", kernel="huge", channels=-3), layer("j", "add")],
        ["input", "d", "c", "j", "output"],
        ["d", "x", "j"],
    )
    drawn = network(made.to_json(), SHAPE, OUTPUTS)
    assert network_drawing(drawn).svg().startswith("<svg")


def test_what_has_too_many_connections_is_not_drawn():
    nodes = [layer(f"n{i}") for i in range(40)]
    edges = [(f"n{i}", f"n{j}") for i in range(40) for j in range(i + 1, 40)]
    assert len(edges) > MOST_EDGES
    assert network(graph(nodes, *edges).to_json(), SHAPE, OUTPUTS) is None


def test_a_large_graph_is_drawn_in_bounded_space():
    drawing = network_drawing(network(random_graph(5, 190, 300).to_json(), SHAPE, OUTPUTS), 380)
    assert len(drawing.svg()) < 500_000
    assert png(network_drawing(network(random_graph(1, 12, 4).to_json(), SHAPE, OUTPUTS))).startswith(
        b"\x89PNG"
    )
