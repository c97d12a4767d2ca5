"""What stands under the figures is true of what they show, whatever the run was."""

from __future__ import annotations

import re

import pytest
from genomes import graph, layer
from small_reports import genome

from speciate.records import Phase
from speciate.report import comparison
from speciate.report.build import report_data
from speciate.report.drawing import Dot, Label, Polyline
from speciate.report.figures import run_figures
from speciate.report.figures.comparison import captions
from speciate.report.page import render
from speciate.report.pages import NARROW, WIDE
from speciate.report.run_words import boxes, curves, network_caption, opened
from speciate.report.scores import Scale

SCALE = Scale("accuracy")
NAMES = ("generations-box", "generations-density")


def marks(data, name, kind):
    """Marks of a figure, on a wide and on a narrow screen."""
    return [
        [m for m in run_figures(data, width)[name].marks if isinstance(m, kind)] for width in (WIDE, NARROW)
    ]


@pytest.mark.fault(86)
@pytest.mark.parametrize(
    ("rivals", "poor", "failures"),
    [((), False, 1), ((0.9,), True, 0), ((0.05,), False, 0), ((0.9, 0.05), True, 1)],
)
@pytest.mark.parametrize("count", [1, 2, 12, 20, 31])
def test_a16_captions_of_the_population(count, rivals, poor, failures, tmp_path, make):
    run = make(tmp_path / "run", status="interrupted")
    for number in range(count):
        for k in range(3):
            run.add(0.9 + 0.01 * k + 0.001 * number, genome((k + 1,)), generation=number)
        if poor and number % 9 == 0:
            run.add(0.001, genome((9,)), generation=number)
        for _ in range(failures):
            run.add(None, genome((7,)), generation=number)
    for k, score in enumerate(rivals):
        run.baseline(f"rival {k}", score)
    data = report_data(run.close())
    said = dict(zip(NAMES, (boxes(data.findings, SCALE), curves(data.findings, SCALE)), strict=True))
    for name, words in said.items():
        down = "\N{BLACK DOWN-POINTING SMALL TRIANGLE}\N{BLACK LEFT-POINTING SMALL TRIANGLE}"
        red = any(label.text[0] in down for screen in marks(data, name, Label) for label in screen)
        assert ("red number" in words) == red, words
        where = (lambda d: d.title.startswith("mean")) if name == NAMES[0] else (lambda d: d.radius == 3.4)
        wide, narrow = (sum(map(where, screen)) for screen in marks(data, name, Dot))
        if wide < count:
            assert f"Of the {count} generations, {wide} are drawn" in words
        elif narrow < count:
            assert f"room for {narrow} of the {count} generations" in words
        else:
            assert "drawn, evenly" not in words
            assert "room for" not in words
        assert ("Each curve" in words or name == NAMES[0]) == (count > 1 or name == NAMES[0])
        assert f"{'up to ' * (poor and count > 1)}{3 + poor + failures} networks" in words
    dashed = [len([line for line in screen if line.dash]) for screen in marks(data, NAMES[0], Polyline)]
    assert ("Dashed lines" in said[NAMES[0]]) == any(dashed)
    assert ("are the baselines" in said[NAMES[0]]) == (bool(rivals) and min(dashed) == len(rivals))


@pytest.mark.fault(86)
@pytest.mark.parametrize(
    ("test", "final", "lead", "trainings"),
    [
        (True, True, True, (1000, 2000, 4000)),
        (True, False, False, (1000, 3000)),
        (False, True, True, (1000,)),
        (False, False, False, ()),
    ],
)
def test_a16_nothing_is_said_of_what_there_was_not(test, final, lead, trainings, tmp_path, make):
    run = make(tmp_path / "run")
    for score in (0.5, 0.6, 0.7):
        run.add(score)
    for parent, score in ((1, 0.65), (2, 0.66)) if final else ():
        run.add(score, parents=[parent], phase=Phase.FINAL, operator="retrain")
    for examples in trainings:
        run.add(0.7, parents=[2], phase=Phase.CHAMPION, operator="train", examples=examples, weights="b" * 64)
    ends = {"lead_low": 0.01, "lead_high": 0.02} if lead else {}
    run.baseline("majority", 0.3, 0.31, test_low=0.2, test_high=0.4, **ends)
    run.crown(2, genome((16,)), 0.7, 0.7 if test else None, weights="a" * 64)
    text = render(report_data(run.close())).decode()
    assert ("no test rows" in text) == (not test)
    assert ("sealed test rows" in text) == test
    assert ("when there is a champion" in text) is False
    assert ("interval of the difference to each" in text) == (test and lead)
    assert ("why there is a final" in text) == final == ("before the final" in text)
    assert ("why only the sealed test counts" in text) == test
    assert "the filled one" not in text  # none of these weights is the champion's
    assert ("twice as many each time" in text) == (trainings == (1000, 2000, 4000))
    assert ("3 times more, each time from the start, on 1,000 to 4,000" in text) == (len(trainings) == 3)
    assert "Dashed lines are the baselines" not in text  # the only one is far below


