"""What a report says about a run, on a run small enough to work out by hand."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys

import pytest

from speciate.errors import StorageError
from speciate.records import Phase
from speciate.report import report_data
from speciate.report.lineage import differences
from speciate.report.phases import picked


def test_operator_credit_by_hand(tmp_path, make):
    run = make(tmp_path / "credit")
    run.add(0.5)
    run.add(0.8)
    run.add(0.6, operator="widen", parents=[0])  # +0.1
    run.add(0.9, operator="widen", parents=[0])  # +0.4, and a record
    run.add(0.4, operator="widen", parents=[0])  # -0.1
    run.add(None, operator="widen", parents=[0])  # failed
    run.add(0.5, operator="elite", parents=[0], repeat_of=0)  # a copy earns nothing
    run.add(0.85, operator="cross", parents=[0, 1])  # +0.05 over the better parent
    run.add(status="pending", operator="cross", parents=[0, 1])
    widen, cross = report_data(run.close()).findings.credits
    assert (widen.operator, widen.children, widen.failed, widen.records) == ("widen", 4, 1, 1)
    assert (widen.better.hits, widen.better.n, widen.better.value) == (2, 4, 0.5)
    assert widen.change.mean == pytest.approx(0.4 / 3)
    # sd of (0.1, 0.4, -0.1) is 0.251661; t(0.975, 2) = 4.302653
    assert widen.change.high == pytest.approx(0.4 / 3 + 4.302653 * 0.251661 / math.sqrt(3), abs=1e-5)
    assert (cross.children, cross.better.hits, cross.records) == (1, 1, 0)
    assert cross.change.mean == pytest.approx(0.05)


def test_children_are_compared_with_their_generation_by_hand(tmp_path, make):
    run = make(tmp_path / "credit")
    run.add(0.5)
    for score, operator in ((0.6, "widen"), (0.7, "split"), (0.9, "widen"), (None, "split")):
        run.add(score, operator=operator, parents=[0], generation=1)  # gains 0.1, 0.2, 0.4, and a failure
    run.add(0.8, operator="split", parents=[0], generation=2)  # nobody to compare it with
    split, widen = report_data(run.close()).findings.credits
    # widen: 0.1 against the median of 0.2 and 0.4, then 0.4 against that of 0.1 and 0.2
    assert (widen.ahead.hits, widen.ahead.n) == (1, 2)
    assert widen.lead.mean == pytest.approx(((0.1 - 0.3) + (0.4 - 0.15)) / 2)
    # split: 0.2 against 0.1 and 0.4; the failure counts, the one that is alone does not
    assert (split.children, split.ahead.hits, split.ahead.n) == (3, 0, 2)
    assert split.lead.mean == pytest.approx(0.2 - 0.25)


def test_a_copy_that_was_trained_again_earns_nothing(tmp_path, make, perceptron):
    run = make(tmp_path / "copies")
    run.add(0.5, perceptron((8,)))
    run.add(0.6, perceptron((8,)), operator="elite", parents=[0], generation=1)
    run.add(0.7, perceptron((12,)), operator="an operator of tomorrow", parents=[0], generation=1)
    assert [c.operator for c in report_data(run.close()).findings.credits] == ["an operator of tomorrow"]


def test_generations_count_copies_and_failures_apart(tmp_path, whole):
    first, second = report_data(whole(tmp_path / "run").close()).findings.generations
    assert (first.scores, first.failed, first.pending) == ((0.5, 0.7, 0.6), 1, 0)
    assert first.box.median == 0.6
    assert second.scores == (0.7, 0.8, 0.65, 0.75)  # the copy is a member too


def test_many_generations_are_thinned(tmp_path, make):
    run = make(tmp_path / "long")
    for generation in range(7):
        run.add(generation / 10, generation=generation)
    found = report_data(run.close()).findings.generations
    assert [part.number for part in picked(found, 3)] == [0, 3, 6]
    assert picked(found, 7) == list(found)


def test_progress_counts_trained_networks_only(tmp_path, make):
    run = make(tmp_path / "progress")
    run.add(None)
    run.add(0.5)
    run.add(0.5, repeat_of=1)
    run.add(0.4)
    run.add(0.6)
    run.add(0.6)
    run.add(status="pending")
    assert report_data(run.close()).findings.progress == ((2, 0.5), (4, 0.6), (5, 0.6))


def test_lineage_skips_copies(tmp_path, whole):
    steps = report_data(whole(tmp_path / "run").close()).findings.lineage
    assert [(s.id, s.generation, s.until, s.operator) for s in steps] == [
        (1, 0, 1, "sample"),
        (5, 1, 1, "change_units"),
    ]
    assert steps[1].changes == ("layer 1: units 16 → 24",)
    assert steps[1].change == pytest.approx(0.1)


def test_a_lineage_that_runs_in_a_circle_ends(tmp_path, make, perceptron):
    run = make(tmp_path / "circle")
    run.add(0.5, parents=[1])
    run.add(0.6, parents=[0])
    run.crown(1, perceptron(), 0.6, None)
    assert 0 < len(report_data(run.close()).findings.lineage) <= 3


def test_differences_follow_historical_marks(perceptron):
    before, after = perceptron((16, 8), learning_rate=0.01), perceptron((16,), "tanh", learning_rate=0.02)
    assert differences(before.to_json(), after.to_json()) == (
        "layer 2 removed (8 relu, dropout 0.1)",
        "layer 1: activation relu → tanh",
        "learning rate 0.01 → 0.02",
    )
    assert differences(after.to_json(), before.to_json())[1] == "layer 2 added (8 relu, dropout 0.1)"


def test_the_final_is_ranked_by_means(tmp_path, whole):
    winner, other = report_data(whole(tmp_path / "run").close()).findings.final
    assert (winner.id, winner.won, winner.scores) == (5, True, (0.78, 0.80))
    assert winner.mean.mean == pytest.approx(0.79)
    assert (other.id, other.won, other.search_score) == (7, False, 0.75)


def test_a_finalist_that_fails_comes_last(tmp_path, make):
    run = make(tmp_path / "final")
    run.add(0.9)
    run.add(0.8)
    run.add(0.95, parents=[0], phase=Phase.FINAL)
    run.add(None, parents=[0], phase=Phase.FINAL)
    run.add(0.7, parents=[1], phase=Phase.FINAL)
    assert [f.id for f in report_data(run.close()).findings.final] == [1, 0]


def test_cost_training_and_failures(tmp_path, whole):
    data = report_data(whole(tmp_path / "run").close())
    search, final, champion = data.findings.spending
    assert (search.trained, search.repeats, search.failed, search.examples) == (7, 1, 1, 7000)
    assert (final.trained, champion.trained, champion.examples, champion.lineage_examples) == (
        4,
        2,
        3000,
        2000,
    )
    assert [(t.examples, t.chosen) for t in data.findings.training] == [(1000, False), (2000, True)]
    assert data.findings.failures == (("search", "error", 1),)
    assert data.circumstances.failures[0].message == "ValueError: out of luck"
    assert data.findings.engines == (("reference", 13),)


def test_findings_do_not_depend_on_time_or_place(tmp_path, whole):
    one = report_data(whole(tmp_path / "one").close())
    other = whole(
        tmp_path / "two", seconds=99.0, created="2027-01-01T00:00:00.000+00:00", workers=9, backend="ray"
    )
    other.store.event("interrupted", "and went on")
    two = report_data(other.close())
    assert one.digest == two.digest
    assert one.circumstances != two.circumstances
    assert one.to_json()["findings"] == two.to_json()["findings"]
    changed = report_data(whole(tmp_path / "three", {"final": 0.001}).close())
    assert changed.digest != one.digest


def test_data_are_json(tmp_path, whole):
    found = report_data(whole(tmp_path / "run").close()).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.fault(18)
def test_lost_weights_are_said(tmp_path, whole):
    run = whole(tmp_path / "run")
    assert report_data(run.folder).circumstances.weights == "lost"
    file = run.folder / "weights" / f"{'a' * 64}.safetensors"
    file.parent.mkdir()
    file.touch()
    assert report_data(run.close()).circumstances.weights == "kept"


@pytest.mark.fault(16)
def test_what_is_not_a_run_is_refused(tmp_path, whole):
    with pytest.raises(StorageError):
        report_data(tmp_path)
    folder = whole(tmp_path / "run").close()
    with sqlite3.connect(folder / "run.sqlite") as db:
        db.execute("UPDATE candidates SET parents = '7'")
    with pytest.raises(StorageError, match="damaged"):
        report_data(folder)


def test_data_need_neither_torch_nor_matplotlib(tmp_path, whole):
    folder = whole(tmp_path / "run").close()
    code = f"""
import sys
from pathlib import Path
from speciate.report import report_data
report_data(Path({str(folder)!r}))
print([name for name in ("torch", "matplotlib", "sklearn", "pandas", "scipy.stats") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