@pytest.mark.fault(86)
@pytest.mark.parametrize(("count", "folded"), [(2, 0), (4, 3), (6, 3), (14, 3)])
def test_a16_the_steps_that_are_open_are_those_that_are_named(count, folded, tmp_path, make):
    run, parents = make(tmp_path / "run"), []
    scores = [0.5, 0.4, 0.6, 0.55, 0.5, 0.52, 0.7, 0.71, 0.6, 0.4, 0.45, 0.3, 0.9, 0.91, 0.92]
    for i, score in enumerate(scores[: count + 1]):
        made = genome((8,), learning=i) if i % 3 else genome((8,) * (1 + i % 4), learning=i)
        parents = [
            run.add(score, made, generation=i, parents=parents, operator="change_units" if i else "sample")
        ]
    run.crown(count, made, 0.6, 0.6)
    data = report_data(run.close()).findings
    page = render(report_data(tmp_path / "run")).decode()
    assert page.count('<details open="">') == min(3, count)
    assert ("Open are" in page) == bool(folded)
    named, rest = opened(data.steps), [s for s in data.steps if s not in opened(data.steps)]
    if re.search("best change of score among those that changed a layer", page):
        assert all(step.structural for step in named)
        rest = [step for step in rest if step.structural]
    elif "of the others those with the best" in page:
        assert not [step for step in rest if step.structural]
        named = [step for step in named if not step.structural]
    if folded:
        assert max([s.change for s in rest], default=-1) <= min([s.change for s in named], default=1)


@pytest.mark.parametrize("kind", ["mlp", "conv", "graph"])
def test_a16_the_network_is_described_as_it_is_drawn(kind, tmp_path, make, facts):
    made = {
        "mlp": genome((16, 8)),
        "conv": graph(
            [layer("c", "conv"), layer("p", "pool"), layer("f", "flatten")],
            ["input", "c", "p", "f", "output"],
        ),
        "graph": graph(
            [layer("a"), layer("b", dropout=0.0), layer("m", "concat")],
            ["input", "a", "m", "output"],
            ["input", "b", "m"],
        ),
    }[kind]
    run = make(tmp_path / "run", data={**facts, "input_shape": [1, 8, 8] if kind == "conv" else [8]})
    run.add(0.5, made)
    run.crown(0, made, 0.5, 0.5)
    found = report_data(run.close()).findings
    words = network_caption(found.network)
    assert ("as wide as it has units" in words) == (kind == "mlp")
    assert ("Side paths" in words) == (kind == "graph")
    assert ("dropout" in words) == (kind != "conv")
    outlined = any(layer.parameters == 0 and not layer.end for layer in found.network.layers)
    assert ("only outlined" in words) == (outlined or kind == "graph")


@pytest.mark.fault(86)
@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("names", [("aging",), ("aging", "random")])
@pytest.mark.parametrize("settings", ["alike", "differing"])
def test_a16_captions_of_a_comparison(seeds, final, names, settings, tmp_path, make):
    for name in names:
        for seed in range(seeds):
            given = {"seed": seed, "examples": 1 + (settings == "differing") * (name == "random")}
            run = make(tmp_path / f"{name}-{seed}", algorithm=name, seed=seed, identity=given)
            for k in range(3):
                run.add(0.9 + 0.01 * k, generation=k)
            if final:
                run.add(0.9 + 0.02 * seed, parents=[2], phase=Phase.FINAL, operator="retrain")
            run.crown(2, genome((16,)), 0.92, 0.9 + 0.03 * seed)
            run.close()
    found = comparison(tmp_path)
    said = captions(found)
    pairs = len(names) > 1
    assert ("lines join" in said["scores-test"]) == pairs
    assert ("the same budget" in said["scores-test"]) == (pairs and settings == "alike")
    assert ("95%" in said["scores-test"]) == (seeds > 1) == ("95% band" in said["best-so-far"])
    assert ("bands" in said["differences-test"]) == (seeds > 1 and pairs)
    assert ("of its final" in said["scores-valid"]) == final
    assert ("score of a run's search" in said["scores-valid"]) == (not final)
    for group in found.groups:
        for mean in (group.test, group.valid, *(point for _, point in group.curve)):
            assert mean.low is None or 0 <= mean.low <= mean.mean <= mean.high <= 1
